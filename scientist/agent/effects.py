"""Side effects that happen once, however often the process dies around them.

`intent` is written before the effect, `done` with its result after it, in one
write with the events the effect leads to. A node that runs again after a crash
gets the recorded result. A write survives the death of this process; what must
survive a power cut, too, is put on the disk: the intent of what starts something,
and every result but those that come out the same when computed again. What was
in doubt is settled by the effect itself: experiments by their run folder, model
calls by asking again (both are logged).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from scientist.events import EffectDone, EffectIntended, Event
from scientist.journal import Journal

T = TypeVar("T")
OnDisk = Literal["intent and result", "result", "later"]
Recorder = Callable[[T], tuple[Any, Sequence[Event]]]


class Effects:
    """The effects journal of one campaign."""

    def __init__(self, journal: Journal, campaign: str) -> None:
        self._journal = journal
        self._campaign = campaign
        self._done = {
            entry.data["key"]: entry.data["result"]
            for entry in journal.entries("effect_done", campaign=campaign)
        }

    def key(self, phase: str, round_: int, task: str, inputs: Any = None) -> str:
        """The name of an effect: the same work in the same place has the same name."""
        name = json.dumps([self._campaign, round_, phase, task, inputs], sort_keys=True)
        return hashlib.sha256(name.encode()).hexdigest()[:32]

    def known(self, phase: str, round_: int, task: str, inputs: Any = None) -> bool:
        """Whether an effect is done."""
        return self.key(phase, round_, task, inputs) in self._done

    def once(
        self,
        phase: str,
        round_: int,
        task: str,
        work: Callable[[str], T],
        record: Recorder[T] | None = None,
        inputs: Any = None,
        on_disk: OnDisk = "intent and result",
    ) -> Any:
        """Do `work(key)` unless it is done; write its events and result together.

        `record` turns what the work gave into a plain result and events; it runs
        with the journal locked, so that it may number what it records. `on_disk` says what
        must be there when this goes on; "later" is with whatever comes there next.
        """

        def alone(todo: Sequence[tuple[str, Any]]) -> Iterator[T]:
            return (work(key) for key, _ in todo)

        def recorded(value: T, _: Any) -> tuple[Any, Sequence[Event]]:
            return record(value) if record else (value, ())

        (result,) = self.several(phase, round_, task, [inputs], alone, recorded, on_disk)
        return result

    def several(
        self,
        phase: str,
        round_: int,
        task: str,
        inputs: Sequence[Any],
        work: Callable[[Sequence[tuple[str, Any]]], Iterator[T]],
        record: Callable[[T, Any], tuple[Any, Sequence[Event]]],
        on_disk: OnDisk = "intent and result",
    ) -> list[Any]:
        """As `once`, for works that are done at the same time, each with inputs of its own.

        `work` is given the keys and inputs of those that are not done, and gives their values in
        that order; each is recorded as it comes, whatever becomes of those after it.
        """
        keys = [self.key(phase, round_, task, one) for one in inputs]
        todo = [(key, one) for key, one in zip(keys, inputs, strict=True) if key not in self._done]
        if todo:
            intents = [EffectIntended(key=key, phase=phase, task=task) for key, _ in todo]
            self._journal.append_all(intents, self._campaign, sync=on_disk == "intent and result")
            for (key, one), value in zip(todo, work(todo), strict=True):
                with self._journal.locked():
                    result, events = record(value, one)
                    done = EffectDone(key=key, result=result)
                    self._journal.append_all(
                        [*events, done], self._campaign, sync=on_disk != "later"
                    )
                self._done[key] = result
        return [self._done[key] for key in keys]
