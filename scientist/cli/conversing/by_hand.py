"""Commands that a person types, and processes that outlive the conversation.

A tool that changes something has a command that does the same; `/run` starts a campaign as a
process of its own.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.agent import given, launching
from scientist.cli import options
from scientist.cli.conversing import answers
from scientist.errors import UsageError
from scientist.journal import project
from scientist.records import Rung, clean
from scientist.workspace import explain

if TYPE_CHECKING:
    from scientist.cli.conversing.opening import Room
    from scientist.records import Hypothesis
    from scientist.settings import Settings
    from scientist.workspace import Workspace

LAUNCHING = "launch_test"


def command(tool: str, arguments: Mapping[str, Any], room: Room) -> str:
    """What to type in place of a tool call; one argument stays one word, whatever is in it."""
    where = options.at(room.place)
    chosen = {name: clean(str(value)) for name, value in arguments.items() if value}
    if tool == LAUNCHING and (asked := _on_record(room, chosen.get("hypothesis", ""))):
        return answers.quoted(given.command_of(asked, chosen)) + where
    if tool != LAUNCHING or "kit" not in chosen:
        return f"scientist chat{where}  (ask for it there, and say yes)"
    settings = [word.replace(" ", "") for word in chosen.get("settings", "").split(",") if word]
    return answers.quoted(given.command(chosen["kit"], chosen, settings)) + where


def _on_record(room: Room, name: str) -> Hypothesis | None:
    """A hypothesis by its name, if there is one and it is a kit's."""
    try:
        asked = project.hypothesis(room.journal, name).record
    except UsageError:
        return None
    return asked if asked.kit and asked.rung is Rung.KIT else None


def campaign(question: str, room: Room) -> list[str]:
    """The words of the campaign that answers a question, with this conversation's model."""
    words = ["scientist", "run", "--workspace", str(room.place.root)]
    if room.settings.endpoint:
        words += ["--endpoint", room.settings.endpoint]
    if room.settings.model:
        words += ["--model", room.settings.model]
    return [*words, "--", question]


def told(experiment: str, room: Room) -> list[str]:
    """The words of the experiment that an answer named: a kit's test, or a campaign."""
    words = shlex.split(experiment)
    if words[:2] == ["scientist", "run"] and len(words) == 3:
        return campaign(words[2], room)
    if words[:3] != [*given.KIT_RUN] or len(words) < 4 or words[3].startswith("-"):
        raise UsageError("the last answer names no experiment", "/run QUESTION")
    return [*words, "--workspace", str(room.place.root)]


def secrets(settings: Settings) -> dict[str, str]:
    """What a process of ours needs and no command line may show."""
    return {"SCIENTIST_API_KEY": settings.api_key} if settings.api_key else {}


def start(words: Sequence[str], place: Workspace, environment: Mapping[str, str]) -> Path:
    """Start a command of ours that outlives this one; the file that holds what it says."""
    try:
        place.runs.mkdir(parents=True, exist_ok=True)
        log = _fresh(place.runs)
        with log.open("xb") as out:
            launching.detached(words, out.fileno(), environment)
    except OSError as fault:
        raise explain(fault, place.runs) from fault
    return log


def _fresh(folder: Path) -> Path:
    taken = [int(path.stem[5:]) for path in folder.glob("asked*.log") if path.stem[5:].isdigit()]
    return folder / f"asked{max(taken, default=0) + 1}.log"
