"""Which trials of an experiment wait, and which are in whose hand, while pieces run elsewhere.

A piece is a small group of trials that one machine runs. Its lines come while it runs; when the
machine dies, what has no line goes to another. The trial that was running then is tried once
more, alone, so that it takes no other one with it; a second death is its result. Both the Ray
and the Slurm executor keep their books here. Only the standard library.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil

from scientist.lab import lines
from scientist.lab.executors import Ended, Status

MOST_DEATHS = 2


@dataclass
class Hands:
    """The books: every missing trial waits, is in one hand, or has its line."""

    trials: Sequence[tuple[str, int]]
    missing: Sequence[int]
    whole: bool = False  # a script gives all lines itself: its trials are never parted
    shares: int = 2  # a piece is this part of what its machine could get: the last ones are small
    restarts: int = 0
    _last: int = 0
    _waiting: deque[list[int]] = field(default_factory=deque)
    _alone: set[int] = field(default_factory=set)
    _pieces: dict[int, list[int]] = field(default_factory=dict)
    _deaths: Counter[int] = field(default_factory=Counter)
    _seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._places = {trial: number for number, trial in enumerate(self.trials)}
        self._waiting.extend(self._groups(self.missing))

    @property
    def left(self) -> bool:
        """Whether anything waits or is in hand."""
        return bool(self._waiting or self._pieces)

    def next(self, machines: int) -> tuple[int, list[int]] | None:
        """A new piece, its number and its trials; the arms of a seed stay together."""
        if not self._waiting:
            return None
        size = ceil(sum(map(len, self._waiting)) / (self.shares * max(1, machines)))
        taken = self._waiting.popleft()
        while not self._alone.intersection(taken) and len(taken) < size and self._waiting:
            if self.whole or self._alone.intersection(self._waiting[0]):
                break
            taken = taken + self._waiting.popleft()
        return self.adopt(self._last + 1, taken), list(taken)

    def adopt(self, number: int, indexes: Sequence[int]) -> int:
        """Take a piece that runs already into the books; what it has is no longer waiting."""
        held = set(indexes)
        self._waiting = deque(
            rest for group in self._waiting if (rest := [n for n in group if n not in held])
        )
        self._pieces[number] = list(indexes)
        self._last = max(self._last, number)  # a late word from a dead piece finds no new one
        return number

    def take(self, number: int, raw: bytes) -> bytes:
        """Of the lines a piece gave, those that are news: one for a trial in its hand, or none's.

        What cannot be understood is passed on: the supervisor's checks say what is wrong.
        """
        if number not in self._pieces:
            return b""
        held, news = self._pieces[number], bytearray()
        for line in raw.splitlines(keepends=True):
            place = self._place(line)
            if place is None:
                if line not in self._seen:
                    self._seen.add(line)
                    news += line
            elif place in held:
                held.remove(place)
                news += line
        return bytes(news)

    def close(self, number: int) -> list[int]:
        """A piece has ended; the trials of it that gave no line."""
        return self._pieces.pop(number, [])

    def gone(self, number: int, why: str) -> bytes:
        """A piece died: its trials go back, or get the line that says they cannot be run."""
        rest = self.close(number)
        if not rest:
            return b""
        self.restarts += 1
        suspects = rest if self.whole else rest[:1]  # one after the other: the first one ran
        self._deaths.update(suspects)
        if self._deaths[suspects[0]] < MOST_DEATHS:
            self._alone.update([] if self.whole else suspects)
            back = [suspects, *self._groups(rest[len(suspects) :])]
            self._waiting.extendleft(reversed(back))
            return b""
        self._waiting.extendleft(reversed(self._groups(rest[len(suspects) :])))
        reason = f"it was running when its machine or worker died, {MOST_DEATHS} times: {why}"
        return b"".join(lines.failure(*self.trials[place], reason[:500]) for place in suspects)

    def back(self, number: int) -> None:
        """A piece will not run, through no fault of its trials: they wait again."""
        self._waiting.extendleft(reversed(self._groups(self.close(number))))

    def _groups(self, indexes: Sequence[int]) -> list[list[int]]:
        if self.whole:
            return [list(indexes)] if indexes else []
        groups = groupby(indexes, key=lambda number: self.trials[number][1])
        return [list(group) for _, group in groups]

    def _place(self, line: bytes) -> int | None:
        """The trial a line is about; None for the environment and for what is no result."""
        try:
            said = lines.read(line.rstrip(b"\n"))
        except ValueError:
            return None
        if said.arm is None or said.seed is None:
            return None
        return self._places.get((said.arm, said.seed))


def verdict(status: Status, reason: str, rest: Sequence[int], host: str) -> Ended | None:
    """Whether the end of a piece ends the experiment: all is well if every trial has its line."""
    if status != "forged" and not rest:
        return None
    if status == "done":
        return Ended("failed", f"{len(rest)} trials gave no result (on {host})")
    return Ended(status, f"{reason} (on {host})")
