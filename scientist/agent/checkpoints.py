"""LangGraph's checkpoints in a SQLite file, and what its faults mean to the user.

They may be lost: what was done and said stands in the journal.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scientist.errors import WorkspaceError
from scientist.workspace import explain

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.types import StateSnapshot

_SYSTEM_FAULTS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


@contextmanager
def opened(file: Path, without: str) -> Iterator[SqliteSaver]:
    """The checkpoints of a file; `without` says what the loss of it costs."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    with explained(file, without):
        connection = sqlite3.connect(file, check_same_thread=False, timeout=30)
    with closing(connection):
        with explained(file, without):
            connection.execute("PRAGMA journal_mode=WAL")
            # what a power cut takes back is done again from the effects in the journal
            connection.execute("PRAGMA synchronous=NORMAL")
            saver = SqliteSaver(connection)
            saver.setup()
        yield saver


def waiting(standing: StateSnapshot) -> bool:
    """Whether a walk can go on from here: a node is next, or one has ended and none began since.

    What a node wrote is kept before the checkpoint after it; a kill between them leaves no node
    that is next, and a walk that is not over.
    """
    return bool(standing.next or standing.tasks)


@contextmanager
def explained(file: Path, without: str) -> Iterator[None]:
    """Turn a fault of SQLite into what the user can do about it."""
    try:
        yield
    except sqlite3.Error as fault:
        code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
        if code in _SYSTEM_FAULTS:
            number = _SYSTEM_FAULTS[code]
            raise explain(OSError(number, os.strerror(number)), file) from fault
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise WorkspaceError(
                f"{file} is locked by another program", "end that program"
            ) from fault
        raise WorkspaceError(
            f"the checkpoints in {file} cannot be used: {fault}", f"rm {file} ({without})"
        ) from fault
