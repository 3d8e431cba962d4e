"""The processes of a run, for tests that kill them."""

from __future__ import annotations

import os
from pathlib import Path

from scientist.lab import attempts, process
from scientist.lab.experiments import Run
from scientist.lab.sandbox import RUNNERS


def supervisor(run: Run) -> int:
    """The process that claimed the last attempt."""
    pid: int = attempts.holder(run.folder, attempts.last(run.folder))["pid"]
    return pid


def runners(run: Run) -> list[int]:
    """The runners of its workers: neither the boxes around them nor the forks for trials."""
    family = {member.pid for member in process.tree(supervisor(run))}
    named = {pid for name in RUNNERS for pid in process.started_with(name, "-P")}
    found = [pid for pid in family & named if _python(pid)]
    forks = {child for pid in found for child in process.children(pid)}
    return [pid for pid in found if pid not in forks and process.start_time(pid)]


def measured(run: Run) -> int:
    """Whole lines written so far."""
    path = run.folder / "trials.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def own(clock: str) -> str:
    """Seconds to sleep that no other process of the tests sleeps."""
    return f"{clock}{os.getpid()}"


def running(word: str) -> list[int]:
    """Processes of this machine that were given the word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(word) in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if process.start_time(pid)]


def _python(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1] == b"-P"
    except (OSError, IndexError):
        return False
