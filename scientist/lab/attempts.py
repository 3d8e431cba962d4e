"""Attempts at a run: who may measure now, and where the run stands.

Each attempt is claimed once, by a link that appears whole or not at all: `claim`, then
`claim-2` once the first one's supervisor is dead or was stopped, and so on. Nobody but the
holder of the last claim adds results. A claim names its supervisor by process number, start
time and boot, so that a later process with the same number is not taken for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any, Literal

from scientist.lab import process

Standing = Literal["ready", "running", "finished", "stopped", "lost"]
ALIVE = "alive"
LEASE_SECONDS = 60
SIGNS_OF_LIFE = ("trials.jsonl", "stdout", "stderr")


def name_of(word: str, attempt: int) -> str:
    """The file of an attempt: the first has the plain name."""
    return word if attempt == 1 else f"{word}-{attempt}"


def last(folder: Path) -> int:
    """How many attempts were begun."""
    number = 0
    while (folder / name_of("claim", number + 1)).exists():
        number += 1
    return number


def standing(folder: Path) -> Standing:
    """Where a run stands, by its folder and by whether its supervisor lives."""
    attempt = last(folder)
    if attempt == 0:
        return "ready"
    if ended := _ended(folder, attempt):
        return ended
    if holder_lives(folder, attempt):
        return "running"
    return _ended(folder, attempt) or "lost"  # it may have ended between the two looks


def claim(folder: Path) -> int | None:
    """Become the supervisor of a run nobody supervises; the number of the attempt, or None."""
    attempt = last(folder)
    if standing(folder) in ("running", "finished"):
        return None
    own = os.getpid()
    identity = {"pid": own, "start_time": process.start_time(own), "boot": process.boot()}
    part = folder / f".claim.{own}"
    with part.open("w") as file:
        json.dump(identity | {"spent": spent(folder, attempt)}, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, folder / name_of("claim", attempt + 1))
    except FileExistsError:  # another one was faster
        return None
    finally:
        part.unlink()
    return attempt + 1


def spent(folder: Path, attempt: int) -> float:
    """Seconds that the attempts up to this one took, as far as their files show."""
    if attempt == 0:
        return 0.0
    status = read(folder / "status.json")
    if status and status.get("attempt", 1) == attempt:
        return float(status["seconds"])
    began = (folder / name_of("claim", attempt)).stat().st_mtime
    ended = began
    for name in SIGNS_OF_LIFE:
        with contextlib.suppress(FileNotFoundError):
            ended = max(ended, (folder / name).stat().st_mtime)
    return round(float(holder(folder, attempt).get("spent", 0.0)) + ended - began, 4)


def holder(folder: Path, attempt: int) -> dict[str, Any]:
    """Who claimed an attempt; nothing if that cannot be read, as after a power cut."""
    try:
        found = json.loads((folder / name_of("claim", attempt)).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def holder_lives(folder: Path, attempt: int) -> bool:
    """Whether the supervisor of an attempt still runs, here or where the folder is shared."""
    who = holder(folder, attempt)
    if who and not here(folder, attempt):
        with contextlib.suppress(FileNotFoundError):
            return time.time() - (folder / ALIVE).stat().st_mtime < LEASE_SECONDS
        return False
    try:
        return process.alive(who["pid"], who["start_time"])
    except (KeyError, TypeError):
        return False


def here(folder: Path, attempt: int) -> bool:
    """Whether an attempt was claimed on this machine, and since it was last started."""
    return bool(holder(folder, attempt).get("boot") == process.boot())


def show_life(folder: Path) -> None:
    """Let other machines see that the supervisor lives; not more often than they need."""
    sign = folder / ALIVE
    with contextlib.suppress(FileNotFoundError):
        if time.time() - sign.stat().st_mtime < LEASE_SECONDS / 12:
            return
    sign.touch()


def ask_to_stop(folder: Path) -> None:
    """Ask the supervisor of the present attempt, or of the first, to end it; later ones go on."""
    (folder / name_of("stop", max(1, last(folder)))).touch()


def asked_to_stop(folder: Path, attempt: int) -> bool:
    """Whether somebody wants an attempt to end."""
    return (folder / name_of("stop", attempt)).exists()


def read(file: Path) -> dict[str, Any] | None:
    """What the supervisor wrote in a file of the run; None if it did not come to that."""
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    return found


def write(file: Path, content: dict[str, Any]) -> None:
    """A small file, whole and on disk before it is visible."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with part.open("w") as text:
        json.dump(content, text)
        text.flush()
        os.fsync(text.fileno())
    part.replace(file)
    with contextlib.suppress(OSError):
        descriptor = os.open(file.parent, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _ended(folder: Path, attempt: int) -> Literal["finished", "stopped"] | None:
    """How the last attempt ended; the status of an earlier one says nothing any more."""
    status = read(folder / "status.json")
    if status is None or status.get("attempt", 1) != attempt:
        return None
    return "stopped" if status["status"] == "stopped" else "finished"
