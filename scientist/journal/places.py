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
WIDTH = 1 << 40  # more bytes than one can have
Told = tuple[str, int, int, int, str, str | None]  # kind, begin, length, seq, time, campaign
_OPENED, _RESUMED = "campaign_opened", "campaign_resumed"


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

    def behind(self, place: Place | None) -> Iterator[Place]:
        """Those behind a place, or all."""
        first = 0
        if place is not None:
            first = bisect_right(self.begins, place.segment * WIDTH + place.offset)
        for at in range(first, len(self.begins)):
            segment, offset = divmod(self.begins[at], WIDTH)
            yield Place(segment, offset, self.lengths[at], self.numbers[at])


class Places:
    """The places of all lines by the kind of their entry."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.age = 0  # moves when all was read anew: what was derived from it is void
        self._forget()

    def _forget(self) -> None:
        self.age += 1
        self._kinds: dict[str, _Kept] = defaultdict(_Kept)
        self._odd = _Kept()  # of another form: only reading them tells what they are
        self._spells: dict[str, list[Spell]] = {}
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
        meant = [some for kind in set(kinds) if (some := self._kinds.get(kind))]
        return sorted(chain.from_iterable(some.behind(place) for some in (*meant, self._odd)))

    def spells(self) -> dict[str, list[Spell]]:
        """When each campaign that was opened was driven, in the order of their openings."""
        self._read_on()
        return self._spells

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
        waiting: list[Told] = []
        for number in range(self._segment, len(files)):
            with files[number].open("rb") as file:
                if self._inode == -1 or number > self._segment:
                    self.begin(number, file.fileno())
                begin = self._offset
                file.seek(begin)
                for line in file:
                    here, begin = begin, begin + len(line)
                    if not line.endswith(b"\n"):
                        continue
                    waiting.append(_told(line, number * WIDTH + here))
                    if not line.startswith(MORE):
                        self.take(waiting, begin, line)
                        waiting.clear()

    def begin(self, number: int, descriptor: int) -> None:
        """The lines that follow are of this segment, by its place in the list."""
        self._segment, self._inode = number, os.fstat(descriptor).st_ino
        self._offset, self._mark = 0, b""

    def take(self, batches: Iterable[Told], end: int, last: bytes) -> None:
        """The lines of whole batches, the last line, and where it ends in its segment."""
        kinds, spells = self._kinds, self._spells
        spell: Spell | None = None
        of: str | None = None
        for kind, begin, length, seq, time, campaign in batches:
            kept = kinds[kind] if seq != SEQ_UNKNOWN else self._odd
            kept.begins.append(begin)
            kept.lengths.append(length)
            kept.numbers.append(seq)
            if campaign is None:
                continue
            if campaign != of:
                known = spells.get(campaign)
                spell, of = known[-1] if known else None, campaign
            if kind == _OPENED or (kind == _RESUMED and spell is not None):
                spell = Spell(time, time)
                spells.setdefault(campaign, []).append(spell)
            elif spell is not None:
                spell.ended = time
                spell.events += 1
        self._offset, self._mark = end, last[-_MARK_BYTES:]


def _told(line: bytes, begin: int) -> Told:
    """A line by its first members; of another form, only reading it tells what it is."""
    if found := _HEAD.match(line):
        seq, time, kind, campaign = found.groups()
        name = campaign.decode() if campaign is not None else None
        return kind.decode(), begin, len(line), int(seq), time.decode(), name
    try:
        raw = orjson.loads(line)
        kind, time, campaign = raw["kind"], raw["time"], raw["campaign"]
    except (ValueError, KeyError, TypeError):  # it is no event: who decodes it is told so
        kind = time = ""
        campaign = None
    return kind, begin, len(line), SEQ_UNKNOWN, time, campaign


def segments(folder: Path) -> list[Path]:
    """The segment files in order."""
    try:
        with os.scandir(folder) as found:  # at every append: a glob takes five times as long
            names = sorted(one.name for one in found if _SEGMENT.fullmatch(one.name))
    except FileNotFoundError:
        return []
    return [folder / name for name in names]
