"""What the graph of a conversation carries from node to node, and how it is shown to the model.

Messages stand here as they were sent, so that each prompt begins with the one before it, byte for
byte: a server's cache then has all but the new words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from scientist.chat import telling
from scientist.chat.telling import Message
from scientist.chat.threads import Turn
from scientist.llm.fit import cut
from scientist.records import one_line

LONGEST_POINTER = 90


class Past(TypedDict):
    """An earlier turn; without messages, the line that points to it."""

    turn: int
    key: str
    messages: list[Message]
    shown: list[str]
    pointer: str


class Talk(TypedDict, total=False):
    """One thread's place in its work."""

    turn: int
    key: str
    asked: str
    past: list[Past]
    messages: list[Message]
    called: list[str]
    shown: list[str]
    step: dict[str, Any]
    usage: dict[str, int]
    repaired: bool
    answered: bool


def shown(state: Talk) -> list[str]:
    """Every id that the model was shown and may cite, those of the present turn last."""
    before = [name for past in state["past"] for name in past["shown"]]
    newest_last = reversed(dict.fromkeys(reversed([*before, *state["shown"]])))
    return list(newest_last)


def flat(past: Sequence[Past], messages: Sequence[Message]) -> list[Message]:
    """All messages in order; pointers stand before the first question that is kept."""
    kept = [message for one in past for message in one["messages"]] + list(messages)
    pointers = [one["pointer"] for one in past if not one["messages"] and one["pointer"]]
    if pointers and kept:
        head = "\n".join(["(Earlier, and left out here:", *pointers]) + ")"
        kept[0] = {**kept[0], "content": f"{head}\n\n{kept[0]['content']}"}
    return kept


def pointer(thread: str, turn: Turn) -> str:
    """The line that stands for a turn."""
    asked = cut(one_line(telling.plain(turn.asked)), LONGEST_POINTER)
    cites = cited(turn)
    with_ = f"answered with {', '.join(cites)}" if cites else "answered"
    return f"turn {turn.number} asked “{asked}”, {with_}; see /thread {thread}"


def cited(turn: Turn) -> list[str]:
    """What the answer of a turn cites."""
    said = turn.answer.sentences if turn.answer else ()
    return list(dict.fromkeys(name for one in said for name in one.cites))


def pointed(thread: str, turn: Turn) -> Past:
    """A turn that is only pointed to."""
    return Past(
        turn=turn.number,
        key=turn.key,
        messages=[],
        shown=cited(turn),
        pointer=pointer(thread, turn),
    )


def retold(thread: str, turn: Turn, question: Message) -> Past:
    """A turn from the journal alone: its question and its answer; results are gone."""
    sentences = turn.answer.sentences if turn.answer else ()
    answer = telling.answer((said.text, said.cites) for said in sentences)
    past = pointed(thread, turn)
    past["messages"] = [question, answer]
    return past


def ended(values: Talk, thread: str, turn: Turn) -> Past:
    """The turn that a state was at, once it is answered."""
    past = pointed(thread, turn)
    past["messages"], past["shown"] = values["messages"], values["shown"]
    return past


def by_key(values: Talk, standing: Iterable[Turn], thread: str) -> dict[str, Past]:
    """The earlier turns that a state still has in full, by their keys."""
    found = {one["key"]: one for one in values.get("past", [])}
    for turn in standing:
        if turn.key == values.get("key") and values.get("answered"):
            found[turn.key] = ended(values, thread, turn)
    return found
