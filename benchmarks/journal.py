"""The record's price: chained appends against plain lines, on a disk that one can name.

`python benchmarks/journal.py [FOLDER]`: by default a folder beside the workspace, since a
temporary one may lie in memory, where syncing costs nothing. It is removed afterwards.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from measure import medians, show

from scientist.events import Event, Reasoned, TornTailRecovered
from scientist.journal import Journal, verify

COUNT, SYNCED, TOGETHER, BATCH, ROUNDS = 5000, 300, 3, 250, 9
BLOB_BYTES, BLOB_EVERY = 4096, 10
BESIDE = Path(__file__).resolve().parents[1]
PLAIN, DURABLE, HASHED = "a plain line", "a plain line, fdatasync", "reading and hashing alone"


def event(journal: Journal, number: int) -> Event:
    """A line of text, or now and then one that names a blob."""
    if number % BLOB_EVERY:
        return Reasoned(phase="x", source="code", text=f"line {number}")
    blob = journal.put(secrets.token_bytes(BLOB_BYTES))
    return TornTailRecovered(segment="x", size=BLOB_BYTES, blob=blob)


def plain(place: Path, events: Sequence[Event], sync: bool) -> Callable[[], None]:
    """One write for each event, and no chain."""

    def run() -> None:
        with tempfile.NamedTemporaryFile("wb", dir=place, buffering=0) as file:
            for event in events:
                file.write(json.dumps(event.model_dump(mode="json")).encode() + b"\n")
                if sync:
                    os.fdatasync(file.fileno())

    return run


def chained(place: Path, events: Sequence[Event], sync: bool, size: int = 1) -> Callable[[], None]:
    """A write for each event or, as effects do, for a few together; into a journal of its own."""

    def run() -> None:
        with Journal(Path(tempfile.mkdtemp(dir=place)), write=True) as journal:
            for number in range(0, len(events), size):
                if size == 1:
                    journal.append(events[number], sync=sync)
                else:
                    journal.append_all(events[number : number + size], sync=sync)

    return run


def with_blobs(place: Path, count: int, size: int) -> Callable[[], None]:
    """A model call on record: a few blobs and the event that names the last, on the disk."""

    def run() -> None:
        with Journal(Path(tempfile.mkdtemp(dir=place)), write=True) as journal:
            for _ in range(count):
                named = [journal.put(secrets.token_bytes(BLOB_BYTES)) for _ in range(size)]
                told = TornTailRecovered(segment="x", size=BLOB_BYTES, blob=named[-1])
                journal.append(told, sync=True)

    return run


def checked(folder: Path, blobs: bool) -> None:
    """All lines verified, with their blobs or without."""
    found = verify(folder, blobs)
    assert (found.events, found.problem) == (COUNT, "")
    assert found.blobs == (COUNT // BLOB_EVERY if blobs else 0)


def hashed(folder: Path) -> None:
    """The same bytes read and hashed, and nothing asked of them."""
    for path in folder.rglob("*"):
        if path.is_file():
            hashlib.sha256(path.read_bytes()).digest()


def table(jobs: dict[str, Callable[[], None]], baseline: str, count: int, what: str) -> None:
    """Medians for a thousand of what each job does `count` times, and how many that is a second."""
    print(f"\na thousand {what}, against {baseline!r}")
    found = medians(jobs, ROUNDS)
    show({name: seconds * 1000 / count for name, seconds in found.items()}, baseline)
    print("a second: " + ", ".join(f"{n} {count / s:,.0f}" for n, s in found.items()))


if __name__ == "__main__":
    above = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    with tempfile.TemporaryDirectory(prefix=".benchmark-", dir=above) as name:
        place = Path(name)
        print(f"in {place}")
        with Journal(place / "whole", write=True) as journal:
            events = [event(journal, number) for number in range(COUNT)]
            journal.append_all(events)
        few = events[:SYNCED]
        buffered = {
            PLAIN: plain(place, events, sync=False),
            "append": chained(place, events, sync=False),
            f"append_all of {BATCH}": chained(place, events, False, BATCH),
        }
        durable = {
            DURABLE: plain(place, few, sync=True),
            "append, synced": chained(place, few, sync=True),
            f"append_all of {TOGETHER}, synced": chained(place, few * TOGETHER, True, TOGETHER),
            "append with 2 blobs, synced": with_blobs(place, SYNCED, 2),
        }
        reading = {
            HASHED: lambda: hashed(place / "whole"),
            "verify, with blobs": lambda: checked(place / "whole", blobs=True),
            "verify, without blobs": lambda: checked(place / "whole", blobs=False),
        }
        table(buffered, PLAIN, COUNT, "writes")
        table(durable, DURABLE, SYNCED, "synced writes")
        table(reading, HASHED, COUNT, "events")
