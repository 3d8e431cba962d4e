"""A conversation: what was asked, decided and answered; a thread is named T1, T2, …

Calls of the model and of tools in a thread stand in the journal under the thread's name, where
a campaign's stand under the campaign's.
"""

from __future__ import annotations

from typing import Literal

from scientist.records import JsonObject, Record, Said, Usage


class TurnAsked(Record):
    """The user said something; turns of a thread are counted from 1."""

    kind: Literal["turn_asked"] = "turn_asked"
    thread: str
    turn: int
    text: str


class TurnAnswered(Record):
    """What was shown in the end, each sentence with what it rests on.

    An answer without sentences is "I don't know"; `experiment` is then the command that would tell.
    """

    kind: Literal["turn_answered"] = "turn_answered"
    thread: str
    turn: int
    sentences: tuple[Said, ...]
    experiment: str = ""
    usage: Usage
    seconds: float
    first_token_seconds: float | None = None


class TurnStopped(Record):
    """A turn ended without an answer: by the user, or by a fault."""

    kind: Literal["turn_stopped"] = "turn_stopped"
    thread: str
    turn: int
    reason: str


class TurnUndone(Record):
    """The user took a turn back; it stays on record and is no longer shown to the model."""

    kind: Literal["turn_undone"] = "turn_undone"
    thread: str
    turn: int


class ActionDecided(Record):
    """The user's word on an action that changes something; without it nothing is done."""

    kind: Literal["action_decided"] = "action_decided"
    thread: str
    turn: int
    tool: str
    arguments: JsonObject
    approved: bool


class ThreadCompacted(Record):
    """What of a long thread the model no longer sees, with pointers to it."""

    kind: Literal["thread_compacted"] = "thread_compacted"
    thread: str
    through: int  # the last turn that is only pointed to
    summary: str
