"""The store's folder: which generation is in use, how far it has come, who may touch it.

`chroma/current` names the generation; a rebuild makes the next one beside it and
renames that one file, so a crash leaves the old. Open stores hold a shared lock,
a rebuild the same lock alone, and whoever writes a second lock.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from scientist.errors import WorkspaceError
from scientist.workspace import explain

REBUILD = "scientist rebuild"
_STATE = "projection.json"
_PREFIX = "generation-"


@dataclass(frozen=True)
class State:
    """How far a generation follows the journal."""

    embedding: str
    seq: int = 0
    hash: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    writes: int = 0  # moves before and after every write, so that readers notice


def damaged(folder: Path, reason: object) -> WorkspaceError:
    """The store cannot be used, but everything in it can be made again."""
    said = (str(reason).splitlines() or [""])[0][:200]
    return WorkspaceError(f"the vector store in {folder} is damaged: {said}", REBUILD)


def ready(folder: Path) -> None:
    """Make the folder if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise _explain(fault, folder) from fault


def current(folder: Path) -> Path | None:
    """The generation in use; None in a new folder."""
    try:
        name = (folder / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as fault:
        raise damaged(folder, fault) from fault
    generation = folder / name
    if not name.startswith(_PREFIX) or not generation.is_dir():
        raise damaged(folder, f"it has no {name!r}")
    return generation


def following(folder: Path) -> Path:
    """An empty folder for the next generation."""
    numbers = [int(p.name[len(_PREFIX) :]) for p in _generations(folder)]
    generation = folder / f"{_PREFIX}{max(numbers, default=0) + 1}"
    try:
        generation.mkdir()
    except OSError as fault:
        raise _explain(fault, folder) from fault
    return generation


def adopt(folder: Path, generation: Path) -> None:
    """Make a generation the one in use, in one step, and remove all others."""
    _write(folder / "current", generation.name + "\n")
    for other in _generations(folder):
        if other != generation:
            shutil.rmtree(other, ignore_errors=True)


def discard(generation: Path) -> None:
    """Remove a generation that did not get finished."""
    shutil.rmtree(generation, ignore_errors=True)


def read_state(generation: Path) -> State:
    """How far the generation has come, as the last writer left it."""
    try:
        raw = json.loads((generation / _STATE).read_text(encoding="utf-8"))
        return State(**{f.name: raw[f.name] for f in fields(State)})
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise damaged(generation.parent, fault) from fault


def write_state(generation: Path, state: State) -> None:
    """Say how far the generation has come."""
    _write(generation / _STATE, json.dumps(asdict(state)))


@contextmanager
def held(folder: Path, alone: bool = False) -> Iterator[None]:
    """Keep a rebuild away from open stores, and open stores away from a rebuild."""
    with _lock(folder / "lock") as descriptor:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            if alone:
                raise WorkspaceError(
                    "the vector store is in use by another command",
                    f"end the other command or wait for it, then: {REBUILD}",
                ) from None
            raise WorkspaceError(
                "the vector store is being rebuilt by another command",
                "wait until it has ended, then run this again",
            ) from None
        yield


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """One writer at a time; the others wait."""
    with _lock(folder / "writing") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def _lock(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as fault:
        raise _explain(fault, path.parent) from fault
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _generations(folder: Path) -> list[Path]:
    return [p for p in folder.glob(f"{_PREFIX}*") if p.name[len(_PREFIX) :].isdigit()]


def _write(path: Path, content: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fdatasync(file.fileno())
        beside.replace(path)
    except OSError as fault:
        raise _explain(fault, path.parent) from fault


def _explain(fault: OSError, folder: Path) -> WorkspaceError:
    if fault.errno in (errno.EEXIST, errno.ENOTDIR):
        return WorkspaceError(
            f"a file stands where the folder {folder} should be",
            f"mv {folder} {folder}.old && {REBUILD}",
        )
    return explain(fault, folder)
