"""A store's generations in a folder of the workspace, and the locks of all who use a store.

`chroma/current` names the generation; a rebuild makes the next one beside it and
renames that one file, so a crash leaves the old. Open stores hold a shared lock,
a rebuild the same lock alone, and whoever writes a second lock.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from scientist.errors import ScientistError, WorkspaceError
from scientist.memory.home import REBUILD, State, damaged, from_plain
from scientist.workspace import explain

if TYPE_CHECKING:
    from chromadb.api.client import Client

_STATE = "projection.json"
_PREFIX = "generation-"


class Folder:
    """The home of a workspace's store in its own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = f"the vector store in {folder}"

    def current(self) -> str | None:
        """The generation in use; None in a new folder."""
        try:
            name = (self._folder / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise damaged(self, fault) from fault
        if not name.startswith(_PREFIX) or not (self._folder / name).is_dir():
            raise damaged(self, f"it has no {name!r}")
        return name

    def used(self) -> bool:
        """Whether anything of a record was ever filed here, as far as can be told."""
        try:
            generation = self.current()
            return generation is not None and self.read_state(generation).seq > 0
        except WorkspaceError:
            return True

    def following(self) -> str:
        """An empty folder for the next generation."""
        numbers = [int(p.name[len(_PREFIX) :]) for p in self._generations()]
        name = f"{_PREFIX}{max(numbers, default=0) + 1}"
        try:
            (self._folder / name).mkdir()
        except OSError as fault:
            raise _explain(fault, self._folder) from fault
        return name

    def adopt(self, generation: str) -> None:
        """Make a generation the one in use, in one step, and remove all others."""
        write(self._folder / "current", generation + "\n")
        for other in self._generations():
            if other.name != generation:
                shutil.rmtree(other, ignore_errors=True)

    def discard(self, generation: str) -> None:
        """Remove a generation that did not get finished."""
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def read_state(self, generation: str) -> State:
        """How far the generation has come, as the last writer left it."""
        try:
            raw = json.loads((self._folder / generation / _STATE).read_text(encoding="utf-8"))
            return from_plain(raw)
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise damaged(self, fault) from fault

    def write_state(self, generation: str, state: State) -> None:
        """Say how far the generation has come."""
        write(self._folder / generation / _STATE, json.dumps(asdict(state)))

    def held(self, alone: bool = False) -> AbstractContextManager[None]:
        """Keep a rebuild away from open stores, and open stores away from a rebuild."""
        return held(self._folder, alone)

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time; the others wait."""
        return writing(self._folder)

    def connect(self, generation: str) -> Client:
        """Chroma on the folder, without telemetry."""
        import chromadb
        from chromadb.config import Settings

        quiet = Settings(anonymized_telemetry=False)
        path = str(self._folder / generation)
        return cast("Client", chromadb.PersistentClient(path, settings=quiet))

    def release(self, client: Client) -> None:
        """Give back Chroma's files."""
        client.close()

    def close(self) -> None:
        """Nothing stays open here."""

    def called(self, _generation: str, collection: str) -> str:
        """A collection's name at Chroma: each generation has a folder of its own."""
        return collection

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what Chroma raises, whatever its class, into words and a fix."""
        try:
            yield
        except (ScientistError, TypeError, NameError, MemoryError):
            raise
        except OSError as fault:
            raise explain(fault, self._folder) from fault
        except BaseException as fault:
            rust_panic = type(fault).__name__ == "PanicException"
            if not isinstance(fault, Exception) and not rust_panic:
                raise
            said = str(fault).lower()
            if "readonly" in said or "read-only" in said or "permission denied" in said:
                raise explain(
                    OSError(errno.EROFS, os.strerror(errno.EROFS)), self._folder
                ) from fault
            if "disk is full" in said or "no space left" in said:
                raise explain(
                    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self._folder
                ) from fault
            if "database is locked" in said:
                raise WorkspaceError(
                    f"{self.name} is locked by another program",
                    "end that program, then run this again",
                ) from fault
            raise damaged(self, fault) from fault

    def _generations(self) -> list[Path]:
        found = self._folder.glob(f"{_PREFIX}*")
        return [p for p in found if p.name[len(_PREFIX) :].isdigit()]


def _ready(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise _explain(fault, folder) from fault


@contextmanager
def held(folder: Path, alone: bool = False) -> Iterator[None]:
    """Keep a rebuild away from open stores, and open stores away from a rebuild."""
    _ready(folder)
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


def write(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
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
            f"mv {shlex.quote(str(folder))} {shlex.quote(f'{folder}.old')} && {REBUILD}",
        )
    return explain(fault, folder)
