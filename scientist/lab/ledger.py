"""What a run has measured and printed: trials.jsonl, ran.jsonl, stdout and stderr of its folder.

Only whole, checked lines are added, each with one write, so that a kill tears at most the last
one; whoever opens the file again cuts that one off. A result stands once its line stands.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

from scientist.lab import lines
from scientist.lab.executors import Forged, TooMuch

RESULT_KB = 32
RESULTS_MB = 64
NOTES_KB = 1024


class Ledger:
    """The files of one run, open for adding to; what stands in them is never changed."""

    def __init__(self, folder: Path, trials: Sequence[tuple[str, int]], output_kb: int) -> None:
        self._trials = trials
        self._places = {trial: number for number, trial in enumerate(trials)}
        self._standing: dict[int, bytes] = {}
        self._others: set[bytes] = set()
        room = min(RESULTS_MB * 2**20, 2**20 + len(trials) * RESULT_KB * 1024)
        self._rooms = {"trials.jsonl": room, "ran.jsonl": NOTES_KB * 1024}
        self._rooms |= dict.fromkeys(("stdout", "stderr"), output_kb * 1024)
        with contextlib.ExitStack() as opened:
            self._files: dict[str, BinaryIO] = {
                name: opened.enter_context((folder / name).open("ab", buffering=0))
                for name in self._rooms
            }
            for line in _whole_lines(folder / "trials.jsonl", self._files["trials.jsonl"]):
                self._take(line)
            self._notes = set(_whole_lines(folder / "ran.jsonl", self._files["ran.jsonl"]))
            opened.pop_all()

    def missing(self, among: Sequence[int] | None = None) -> list[int]:
        """The trials that have no line yet."""
        wanted = range(len(self._trials)) if among is None else among
        return [number for number in wanted if number not in self._standing]

    def report(self, raw: bytes) -> None:
        """Check whole lines and add those that do not stand already."""
        *whole, rest = raw.split(b"\n")
        if rest:
            raise Forged("a line without an end")
        for line in whole:
            if self._take(line):
                self._add("trials.jsonl", line + b"\n")

    def note(self, ran: dict[str, Any]) -> None:
        """Record what a piece of the run ran under, once."""
        line = json.dumps(ran, sort_keys=True).encode()
        if line not in self._notes:
            self._notes.add(line)
            self._add("ran.jsonl", line + b"\n")
            os.fsync(self._files["ran.jsonl"].fileno())

    def output(self, name: Literal["stdout", "stderr"], content: bytes) -> str:
        """Keep what was printed, up to the cap; a reason if it is more than that."""
        most = self._rooms[name]
        room = max(0, most - self._files[name].tell())
        _write(self._files[name], content[:room])
        return "" if len(content) <= room else f"more than {most // 1024} kB of output"

    def close(self) -> None:
        """On disk, as far as the disk can hold it."""
        for file in self._files.values():
            with contextlib.closing(file):
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    os.fdatasync(file.fileno())

    def _take(self, line: bytes) -> bool:
        """Whether a line is new and may stand; Forged if it may not."""
        number = None
        if lines.environment(line) is None:
            try:
                said = lines.read(line)
            except ValueError as invalid:
                raise Forged(f"a line is not a result: {invalid}") from invalid
            if said.arm is not None and said.seed is not None:
                number = self._places.get((said.arm, said.seed))
                if number is None:
                    raise Forged(f"a result nobody asked for: {(said.arm, said.seed)}"[:300])
        if number is None:
            new = line not in self._others
            self._others.add(line)
            return new
        if number not in self._standing:
            self._standing[number] = line
            return True
        if self._standing[number] != line:
            raise Forged(f"two results for one trial: {self._trials[number]}"[:300])
        return False

    def _add(self, name: str, line: bytes) -> None:
        most = self._rooms[name]
        if self._files[name].tell() + len(line) > most:
            raise TooMuch(f"more than {most // 1024} kB of results")
        _write(self._files[name], line)


def _write(file: BinaryIO, content: bytes) -> None:
    while content:
        content = content[file.write(content) :]


def _whole_lines(path: Path, file: BinaryIO) -> list[bytes]:
    """The lines that stand in a file; a torn last one is cut off."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return []
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        file.truncate(whole)
        file.seek(0, os.SEEK_END)
    return content[:whole].split(b"\n")[:-1]
