"""Threads and turns as lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scientist.cli import output
from scientist.records import clean

if TYPE_CHECKING:
    from scientist.chat.threads import Found, ThreadView, Turn

WIDE = 100


def threads(views: Sequence[ThreadView], as_json: bool) -> None:
    """All threads of a workspace."""
    if as_json:
        output.document(
            [
                {"thread": v.name, "question": v.question, "turns": v.turns, "last": v.time}
                for v in views
            ]
        )
        return
    if not views:
        output.note("no conversations yet; hint: scientist chat")
        return
    rows = [(v.name, v.turns, v.time[:19], _short(v.question)) for v in views]
    output.table(("id", "turns", "last", "first question"), rows)


def found(turns: Sequence[Found], as_json: bool) -> None:
    """The turns that a search found."""
    if as_json:
        output.document([{"thread": one.thread, **_plain(one.turn)} for one in turns])
        return
    if not turns:
        output.note("no turn has all these words; hint: scientist chat --threads")
        return
    rows = [
        (one.thread, one.turn.number, one.turn.time[:19], _short(one.turn.asked)) for one in turns
    ]
    output.table(("id", "turn", "time", "question"), rows)


def turns(thread: str, known: Sequence[Turn]) -> None:
    """The turns of a thread, and how each ended."""
    if not known:
        output.note(f"{thread} has no turns yet")
        return
    rows = [(turn.number, ending(turn), _short(turn.asked)) for turn in known]
    output.table((thread, "ended", "question"), rows)


def ending(turn: Turn) -> str:
    """How a turn ended, in a word or two."""
    if turn.answer is None:
        return clean(turn.stopped) or "unfinished"
    cites = dict.fromkeys(name for said in turn.answer.sentences for name in said.cites)
    if turn.answer.experiment or not turn.answer.sentences:
        return "unknown"
    return " ".join(cites) or "opinion"


def _short(text: str) -> str:
    shown = clean(text)
    return shown if len(shown) <= WIDE else shown[: WIDE - 1] + "…"


def _plain(turn: Turn) -> dict[str, Any]:
    sentences = turn.answer.sentences if turn.answer else ()
    return {
        "turn": turn.number,
        "question": turn.asked,
        "time": turn.time,
        "stopped": turn.stopped,
        "sentences": [said.model_dump(mode="json") for said in sentences],
    }
