"""LangGraph's checkpoints in a SQLite file or in Postgres, and what their faults mean to the user.

They may be lost: what was done and said stands in the journal.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scientist.agent.postgres import Database
from scientist.errors import WorkspaceError
from scientist.settings import Settings
from scientist.workspace import Workspace, explain

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.types import StateSnapshot

WITHOUT = "what was done is not done again"
_SYSTEM_FAULTS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


class Kept(Protocol):
    """Where checkpoints are kept."""

    name: str  # what messages call it
    away: str  # how to do away with what is there
    secrets: list[str]

    def opened(self) -> AbstractContextManager[BaseCheckpointSaver[Any]]:
        """The checkpoints, for as long as the block lasts."""

    def explained(self) -> AbstractContextManager[None]:
        """Turn a fault into what the user can do about it."""

    def thread(self, name: str) -> str:
        """The name under which a thread is kept."""


class File:
    """Checkpoints in a SQLite file; `without` says what the loss of it costs."""

    def __init__(self, file: Path, without: str) -> None:
        self._file = file
        self.name = str(file)
        self.away = f"rm {file} ({without})"
        self.secrets: list[str] = []

    def thread(self, name: str) -> str:
        """The file has threads of one workspace alone."""
        return name

    @contextmanager
    def opened(self) -> Iterator[SqliteSaver]:
        """The checkpoints of the file, which is made if it is missing."""
        from langgraph.checkpoint.sqlite import SqliteSaver

        with self.explained():
            connection = sqlite3.connect(self._file, check_same_thread=False, timeout=30)
        with closing(connection):
            with self.explained():
                connection.execute("PRAGMA journal_mode=WAL")
                # what a power cut takes back is done again from the effects in the journal
                connection.execute("PRAGMA synchronous=NORMAL")
                saver = SqliteSaver(connection)
                saver.setup()
            yield saver

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn a fault of SQLite into what the user can do about it."""
        try:
            yield
        except sqlite3.Error as fault:
            code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
            if code in _SYSTEM_FAULTS:
                number = _SYSTEM_FAULTS[code]
                raise explain(OSError(number, os.strerror(number)), self._file) from fault
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise WorkspaceError(
                    f"{self._file} is locked by another program", "end that program"
                ) from fault
            raise WorkspaceError(
                f"the checkpoints in {self._file} cannot be used: {fault}", self.away
            ) from fault


def of_campaigns(workspace: Workspace, settings: Settings) -> Kept:
    """Where the settings want the checkpoints of campaigns to be kept."""
    if settings.checkpoints is None:
        return File(workspace.checkpoints, WITHOUT)
    return Database(settings.checkpoints, workspace.root, WITHOUT, settings.connect_timeout)


def foreign(kept: Kept) -> WorkspaceError:
    """What is kept there is ahead of the journal, or of another one."""
    return WorkspaceError(
        f"the checkpoints in {kept.name} do not belong to this journal", kept.away
    )


def waiting(standing: StateSnapshot) -> bool:
    """Whether a walk can go on from here: a node is next, or one has ended and none began since.

    What a node wrote is kept before the checkpoint after it; a kill between them leaves no node
    that is next, and a walk that is not over.
    """
    return bool(standing.next or standing.tasks)
