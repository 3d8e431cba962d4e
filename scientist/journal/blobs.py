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
    if target.exists():
        return digest
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fdatasync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise explain(fault, target.parent) from fault
    return digest


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
