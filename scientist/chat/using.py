"""A tool of a conversation is called: after the user's word where it changes something.

The word stands in the journal before anything is done, and what is changed is begun once: a
change that a crash left in doubt is told as such and never done again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scientist.agent.effects import Effects
from scientist.agent.toolkit import Told, Tool
from scientist.chat import telling
from scientist.errors import ScientistError, UsageError
from scientist.events import ActionDecided, Event

if TYPE_CHECKING:
    from scientist.chat.session import Desk

PHASE = "use"
ID = re.compile(r"[A-Z]{1,3}\d+(?::\d+)?")
DECLINED = "The user said no. Nothing was done. Do not ask for it again."
AGAIN = "You have the result of that already, above."
IN_DOUBT = (
    "This was begun before the program was ended, and nobody knows whether it was done. "
    "It is not done again. The user can see what is there: scientist hypothesis list, "
    "scientist audit list."
)


def use(desk: Desk, turn: int, called: Sequence[str], name: str, arguments: dict[str, Any]) -> Told:
    """What a tool tells; a refusal or a fault of it is told, too."""
    tool = desk.toolkit.offered().get(name)
    if tool is None:
        return Told(f"There is no tool {name}.")
    if telling.call(name, arguments) in called:
        return Told(AGAIN)
    began = time.monotonic()
    told, summary = (
        _changed(desk, turn, tool, arguments) if tool.changes else _told(desk, tool, arguments)
    )
    seconds = time.monotonic() - began
    desk.listener.used(name, arguments, summary, len(told.text), seconds)
    return told


def _changed(desk: Desk, turn: int, tool: Tool, arguments: dict[str, Any]) -> tuple[Told, str]:
    """Do what changes something, once, if the user says so."""
    effects = Effects(desk.journal, desk.thread)
    place = (PHASE, turn, tool.name, arguments)
    if not _allowed(desk, turn, tool, arguments):
        return Told(DECLINED), "declined by the user"
    key = effects.key(*place)
    begun = desk.journal.entries("effect_intended", campaign=desk.thread)
    if not effects.known(*place) and any(entry.data["key"] == key for entry in begun):
        return Told(IN_DOUBT), "begun before, not done again"

    def work(_: str) -> tuple[Told, str]:
        return _told(desk, tool, arguments)

    def record(done: tuple[Told, str]) -> tuple[Any, Sequence[Event]]:
        told, summary = done
        return {"text": told.text, "cites": list(told.cites), "summary": summary}, ()

    done = effects.once(PHASE, turn, tool.name, work, record, inputs=arguments)
    return Told(done["text"], tuple(done["cites"])), done["summary"]


def _allowed(desk: Desk, turn: int, tool: Tool, arguments: dict[str, Any]) -> bool:
    """The user's word; what they said before a crash still counts."""
    for entry in desk.journal.entries("action_decided", campaign=desk.thread):
        said = entry.data
        if (said["turn"], said["tool"], said["arguments"]) == (turn, tool.name, arguments):
            return bool(said["approved"])
    plan = plan_of(tool, arguments)
    approved = desk.listener.decide(tool.name, arguments, plan) is True
    decided = ActionDecided(
        thread=desk.thread, turn=turn, tool=tool.name, arguments=arguments, approved=approved
    )
    desk.note(decided, True)
    return approved


def plan_of(tool: Tool, arguments: dict[str, Any]) -> str:
    """What the user is asked to allow: the tool's own words and every argument."""
    about = " ".join(tool.description.split("\n\n")[0].split())
    lines = [about, *(f"{name}: {value}" for name, value in arguments.items())]
    return "\n".join(telling.plain(line.replace("\n", " ")) for line in lines)


def _told(desk: Desk, tool: Tool, arguments: dict[str, Any]) -> tuple[Told, str]:
    """A tool's result in words, with a summary; what fails is told, not raised."""
    assert tool.tell is not None
    try:
        result, summary = desk.toolkit.call(tool.name, desk, **arguments)
        told = tool.tell(result)
    except UsageError as fault:
        return Told(f"{fault.message} ({fault.hint})"), fault.message
    except ScientistError as fault:
        return Told(f"It failed: {fault.message}"), f"failed: {fault.message}"
    cites = tuple(dict.fromkeys(name for name in told.cites if ID.fullmatch(name)))
    return Told(told.text, cites), summary
