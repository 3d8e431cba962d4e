"""Which entries may bear on a new one: sorted by every name of their scope and by their stance.

A group holds entries that name the same things. Asked for those that meet a scope, it takes
the one axis on which the fewest do, and only these are looked at. Spans of like length are
kept together, sorted by where they begin: those that meet another are then next to each other.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from scientist.records import Assertion
from scientist.science.consistency.scope import Part, Parts, Span, meets
from scientist.science.consistency.stance import End, Stance, core

_LONGEST = 1024  # the class of spans whose length has no power of two above it
_UPWARD, _DOWNWARD, _POINT = 2000, 2001, -2000
FEW, MANY = 32, 4  # so few are looked at one by one; an axis with so many times more is left out
_LATEST = 1 << 62  # no serial is as high


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """An assertion taken apart; `serial` is when it came."""

    serial: int
    assertion: Assertion
    parts: Parts
    stance: Stance | None
    word: str  # a verdict or an attribute, in place of a stance


@dataclass(slots=True)
class Axis:
    """The parts of one name, so that those meeting another part can be counted and found.

    Neither asks whether an end is open, so both may take in a few too many.
    """

    lines: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    texts: dict[str, dict[int, None]] = field(default_factory=dict)

    def add(self, part: Part, serial: int) -> None:
        for one in _units(part):
            if isinstance(one, str):
                self.texts.setdefault(one, {})[serial] = None
            else:
                length, key = _place(one)
                insort(self.lines.setdefault(length, []), (key, serial))

    def remove(self, part: Part, serial: int) -> None:
        for one in _units(part):
            if isinstance(one, str):
                del self.texts[one][serial]
                if not self.texts[one]:
                    del self.texts[one]
            else:
                length, key = _place(one)
                line = self.lines[length]
                del line[bisect_left(line, (key, serial))]
                if not line:
                    del self.lines[length]

    def count(self, part: Part) -> int:
        """How many `find` would give."""
        total = 0
        for one in _units(part):
            if isinstance(one, str):
                total += len(self.texts.get(one, ()))
            else:
                total += sum(end - begin for _, begin, end in self._near(one))
        return total

    def find(self, part: Part) -> set[int]:
        found: set[int] = set()
        for one in _units(part):
            if isinstance(one, str):
                found.update(self.texts.get(one, ()))
            else:
                for line, begin, end in self._near(one):
                    found.update(serial for _, serial in line[begin:end])
        return found

    def _near(self, span: Span) -> Iterator[tuple[list[tuple[float, int]], int, int]]:
        """Each line with where its spans that meet another one are."""
        for length, line in self.lines.items():
            low, high = span.low, span.high
            if length == _UPWARD:
                low = -math.inf
            elif length == _DOWNWARD:
                high = math.inf
            elif length != _POINT:
                low = math.nextafter(low - _most(length), -math.inf)
            yield line, bisect_left(line, (low, -1)), bisect_right(line, (high, _LATEST))


@dataclass(slots=True)
class Group:
    """Entries about one thing whose scopes name the same."""

    entries: dict[int, Entry] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=dict)
    lows: list[tuple[End, int]] = field(default_factory=list)
    highs: list[tuple[End, int]] = field(default_factory=list)
    apart: set[int] = field(default_factory=set)  # no single span allows what these say
    words: dict[str, dict[int, None]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.entries[entry.serial] = entry
        for name, part in entry.parts.items():
            self.axes.setdefault(name, Axis()).add(part, entry.serial)
        if entry.stance is None:
            self.words.setdefault(entry.word, {})[entry.serial] = None
        elif ends := core(entry.stance):
            insort(self.lows, (ends[0], entry.serial))
            insort(self.highs, (ends[1], entry.serial))
        else:
            self.apart.add(entry.serial)

    def remove(self, entry: Entry) -> None:
        del self.entries[entry.serial]
        for name, part in entry.parts.items():
            self.axes[name].remove(part, entry.serial)
        if entry.stance is None:
            del self.words[entry.word][entry.serial]
            if not self.words[entry.word]:
                del self.words[entry.word]
        elif ends := core(entry.stance):
            del self.lows[bisect_left(self.lows, (ends[0], entry.serial))]
            del self.highs[bisect_left(self.highs, (ends[1], entry.serial))]
        else:
            self.apart.remove(entry.serial)

    def overlapping(self, parts: Parts) -> list[Entry]:
        """The entries that hold somewhere in a scope, oldest first."""
        return self._meeting(parts, None)

    def opposing(self, entry: Entry) -> list[Entry]:
        """The entries overlapping with one that may be at odds with it, oldest first."""
        return self._meeting(entry.parts, entry)

    def _meeting(self, parts: Parts, entry: Entry | None) -> list[Entry]:
        shared = self.axes.keys() & parts.keys()
        counts = sorted((self.axes[name].count(parts[name]), name) for name in shared)
        fewest = min([len(self.entries), *(count for count, _ in counts[:1])])
        if entry is not None and (against := self._count_against(entry)) < fewest:
            chosen = self._against(entry) if against else set()
        elif not counts:
            chosen = set(self.entries)
        else:
            chosen = self._chosen(counts, parts)
        return [
            found
            for serial in sorted(chosen)
            if meets(parts, (found := self.entries[serial]).parts)
        ]

    def _chosen(self, counts: list[tuple[int, str]], parts: Parts) -> set[int]:
        """The entries near a scope on the best axis, and on others where that is worth it."""
        chosen: set[int] | None = None
        for count, name in counts:
            if chosen is not None and (len(chosen) < FEW or count > MANY * len(chosen)):
                break
            near = self.axes[name].find(parts[name])
            chosen = near if chosen is None else chosen & near
        return chosen or set()

    def _ends(self, entry: Entry) -> tuple[int, int] | None:
        """How many cores end below one, and from where on they begin above it."""
        ends = core(entry.stance) if entry.stance else None
        if ends is None:
            return None
        return bisect_left(self.highs, (ends[0], -1)), bisect_left(self.lows, (ends[1], 1 << 62))

    def _count_against(self, entry: Entry) -> int:
        if entry.stance is None:
            return len(self.entries) - len(self.words.get(entry.word, ()))
        if (ends := self._ends(entry)) is None:
            return len(self.entries)
        return ends[0] + len(self.lows) - ends[1] + len(self.apart)

    def _against(self, entry: Entry) -> set[int]:
        if entry.stance is None:
            return {
                serial
                for word, serials in self.words.items()
                if word != entry.word
                for serial in serials
            }
        if (ends := self._ends(entry)) is None:
            return set(self.entries)
        below = {serial for _, serial in self.highs[: ends[0]]}
        return below | {serial for _, serial in self.lows[ends[1] :]} | self.apart


def _units(part: Part) -> list[str | Span]:
    """A part as single texts and spans."""
    if isinstance(part, Span):
        return [part]
    return [Span(one, one) if isinstance(one, float) else one for one in part]


def _place(span: Span) -> tuple[int, float]:
    """The class of a span's length and the key it is sorted by."""
    if math.isinf(span.low):
        return _DOWNWARD, span.high
    if math.isinf(span.high):
        return _UPWARD, span.low
    if span.low == span.high:
        return _POINT, span.low
    length = span.high - span.low
    return (math.frexp(length)[1] if math.isfinite(length) else _LONGEST), span.low


def _most(length: int) -> float:
    """No span of a class is longer."""
    return math.ldexp(1.0, length) if length < _LONGEST else math.inf
