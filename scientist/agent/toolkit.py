"""The agent's tools: one file each in tools/, loaded by name and called through here.

A tool file has a docstring (what the model reads), `class Arguments(BaseModel)` and
`def call(arguments, desk)` returning (result, one-line summary). Every call is checked against
its schema and journaled. One that has `def tell(result)` besides is offered in conversations;
one that changes something says `CHANGES = True`, and is only called after the user's word.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ValidationError

from scientist.errors import ScientistError
from scientist.events import ToolCalled
from scientist.resources import bundled

if TYPE_CHECKING:
    from scientist.events import Event
    from scientist.journal import Journal
    from scientist.memory.store import Store
    from scientist.settings import Settings
    from scientist.workspace import Workspace


class Desk(Protocol):
    """What tools work with: a campaign's bench, or a conversation's desk."""

    @property
    def journal(self) -> Journal: ...
    @property
    def store(self) -> Store: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def settings(self) -> Settings: ...
    def note(self, event: Event, sync: bool = False) -> None: ...


@dataclass(frozen=True)
class Told:
    """A result as a model and a person read it, and the ids in it that may be cited."""

    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A capability of the agent."""

    name: str
    description: str
    arguments: type[BaseModel]
    call: Callable[[Any, Any], tuple[Any, str]]
    tell: Callable[[Any], Told] | None = None
    changes: bool = False


class Toolkit:
    """All bundled tools, each loaded when it is first needed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._files = {
            file.stem: file for file in sorted((folder or bundled("tools")).glob("*.py"))
        }
        self._loaded: dict[str, Tool] = {}

    def names(self) -> list[str]:
        """Every tool by name."""
        return list(self._files)

    def tool(self, name: str) -> Tool:
        """A tool by its name."""
        if name not in self._files:
            known = ", ".join(self._files)
            raise ScientistError(f"there is no tool {name!r}", f"known tools: {known}")
        if name not in self._loaded:
            self._loaded[name] = _load(self._files[name])
        return self._loaded[name]

    def offered(self, changes: bool = True) -> dict[str, Tool]:
        """The tools of a conversation, without those that change something if they are unwanted."""
        told = [tool for tool in map(self.tool, self._files) if tool.tell is not None]
        return {tool.name: tool for tool in sorted(told, key=_rank) if changes or not tool.changes}

    def use(self, name: str, desk: Desk, /, **arguments: Any) -> Any:
        """What a tool gives."""
        return self.call(name, desk, **arguments)[0]

    def call(self, name: str, desk: Desk, /, **arguments: Any) -> tuple[Any, str]:
        """What a tool gives, and its summary, which is recorded with what was asked.

        Of a list only its length is recorded.
        """
        tool = self.tool(name)
        began = time.monotonic()

        def note(outcome: Any, summary: str) -> None:
            shown = {k: v for k, v in arguments.items() if isinstance(v, str | int | float | bool)}
            shown |= {k: len(v) for k, v in arguments.items() if isinstance(v, list | tuple)}
            desk.note(
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
            result, summary = tool.call(checked, desk)
        except ScientistError as fault:
            note("failed", fault.message)
            raise
        note("done", summary)
        return result, summary


def _rank(tool: Tool) -> tuple[int, str]:
    """Small models use most what comes first: looking for something, then looking at it."""
    kinds = ("search", "show", "list")
    kind = tool.name.partition("_")[0]
    last = len(kinds) + tool.changes
    return kinds.index(kind) if kind in kinds else last, tool.name


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
        tell=getattr(module, "tell", None),
        changes=getattr(module, "CHANGES", False),
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
