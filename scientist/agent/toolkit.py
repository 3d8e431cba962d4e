"""The agent's tools: one file each in tools/, loaded by name and called through here.

A tool file has a docstring (what the model reads), `class Arguments(BaseModel)` and
`def call(arguments, bench)` returning (result, one-line summary). Every call is
checked against its schema and journaled.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from scientist.errors import ScientistError
from scientist.events import ToolCalled
from scientist.resources import bundled

if TYPE_CHECKING:
    from scientist.agent.bench import Bench


@dataclass(frozen=True)
class Tool:
    """A capability of the agent."""

    name: str
    description: str
    arguments: type[BaseModel]
    call: Callable[[Any, Bench], tuple[Any, str]]


class Toolkit:
    """All bundled tools."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or bundled("tools")
        self.tools = {tool.name: tool for tool in map(_load, sorted(folder.glob("*.py")))}

    def use(self, name: str, bench: Bench, **arguments: Any) -> Any:
        """Call a tool; what was asked (how many, of a list) and what came back are recorded."""
        tool = self.tools.get(name)
        if tool is None:
            known = ", ".join(sorted(self.tools))
            raise ScientistError(f"there is no tool {name!r}", f"known tools: {known}")
        began = time.monotonic()

        def note(outcome: Any, summary: str) -> None:
            shown = {k: v for k, v in arguments.items() if isinstance(v, str | int | float | bool)}
            shown |= {k: len(v) for k, v in arguments.items() if isinstance(v, list | tuple)}
            bench.note(
                ToolCalled(
                    tool=name,
                    arguments=shown,
                    outcome=outcome,
                    summary=summary,
                    seconds=round(time.monotonic() - began, 4),
                )
            )

        try:
            checked = tool.arguments(**arguments)
        except ValidationError as invalid:
            note("refused", str(invalid).splitlines()[-1])
            raise ScientistError(f"tool {name} refuses its arguments: {invalid}") from invalid
        try:
            result, summary = tool.call(checked, bench)
        except ScientistError as fault:
            note("failed", fault.message)
            raise
        note("done", summary)
        return result


def _load(file: Path) -> Tool:
    module = _module(file)
    for needed in ("Arguments", "call"):
        if not hasattr(module, needed):
            raise ScientistError(f"tool {file.name} defines no {needed}", "see tools/README.md")
    return Tool(
        name=file.stem,
        description=(module.__doc__ or "").strip(),
        arguments=module.Arguments,
        call=module.call,
    )


def _module(file: Path) -> ModuleType:
    name = f"scientist_tools.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ScientistError(f"tool file {file.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks the module up while it builds Arguments
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
