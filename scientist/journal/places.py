"""Where the entries of each kind lie: an index in memory that grows with the segments.

Beside them, when each campaign was driven: from its opening, or where it was taken up again, to
the last event before the next such place. Only whole batches count, as everywhere; what is read
goes on where it stopped. If the files are no longer those that were read (a journal put back from
a copy), everything is read anew. The lines themselves stay on the disk.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple

import orjson

from scientist.journal.chain import MORE

_HEAD = re.compile(
    rb'\{(?:"more":true,)?"seq":(\d{1,18}),"time":"([^"\\]*)","kind":"([a-z_]+)",'
    rb'"campaign":(?:"([^"\\]*)"|null),'
)
_SEGMENT = re.compile(r"[0-9].*\.jsonl", re.DOTALL)
_MARK_BYTES = 80  # the end of the last line: its hash
SEQ_UNKNOWN = 0
_WIDTH = 1 << 40  # more bytes than one can have
_OPENED, _RESUMED = b"campaign_opened", b"campaign_resumed"


class Place(NamedTuple):
    """A line of a segment; places sort as the lines do."""

    segment: int
    offset: int
    length: int
    seq: int


@dataclass(slots=True)
class Spell:
    """A time in which a campaign was driven, and how many events that gave."""

    began: str
    ended: str
    events: int = 1


class _Kept:
    """Places in order, in few bytes each: a long journal has millions."""

    def __init__(self) -> None:
        self.begins = array("Q")  # the segment and the place in it, as one number
        self.lengths = array("Q")
        self.numbers = array("Q")

    def add(self, segment: int, offset: int, length: int, seq: int) -> None:
        self.begins.append(segment * _WIDTH + offset)
        self.lengths.append(length)
        self.numbers.append(seq)

    def behind(self, place: Place | None) -> Iterator[Place]:
        """Those behind a place, or all."""
        first = 0
        if place is not None:
            first = bisect_right(self.begins, place.segment * _WIDTH + place.offset)
        for at in range(first, len(self.begins)):
            segment, offset = divmod(self.begins[at], _WIDTH)
            yield Place(segment, offset, self.lengths[at], self.numbers[at])


class Places:
    """The places of all lines by the kind of their entry."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.age = 0  # moves when all was read anew: what was derived from it is void
        self._forget()

    def _forget(self) -> None:
        self.age += 1
        self._kinds: dict[bytes, _Kept] = defaultdict(_Kept)
        self._odd = _Kept()  # of another form: only reading them tells what they are
        self._spells: dict[bytes, list[Spell]] = {}
        self._segment = 0  # the last that was read, by its place in the list
        self._inode = -1
        self._offset = 0  # in that segment, behind the last whole batch
        self._mark = b""  # what stands before the offset

    def of(self, kinds: Iterable[str]) -> list[Place]:
        """Every line that may be an entry of these kinds, in order."""
        return self.behind(None, kinds)

    def behind(self, place: Place | None, kinds: Iterable[str]) -> list[Place]:
        """Those behind a place, in order."""
        self._read_on()
        meant = [some for kind in set(kinds) if (some := self._kinds.get(kind.encode()))]
        return sorted(chain.from_iterable(some.behind(place) for some in (*meant, self._odd)))

    def spells(self) -> dict[str, list[Spell]]:
        """When each campaign that was opened was driven, in the order of their openings."""
        self._read_on()
        return {name.decode(): some for name, some in self._spells.items()}

    def lines(self, places: Iterable[Place]) -> Iterator[bytes]:
        """The lines at these places."""
        files = segments(self._folder)
        for number, mine in groupby(places, key=lambda place: place.segment):
            with files[number].open("rb") as file:
                for place in mine:
                    file.seek(place.offset)
                    yield file.read(place.length)

    def _read_on(self) -> None:
        """Take in what was written since."""
        files = segments(self._folder)
        if not files:
            if self._inode != -1:
                self._forget()
            return
        if self._inode != -1:
            grown = self._grown(files)
            if grown is None:
                self._forget()
            elif not grown:
                return
        self._take(files)

    def _grown(self, files: list[Path]) -> bool | None:
        """Whether there is more to read; None if these are other files than before."""
        if self._segment >= len(files):
            return None
        found = files[self._segment].stat()
        if found.st_ino != self._inode or found.st_size < self._offset:
            return None
        if found.st_size == self._offset and len(files) == self._segment + 1:
            return False
        with files[self._segment].open("rb") as file:
            file.seek(self._offset - len(self._mark))
            if file.read(len(self._mark)) != self._mark:
                return None
        return True

    def _take(self, files: list[Path]) -> None:
        waiting: list[tuple[bytes, int]] = []
        for number in range(self._segment, len(files)):
            with files[number].open("rb") as file:
                if self._inode == -1 or number > self._segment:
                    self._move(number, file.fileno())
                begin = self._offset
                file.seek(begin)
                for line in file:
                    here, begin = begin, begin + len(line)
                    if not line.endswith(b"\n"):
                        continue
                    if line.startswith(MORE):
                        waiting.append((line, here))
                        continue
                    for one, offset in waiting:
                        self._file(one, number, offset)
                    self._file(line, number, here)
                    waiting.clear()
                    self._offset, self._mark = begin, line[-_MARK_BYTES:]

    def _move(self, number: int, descriptor: int) -> None:
        self._segment, self._inode = number, os.fstat(descriptor).st_ino
        self._offset, self._mark = 0, b""

    def _file(self, line: bytes, segment: int, offset: int) -> None:
        if found := _HEAD.match(line):
            seq, time, kind, campaign = found.groups()
            self._kinds[kind].add(segment, offset, len(line), int(seq))
        else:
            self._odd.add(segment, offset, len(line), SEQ_UNKNOWN)
            time, kind, campaign = _read(line)
        if campaign is not None:
            self._driven(time, kind, campaign)

    def _driven(self, time: bytes, kind: bytes, campaign: bytes) -> None:
        known = self._spells.get(campaign)
        if kind == _OPENED or (kind == _RESUMED and known):
            begun = Spell(time.decode(), time.decode())
            self._spells.setdefault(campaign, []).append(begun)
        elif known:
            known[-1].ended = time.decode()
            known[-1].events += 1


def _read(line: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Time, kind and campaign of a line of another form; no campaign if it is none."""
    try:
        raw = orjson.loads(line)
        time, kind, campaign = raw["time"], raw["kind"], raw["campaign"]
        return time.encode(), kind.encode(), None if campaign is None else campaign.encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        return b"", b"", None


def segments(folder: Path) -> list[Path]:
    """The segment files in order."""
    try:
        with os.scandir(folder) as found:  # at every append: a glob takes five times as long
            names = sorted(one.name for one in found if _SEGMENT.fullmatch(one.name))
    except FileNotFoundError:
        return []
    return [folder / name for name in names]
