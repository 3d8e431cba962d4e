"""Content-addressed bytes beside the journal: a blob's name is its SHA-256."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from scientist.errors import JournalError
from scientist.workspace import explain


def put(folder: Path, content: bytes) -> str:
    """Store bytes durably and return their address; storing twice is free."""
    digest = hashlib.sha256(content).hexdigest()
    target = path(folder, digest)
    try:
        if _holds(target, content):
            return digest
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            _settle(folder)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fdatasync(file.fileno())
            Path(temporary).replace(target)
            _settle(target.parent)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise explain(fault, target.parent) from fault
    return digest


def _holds(target: Path, content: bytes) -> bool:
    """Whether a blob is there already, whole: a power cut may have left an empty one."""
    try:
        return target.read_bytes() == content
    except FileNotFoundError:
        return False


def _settle(folder: Path) -> None:
    """Put the names in a folder on the disk; the bytes alone could not be found again."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
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
