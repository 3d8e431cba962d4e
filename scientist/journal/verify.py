"""Check the chain from the first byte to the last, trusting nothing but the bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from scientist.events import EVENT
from scientist.journal import blobs
from scientist.journal.chain import GENESIS, MORE, split
from scientist.journal.places import segments

_ADDRESS = re.compile(rb'"([a-z_]+_blob|blob)":"([0-9a-f]{64})"')


@dataclass
class Verification:
    """What was checked, and the first thing that is wrong."""

    events: int = 0
    blobs: int = 0
    head: str = GENESIS
    torn_bytes: int = 0
    problem: str = ""
    place: str = ""
    invalid_from: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problem


def verify(folder: Path, check_blobs: bool = True) -> Verification:
    """Re-hash every line and every blob; stop at the first bad place and name it."""
    result = Verification()
    unfinished = 0
    seen: set[bytes] = set()
    files = segments(folder)
    expected = [f"{n:06d}.jsonl" for n in range(1, len(files) + 1)]
    for file, name in zip(files, expected, strict=True):
        if file.name != name:
            return _fail(result, f"segment {name} is missing", name)
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    if file is not files[-1]:
                        return _fail(result, "a line is cut off", f"{name}:{number}")
                    result.torn_bytes = len(line)
                    result.notes.append(f"{len(line)} bytes of an unfinished line at the end")
                    continue
                if problem := _check(line, result):
                    return _fail(result, problem, f"{name}:{number}")
                unfinished = unfinished + 1 if line.startswith(MORE) else 0
                if check_blobs:
                    for key, address in _ADDRESS.findall(line):
                        if address in seen:
                            continue
                        seen.add(address)
                        if problem := _check_blob(folder / "blobs", address.decode()):
                            return _fail(result, f"{problem} ({key.decode()})", f"{name}:{number}")
                        result.blobs += 1
    if unfinished:
        result.notes.append(f"{unfinished} events of an unfinished batch at the end")
    return result


def _check(line: bytes, result: Verification) -> str:
    parts = split(line)
    if parts is None:
        return "a line has no hash"
    body, stored = parts
    if hashlib.sha256(body).hexdigest() != stored:
        return "a line was altered: its hash does not match its bytes"
    try:
        raw = orjson.loads(body + b"}")
        previous, seq, data = raw["previous"], raw["seq"], {"kind": raw["kind"], **raw["data"]}
    except (ValueError, KeyError, TypeError):
        return "a line is no event"
    if previous != result.head:
        return "the chain is broken: a line was removed, inserted or reordered before this one"
    if seq != result.events + 1:
        return f"event {result.events + 1} is missing"
    try:
        EVENT.validate_python(data)
    except ValueError as invalid:
        return f"an event does not fit its schema: {str(invalid).splitlines()[0]}"
    result.events += 1
    result.head = stored
    return ""


def _check_blob(folder: Path, address: str) -> str:
    try:
        content = blobs.path(folder, address).read_bytes()
    except OSError:
        return f"blob {address[:12]} is missing"
    if hashlib.sha256(content).hexdigest() != address:
        return f"blob {address[:12]} was altered"
    return ""


def _fail(result: Verification, problem: str, place: str) -> Verification:
    result.problem, result.place = problem, place
    result.invalid_from = result.events + 1
    return result
