"""Content-addressed bytes beside the journal: a blob's name is its SHA-256.

`put` returns when a blob is on the disk. A `Shelf` writes at once and lets its blobs wait for the
disk side by side while the caller goes on; who names one in an event first calls `settle`. A blob
has its name only when its bytes are on the disk: what is killed leaves a part at most.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from scientist.errors import JournalError, ScientistError
from scientist.workspace import explain

AT_ONCE = 4  # waits for the disk: a journalling file system answers them together
MOST_WAITING = 64


def put(folder: Path, content: bytes) -> str:
    """Store bytes durably and return their address; storing twice is free."""
    digest = hashlib.sha256(content).hexdigest()
    if finish := _begun(folder, digest, content):
        finish()
    return digest


class Shelf:
    """The blobs of one journal, some of them on their way to the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._anew()

    def _anew(self) -> None:
        self._process = os.getpid()
        self._mutex = threading.Lock()
        self._waiting: dict[str, tuple[Callable[[], None], Future[None]]] = {}
        self._lost: dict[str, ScientistError] = {}
        self._told: set[str] = set()
        self._pool: ThreadPoolExecutor | None = None

    def put(self, content: bytes) -> str:
        """Write bytes, and return their address; they are on the disk after `settle`."""
        self._forked()
        digest = hashlib.sha256(content).hexdigest()
        if len(self._waiting) >= MOST_WAITING:
            self.settle()
        with self._mutex:
            if digest not in self._waiting and (finish := _begun(self._folder, digest, content)):
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(AT_ONCE, "blobs")
                self._waiting[digest] = (finish, self._pool.submit(finish))
            self._lost.pop(digest, None)
        return digest

    def settle(self) -> None:
        """Wait until all that was put is on the disk, or is known to be lost."""
        self._forked()
        with self._mutex:
            waiting = list(self._waiting.items())
        for digest, (_, future) in waiting:
            self._ended(digest, future)

    def get(self, digest: str) -> bytes:
        """The bytes of a blob, checked."""
        self._forked()
        if known := self._waiting.get(digest):
            self._ended(digest, known[1])
        return get(self._folder, digest)

    def check(self, said: bytes | bytearray) -> None:
        """Refuse what names a blob that did not get to the disk."""
        for digest, fault in list(self._lost.items()):
            if digest.encode() in said:
                self._told.add(digest)
                raise fault

    def close(self) -> None:
        """Settle, and tell of what was lost and nobody was told of."""
        self.settle()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        for digest in self._lost.keys() - self._told:
            raise self._lost[digest]

    def _ended(self, digest: str, future: Future[None]) -> None:
        try:
            future.result()
        except ScientistError as fault:
            self._lost[digest] = fault
        with self._mutex:
            if (known := self._waiting.get(digest)) and known[1] is future:
                del self._waiting[digest]

    def _forked(self) -> None:
        """The threads of a process do not come along into its child: it ends what they began."""
        if self._process == os.getpid():
            return
        begun = [(digest, finish) for digest, (finish, _) in self._waiting.items()]
        lost, told = self._lost, self._told
        self._anew()
        self._lost, self._told = lost, told
        for digest, finish in begun:
            try:
                finish()
            except ScientistError as fault:
                self._lost[digest] = fault


def _begun(folder: Path, digest: str, content: bytes) -> Callable[[], None] | None:
    """Write a blob under another name; what is given back ends it. None if it is there."""
    target = path(folder, digest)
    try:
        if _holds(target, content):
            return None
        new = not target.parent.is_dir()
        if new:
            target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        part = Path(temporary)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise explain(fault, target.parent) from fault
    return lambda: _finish(folder if new else None, part, target)


def _finish(above: Path | None, part: Path, target: Path) -> None:
    """Put a blob's bytes on the disk, then its name; `above` is the folder that got a new one."""
    try:
        try:
            _sync(part, os.fdatasync)
            part.replace(target)
        except FileNotFoundError:
            if not target.is_file():  # else another process, forked meanwhile, was quicker
                raise
        if above is not None:
            _sync(above, os.fsync)
        _sync(target.parent, os.fsync)  # the bytes alone could not be found again
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise explain(fault, target) from fault


def _holds(target: Path, content: bytes) -> bool:
    """Whether a blob is there already, whole: a power cut may have left an empty one."""
    try:
        return target.read_bytes() == content
    except FileNotFoundError:
        return False


def _sync(place: Path, how: Callable[[int], None]) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        how(descriptor)
    finally:
        os.close(descriptor)


def get(folder: Path, digest: str) -> bytes:
    """The bytes at an address, checked against it."""
    try:
        content = path(folder, digest).read_bytes()
    except OSError as fault:
        raise JournalError(
            f"blob {digest[:12]} is missing from the journal", "scientist audit verify"
        ) from fault
    if hashlib.sha256(content).hexdigest() != digest:
        raise JournalError(f"blob {digest[:12]} was altered", "scientist audit verify")
    return content


def path(folder: Path, digest: str) -> Path:
    """Where a blob lies."""
    return folder / digest[:2] / digest[2:]
