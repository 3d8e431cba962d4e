"""Commands that a person types, and processes that outlive the conversation.

A tool that changes something has a command that does the same; `/run` starts a campaign as a
process of its own.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.cli import options
from scientist.cli.conversing import answers
from scientist.errors import UsageError
from scientist.journal import project
from scientist.records import Rung
from scientist.workspace import explain

if TYPE_CHECKING:
    from scientist.cli.conversing.opening import Room
    from scientist.settings import Settings
    from scientist.workspace import Workspace

KIT_RUN = ["scientist", "kit", "run"]
LAUNCHING = "launch_test"
OPTIONS = ("treatment", "control", "metric", "direction", "pairs")


def command(tool: str, arguments: Mapping[str, Any], room: Room) -> str:
    """What to type in place of a tool call; one argument stays one word, whatever is in it."""
    where = options.at(room.place)
    chosen = {name: answers.clean(str(value)) for name, value in arguments.items() if value}
    settings = [word.replace(" ", "") for word in chosen.get("settings", "").split(",") if word]
    if name := chosen.get("hypothesis"):
        chosen |= _compared(room, name)
        settings = chosen.pop("settings", "").split()
    if tool != LAUNCHING or "kit" not in chosen:
        return f"scientist chat{where}  (ask for it there, and say yes)"
    words = [*KIT_RUN, chosen["kit"]]
    words += [word for name in OPTIONS if name in chosen for word in (f"--{name}", chosen[name])]
    words += [word for setting in settings for word in ("--param", setting)]
    return answers.quoted(words) + where


def _compared(room: Room, name: str) -> dict[str, str]:
    """What a hypothesis on record compares, if it is a kit's; nothing if there is none."""
    try:
        asked = project.hypothesis(room.journal, name).record
    except UsageError:
        return {}
    if not asked.kit or asked.rung is not Rung.KIT:
        return {}
    settings = " ".join(f"{name}={asked.parameters[name]:g}" for name in asked.conditions)
    compared = {name: str(getattr(asked, name)) for name in OPTIONS[:4]}
    return {"kit": asked.kit, **compared, "settings": settings}


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
    if words[:3] != KIT_RUN or len(words) < 4 or words[3].startswith("-"):
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
            subprocess.Popen(
                [sys.executable, "-P", "-m", *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **environment},
            )
    except OSError as fault:
        raise explain(fault, place.runs) from fault
    return log


def _fresh(folder: Path) -> Path:
    taken = [int(path.stem[5:]) for path in folder.glob("asked*.log") if path.stem[5:].isdigit()]
    return folder / f"asked{max(taken, default=0) + 1}.log"
