"""Where the entries of each kind lie: an index in memory that grows with the segments.

Only whole batches count, as everywhere; what is read goes on where it stopped. If the files are
no longer those that were read (a journal put back from a copy), everything is read anew. The
lines themselves stay on the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from scientist.journal.chain import MORE

_HEAD = re.compile(rb'\{(?:"more":true,)?"seq":(\d{1,18}),"time":"[^"\\]*","kind":"([a-z_]+)",')
_SEGMENT = re.compile(r"[0-9].*\.jsonl", re.DOTALL)
_MARK_BYTES = 80  # the end of the last line: its hash
SEQ_UNKNOWN = 0


class Place(NamedTuple):
    """A line of a segment; places sort as the lines do."""

    segment: int
    offset: int
    length: int
    seq: int


class Places:
    """The places of all lines by the kind of their entry."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.age = 0  # moves when all was read anew: what was derived from it is void
        self._forget()

    def _forget(self) -> None:
        self.age += 1
        self._kinds: dict[str, list[Place]] = {}
        self._odd: list[Place] = []  # of another form: only reading them tells what they are
        self._segment = 0  # the last that was read, by its place in the list
        self._inode = -1
        self._offset = 0  # in that segment, behind the last whole batch
        self._mark = b""  # what stands before the offset

    def of(self, kinds: Iterable[str]) -> list[Place]:
        """Every line that may be an entry of these kinds, in order."""
        self._read_on()
        found = [place for kind in set(kinds) for place in self._kinds.get(kind, ())]
        found += self._odd
        return sorted(found)

    def behind(self, place: Place | None, kinds: Iterable[str]) -> list[Place]:
        """Those behind a place, in order."""
        self._read_on()
        found: list[Place] = []
        for some in (self._odd, *(self._kinds.get(kind, ()) for kind in set(kinds))):
            for one in reversed(some):
                if place is not None and one <= place:
                    break
                found.append(one)
        return sorted(found)

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
        waiting: list[tuple[bytes, Place]] = []
        for number in range(self._segment, len(files)):
            with files[number].open("rb") as file:
                if self._inode == -1 or number > self._segment:
                    self._move(number, file.fileno())
                begin = self._offset
                file.seek(begin)
                for line in file:
                    place = Place(number, begin, len(line), SEQ_UNKNOWN)
                    begin += len(line)
                    if not line.endswith(b"\n"):
                        continue
                    waiting.append((line, place))
                    if line.startswith(MORE):
                        continue
                    for one, where in waiting:
                        self._file(one, where)
                    waiting = []
                    self._offset, self._mark = begin, line[-_MARK_BYTES:]

    def _move(self, number: int, descriptor: int) -> None:
        self._segment, self._inode = number, os.fstat(descriptor).st_ino
        self._offset, self._mark = 0, b""

    def _file(self, line: bytes, where: Place) -> None:
        found = _HEAD.match(line)
        if found is None:
            self._odd.append(where)
        else:
            place = where._replace(seq=int(found[1]))
            self._kinds.setdefault(found[2].decode(), []).append(place)


def segments(folder: Path) -> list[Path]:
    """The segment files in order."""
    try:
        with os.scandir(folder) as found:  # at every append: a glob takes five times as long
            names = sorted(one.name for one in found if _SEGMENT.fullmatch(one.name))
    except FileNotFoundError:
        return []
    return [folder / name for name in names]
