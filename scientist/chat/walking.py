"""Walk the graph through one turn, from its beginning or from where a crash left it.

Checkpoints are scratch: without them, or with those of another journal, a thread is told again
from its questions and answers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from scientist import interrupts
from scientist.agent import checkpoints
from scientist.chat import state, threads
from scientist.chat.state import Past, Talk
from scientist.chat.threads import Turn
from scientist.events import TurnAnswered

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from scientist.chat.session import Desk

WITHOUT = "no question and no answer is lost"
NO_TOKENS = {"prompt": 0, "cached": 0, "completion": 0}


@dataclass
class Walk:
    """The graph of a thread, ready to be walked."""

    desk: Desk
    graph: CompiledStateGraph[Any, Any, Any, Any]
    connection: sqlite3.Connection
    kept: checkpoints.File

    def take(self, turn: Turn, turns: Sequence[Turn]) -> TurnAnswered:
        """The answer to a turn, of those that stand."""
        from scientist.chat.graph import MOST_STEPS

        first = turns[0].key[:16]  # another journal may have the same names, never the same hash
        thread = f"{self.desk.thread}-{first}"
        config: Any = {"configurable": {"thread_id": thread}, "recursion_limit": MOST_STEPS}
        with self.kept.explained():
            standing = self.graph.get_state(config)
            values = cast(Talk, standing.values)
            here = values.get("key") == turn.key and not values.get("answered")
            going_on = here and checkpoints.waiting(standing)
            feed = None if going_on else self._begin(turn, turns, values)
            steps = self.graph.stream(
                feed, config, context=self.desk, stream_mode="updates", durability="sync"
            )
            for _ in interrupts.each(steps):
                pass
            self._forget(thread)
        return self._answer(turn)

    def _begin(self, turn: Turn, turns: Sequence[Turn], values: Talk) -> Talk:
        """A turn at its beginning, after those before it as they were shown."""
        from scientist.chat.graph import rendered

        before = [one for one in turns if one.number < turn.number and one.answer]
        kept = state.by_key(values, before, self.desk.thread)
        through = self._through()
        past = [kept.get(one.key) or self._again(one, through) for one in before]
        notes = _notes(before[-1]) if before else []
        question = rendered(self.desk, turn.asked, notes).messages[1]
        return {
            "turn": turn.number,
            "key": turn.key,
            "asked": turn.asked,
            "past": past,
            "messages": [question],
            "called": [],
            "shown": [],
            "step": {},
            "usage": dict(NO_TOKENS),
            "repaired": False,
            "answered": False,
        }

    def _again(self, turn: Turn, through: int) -> Past:
        """A turn from the journal alone."""
        from scientist.chat.graph import rendered

        if turn.number <= through:
            return state.pointed(self.desk.thread, turn)
        return state.retold(self.desk.thread, turn, rendered(self.desk, turn.asked).messages[1])

    def _through(self) -> int:
        """The last turn that was left out for want of room."""
        events = self.desk.journal.entries("thread_compacted", campaign=self.desk.thread)
        return max((entry.data["through"] for entry in events), default=0)

    def _answer(self, turn: Turn) -> TurnAnswered:
        """What was recorded in the end."""
        if answer := threads.answer(self.desk.journal, self.desk.thread, turn.number):
            return answer
        raise checkpoints.foreign(self.kept)

    def _forget(self, thread: str) -> None:
        """Keep the last checkpoint of a thread alone: the steps to it are of no use any more."""
        with self.connection as connection:
            last = "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?"
            for table in ("writes", "checkpoints"):
                connection.execute(
                    f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < ({last})",
                    (thread, thread),
                )


@contextmanager
def walking(desk: Desk) -> Iterator[Walk]:
    """The graph with its checkpoints, for as long as the block lasts."""
    from scientist.chat.graph import build

    kept = checkpoints.File(desk.workspace.chats, WITHOUT)
    with kept.opened() as saver:
        yield Walk(desk, build(saver), saver.conn, kept)


def _notes(before: Turn) -> list[str]:
    """What the model must know of its last answer before it builds on it."""
    said = before.answer.sentences if before.answer else ()
    wrong = [str(number) for number, one in enumerate(said, 1) if one.mark.wrong]
    if not wrong:
        return []
    return [f"The record does not bear out sentence {', '.join(wrong)} of your last answer."]
