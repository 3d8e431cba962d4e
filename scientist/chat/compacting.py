"""A conversation that outgrows the model's context: what is shown no longer, and pointers to it.

All at once, down to half of the room, so that the turns after it find the prompt as it was. The
oldest results go first, for a tool can be called again; then the oldest turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from scientist.chat import telling
from scientist.chat.state import Past
from scientist.chat.telling import Message

MOST_POINTERS = 12
Size = Callable[[Sequence[Past], Sequence[Message]], int]


@dataclass(frozen=True)
class Compacted:
    """What is still shown, the last turn that is only pointed to, and what was left out."""

    past: list[Past]
    messages: list[Message]
    through: int
    summary: str


def compact(past: Sequence[Past], messages: Sequence[Message], size: Size, room: int) -> Compacted:
    """As much of a conversation as fits into half the room; the question at hand always does."""
    kept, now = deepcopy(list(past)), list(messages)
    results: list[int] = []
    dropped: list[str] = []

    def small() -> bool:
        return size(kept, now) <= room // 2

    for one in kept:
        before = [place for place, each in enumerate(one["messages"]) if telling.whole(each)]
        for place in before:
            if not small():
                one["messages"][place] = telling.left_out(one["messages"][place])
                results.append(one["turn"])
    for one in kept:
        if one["messages"] and not small():
            one["messages"] = []
            dropped.append(one["pointer"])
    newest = [place for place, each in enumerate(now) if telling.whole(each)][:-1]
    for place in newest:  # of the turn at hand, only if it does not fit at all
        if size(kept, now) > room:
            now[place] = telling.left_out(now[place])
    kept = _merged(kept)
    through = max((one["turn"] for one in kept if not one["messages"]), default=0)
    told = [f"results of turn {turn} left out" for turn in dict.fromkeys(results)]
    return Compacted(kept, now, through, "; ".join([*dropped, *told]) or "nothing to leave out")


def _merged(past: list[Past]) -> list[Past]:
    """The oldest pointers as one, when there are many."""
    pointers = [one for one in past if not one["messages"]]
    many = pointers[: max(0, len(pointers) - MOST_POINTERS)]
    for one in many[:-1]:
        one["pointer"] = ""
    if many:
        last = many[-1]
        thread = last["pointer"].rpartition("/thread ")[2]
        last["pointer"] = f"turns 1 to {last['turn']}; see /thread {thread}"
    return past
