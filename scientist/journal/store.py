"""Append to and read the journal of a workspace.

Several processes may write one journal: every append holds a file lock and first
reads what others added. A plain write survives kill -9 of this process; callers
ask for `sync=True` at barriers (before a side effect, after a model answer, a
result or a checkpoint) to survive a power cut too.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import orjson

from scientist.errors import JournalError, UsageError
from scientist.events import SCHEMA, Event, TornTailRecovered
from scientist.journal import blobs, streams
from scientist.journal.chain import GENESIS, MORE, Entry, decode, encode
from scientist.journal.places import SEQ_UNKNOWN, Place, Places, Spell, segments
from scientist.journal.redact import Redactor
from scientist.workspace import explain

SEGMENT_BYTES = 64 * 1024 * 1024
_BEFORE, _BEHIND = 60, 150  # bytes of a line that are never anybody's words
_CAMPAIGN = b'"campaign":'
T = TypeVar("T")


@dataclass(frozen=True)
class Fold(Generic[T]):
    """A view of the journal: where it begins, and what each entry of its kinds adds to it."""

    kinds: tuple[str, ...]
    begin: Callable[[], T]
    take: Callable[[T, Entry], None]


@dataclass
class _Folded:
    """How far a fold has come."""

    age: int
    value: Any
    last: Place | None = None


class Journal:
    """One workspace's record; opened for reading it never touches the disk."""

    def __init__(self, folder: Path, write: bool = False, places: Places | None = None) -> None:
        self.folder = folder
        self.listeners: list[Callable[[Entry], None]] = []
        self.blob_folder = folder / "blobs"
        self._shelf = blobs.Shelf(self.blob_folder)
        self._mutex = threading.RLock()
        self._descriptor = -1
        self._lock = -1
        self._depth = 0
        self._size = 0
        self._seq = 0
        self._head = GENESIS
        self._segment: Path | None = None
        self._reading = threading.RLock()
        self._places = places or Places(folder)  # of somebody who read all of it just now
        self._folded: dict[Fold[Any], _Folded] = {}
        self._redactor = Redactor()
        if write:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as fault:
                raise explain(fault, folder) from fault
            with self.locked():
                pass

    def close(self) -> None:
        """Give back the descriptors, once all blobs are on the disk."""
        try:
            self._shelf.close()
        finally:
            for descriptor in (self._descriptor, self._lock):
                if descriptor >= 0:
                    os.close(descriptor)
            self._descriptor = self._lock = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def head(self) -> tuple[int, str]:
        """Number of events and hash of the last one, as this process knows them."""
        return self._seq, self._head

    # -- writing ---------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the journal alone: what is read inside is still true when appending."""
        if self._lock < 0:
            raise JournalError("this journal was opened for reading", "open it with write=True")
        with self._mutex:
            if self._depth == 0:
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            self._depth += 1
            try:
                if self._depth == 1:
                    self._refresh()
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._lock, fcntl.LOCK_UN)

    def append(self, event: Event, campaign: str | None = None, sync: bool = False) -> Entry:
        """Add one event; with sync=True it is on the disk when this returns."""
        return self.append_all([event], campaign, sync)[0]

    def append_all(
        self, events: Sequence[Event], campaign: str | None = None, sync: bool = False
    ) -> list[Entry]:
        """Add several events in one write, so that a kill leaves all of them or none.

        The blobs that they name are on the disk before.
        """
        self._shelf.settle()
        with self.locked():
            written = self._write(events, campaign)
            if sync:
                os.fdatasync(self._descriptor)
        for entry in written:
            for listener in self.listeners:
                listener(entry)
        return written

    def hide(self, *secrets: str | None) -> None:
        """Keep these out of everything that is written from now on."""
        for secret in secrets:
            self._redactor.hide(secret)

    def put(self, content: bytes | str, exact: bool = False) -> str:
        """Store a blob and return its address; secrets in it are hidden.

        What must stay as it is, byte for byte (`exact`: code, essays), is refused if a known secret
        stands in it. A blob gets to the disk beside what the caller does next; the next append
        waits for it.
        """
        raw = content.encode() if isinstance(content, str) else content
        if exact and self._redactor.knows(raw):
            raise UsageError(
                "a secret that is in use, such as an API key, stands in what is to be kept word "
                "for word: code, data or an essay",
                "take the secret out of that file, then do the same again",
            )
        if not exact:
            raw = streams.clean(raw, self._redactor)
            if self._redactor.touches(raw):
                raw = self._redactor.clean(raw)
        return self._shelf.put(raw)

    def get(self, digest: str) -> bytes:
        """The bytes of a blob, checked."""
        return self._shelf.get(digest)

    def _write(self, events: Sequence[Event], campaign: str | None) -> list[Entry]:
        if self._size >= SEGMENT_BYTES:
            os.fdatasync(self._descriptor)  # a later barrier will cover the new segment alone
            self._open_segment(self._next_segment())
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        seq, head, buffer = self._seq, self._head, bytearray()
        entries = []
        for left, event in zip(range(len(events) - 1, -1, -1), events, strict=True):
            data = event.model_dump(mode="json", exclude={"kind"})
            seq += 1
            line, digest = encode(seq, now, campaign, event.kind, data, SCHEMA, head, left > 0)
            if self._redactor.touches(line[_BEFORE:-_BEHIND]):
                data = self._redactor.clean_data(data)
                line, digest = encode(seq, now, campaign, event.kind, data, SCHEMA, head, left > 0)
            entries.append(Entry(seq, now, event.kind, campaign, data, head, digest))
            head = digest
            buffer += line
        self._shelf.check(buffer)
        try:
            remaining = memoryview(buffer)
            while remaining:  # a disk that fills up writes a part, then fails
                remaining = remaining[os.write(self._descriptor, remaining) :]
        except OSError as fault:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise explain(fault, self.folder) from fault
        self._size += len(buffer)
        self._seq, self._head = seq, head
        return entries

    def _refresh(self) -> None:
        """Catch up with other writers, and set a torn tail aside."""
        last = segments(self.folder)
        newest = last[-1] if last else self._next_segment()
        if newest != self._segment:
            self._open_segment(newest)
        elif os.fstat(self._descriptor).st_size == self._size:
            return
        self._read_tail(newest, last[-2] if len(last) > 1 else None)

    def _read_tail(self, segment: Path, before: Path | None) -> None:
        size = os.fstat(self._descriptor).st_size
        line, torn = last_line(segment, size)
        while line is not None and line.startswith(MORE):  # the rest of its batch never came
            torn += len(line)
            line, _ = last_line(segment, size - torn)
        if torn:
            with segment.open("rb") as file:
                file.seek(size - torn)
                content = file.read()
            blob = blobs.put(self.blob_folder, content)  # as it is: what was written was clean
            os.ftruncate(self._descriptor, size - torn)
            size -= torn
        if line is None and before is not None:
            line, _ = last_line(before, before.stat().st_size)
        self._size = size
        if line is None:
            self._seq, self._head = 0, GENESIS
        else:
            entry = decode(line)
            self._seq, self._head = entry.seq, entry.hash
        if torn:
            event = TornTailRecovered(segment=segment.name, size=torn, blob=blob)
            self._write([event], None)
            os.fdatasync(self._descriptor)

    def _next_segment(self) -> Path:
        number = len(segments(self.folder)) + 1
        return self.folder / f"{number:06d}.jsonl"

    def _open_segment(self, segment: Path) -> None:
        try:
            descriptor = os.open(
                segment, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
            folder = os.open(self.folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as fault:
            raise explain(fault, segment) from fault
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._segment = descriptor, segment
        self._size = os.fstat(descriptor).st_size

    # -- reading ---------------------------------------------------------------

    def entries(self, *kinds: str, campaign: str | None = None) -> Iterator[Entry]:
        """Every entry in order, or those of some kinds or of one campaign."""
        if kinds:
            with self._reading:
                found = self._places.lines(self._places.of(kinds))
        else:
            found = lines(self.folder)
        return self._decoded(found, kinds, campaign)

    def raw(self) -> Iterator[bytes]:
        """Every line, byte for byte."""
        return lines(self.folder)

    def behind(self, kind: str) -> tuple[bytes | None, Iterator[bytes]]:
        """The line of the last entry of a kind, and every line behind it; all if there is none."""
        with self._reading:
            found = [one for one in self._places.of((kind,)) if one.seq != SEQ_UNKNOWN]
            if not found:
                return None, lines(self.folder)
            (line,) = self._places.lines(found[-1:])
        return line, lines(self.folder, found[-1])

    def since(self, seq: int, *kinds: str) -> Iterator[Entry]:
        """The entries of some kinds from that number on."""
        with self._reading:
            places = self._places.of(kinds)
            near = [one for one in places if one.seq == SEQ_UNKNOWN or one.seq >= seq]
            found = self._places.lines(near)
        return (entry for entry in self._decoded(found, kinds, None) if entry.seq >= seq)

    def count(self, *kinds: str) -> int:
        """How many entries of these kinds there are."""
        with self._reading:
            places = self._places.of(kinds)
        if all(place.seq != SEQ_UNKNOWN for place in places):
            return len(places)
        return sum(1 for _ in self.entries(*kinds))

    def spells(self) -> dict[str, list[Spell]]:
        """When each campaign was driven, by its name, in the order of their openings."""
        with self._reading:
            return self._places.spells()

    def follow(self, fold: Fold[T]) -> T:
        """What the entries so far come to; only those that are new since the last time are read.

        The value is shared and grows: whoever keeps it, copies it.
        """
        with self._reading:
            new = self._places.behind(self._reached(fold), fold.kinds)
            state = self._folded.get(fold)
            if state is None or state.age != self._places.age:
                state = _Folded(self._places.age, fold.begin())
                new = self._places.of(fold.kinds)
            self._folded.pop(fold, None)  # back only if nothing goes wrong half way
            for place, line in zip(new, self._places.lines(new), strict=True):
                for entry in self._decoded((line,), fold.kinds, None):
                    fold.take(state.value, entry)
                state.last = place
            self._folded[fold] = state
            return cast(T, state.value)

    def _reached(self, fold: Fold[T]) -> Place | None:
        state = self._folded.get(fold)
        return state.last if state else None

    @staticmethod
    def _decoded(
        found: Iterable[bytes], kinds: Sequence[str], campaign: str | None
    ) -> Iterator[Entry]:
        marks = [b'"kind":"%s"' % kind.encode() for kind in kinds]
        mine = b"" if campaign is None else _CAMPAIGN + orjson.dumps(campaign)
        for line in found:
            if marks and not any(mark in line for mark in marks):
                continue
            if mine not in line and _CAMPAIGN in line:  # another's, which need not be decoded
                continue
            entry = decode(line)
            if kinds and entry.kind not in kinds:
                continue
            if campaign is not None and entry.campaign != campaign:
                continue
            yield entry


def lines(folder: Path, behind: Place | None = None) -> Iterator[bytes]:
    """Every line of every whole batch, or those behind a place; what is cut off does not count."""
    waiting: list[bytes] = []
    first = behind.segment if behind else 0
    for number, segment in enumerate(segments(folder)[first:], first):
        with segment.open("rb") as file:
            if behind and number == first:
                file.seek(behind.offset + behind.length)
            for line in file:
                if not line.endswith(b"\n"):
                    continue
                waiting.append(line)
                if not line.startswith(MORE):
                    yield from waiting
                    waiting = []


def last_line(segment: Path, size: int) -> tuple[bytes | None, int]:
    """The last whole line of a file, and how many torn bytes follow it."""
    torn = 0
    step = 64 * 1024
    with segment.open("rb") as file:
        start, tail = size, b""
        while start > 0:
            start = max(0, start - step)
            file.seek(start)
            tail = file.read(size - start)
            end = tail.rfind(b"\n")
            if end < 0:
                continue
            torn = len(tail) - end - 1
            begin = tail.rfind(b"\n", 0, end)
            if begin >= 0 or start == 0:
                return tail[begin + 1 : end + 1], torn
    return None, len(tail)
