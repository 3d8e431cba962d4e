"""A plain code agent on one planted question: smolagents' CodeAgent, as its documentation has it.

    PYTHON planted_agent.py FOLDER

Runs in an environment of its own, which has smolagents, numpy and scipy and not this project.
FOLDER/task.json says what to ask whom; FOLDER/source.py is the kit. The agent may read the
source, search the essays, and run trials as often as it likes; calls.jsonl keeps every trial
that ran, steps.jsonl what the agent wrote, answer.json its last word.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

PARAGRAPHS = 4
MOST_STEPS = 100  # time ends it sooner
IMPORTS = ["kit", "numpy", "numpy.*", "scipy", "scipy.*", "json"]


def main() -> None:
    """Ask, let the agent work, write down its answer."""
    from smolagents import CodeAgent, LogLevel, OpenAIServerModel, tool

    folder = Path(sys.argv[1])
    task = json.loads((folder / "task.json").read_text())
    _offer_kit(folder, task["parameters"])

    @tool
    def read_source() -> str:
        """Gives the Python source of the module `kit`."""
        return (folder / "source.py").read_text()

    @tool
    def search_essays(query: str) -> str:
        """Finds paragraphs of the essays that share most words with a query.

        Args:
            query: the words to look for
        """
        return "\n\n".join(nearest(task["essays"], query))

    def note(step: Any) -> None:
        row = {
            "code": getattr(step, "code_action", None),
            "observations": getattr(step, "observations", None),
            "error": str(getattr(step, "error", None) or ""),
        }
        _add(folder / "steps.jsonl", row)

    agent = CodeAgent(
        tools=[read_source, search_essays],
        model=OpenAIServerModel(
            task["model"],
            api_base=task["url"],
            api_key=task["key"],
            temperature=task["temperature"],
            max_tokens=task["max_tokens"],
            seed=task["seed"],
        ),
        additional_authorized_imports=IMPORTS,
        max_steps=MOST_STEPS,
        step_callbacks=[note],
        verbosity_level=LogLevel.OFF,
    )
    said = agent.run(task["text"])
    (folder / "answer.json").write_text(json.dumps({"said": str(said)}))


def _offer_kit(folder: Path, defaults: dict[str, Any]) -> None:
    """Make `import kit` work, with a trial() that keeps a list of what it was asked."""
    spec = importlib.util.spec_from_file_location("kit_source", folder / "source.py")
    assert spec is not None
    assert spec.loader is not None
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)

    def trial(arm: str, seed: int, **parameters: Any) -> dict[str, float]:
        """One trial; parameters that are not given are as by default."""
        metrics = source.trial(arm, seed, **{**defaults, **parameters})
        _add(folder / "calls.jsonl", {"arm": arm, "seed": int(seed), "parameters": parameters})
        return dict(metrics)

    kit = importlib.util.module_from_spec(ModuleSpec("kit", None))
    kit.__doc__ = source.__doc__
    for name in ("TITLE", "SUMMARY", "ARMS", "METRICS", "PARAMETERS"):
        setattr(kit, name, getattr(source, name))
    kit.trial = trial  # type: ignore[attr-defined]
    sys.modules["kit"] = kit


def nearest(paragraphs: list[str], query: str) -> list[str]:
    """The paragraphs with most words of a query."""
    words = set(query.lower().split())
    return sorted(paragraphs, key=lambda one: -len(words & set(one.lower().split())))[:PARAGRAPHS]


def _add(file: Path, row: dict[str, Any]) -> None:
    with file.open("a") as opened:
        opened.write(json.dumps(row, default=str) + "\n")


if __name__ == "__main__":
    main()
