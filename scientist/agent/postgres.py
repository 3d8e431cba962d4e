"""LangGraph's checkpoints in a Postgres database, which workspaces share.

A thread's name there begins with its workspace, so that no two of them meet. The address may hold
a password: it is shown without, and kept out of the record.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from scientist.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from langgraph.checkpoint.postgres import PostgresSaver

SETTING_UP = 0x5C1E47157  # the advisory lock of whoever makes the tables
LOOK_SECONDS = 0.05
SILENT_MILLISECONDS = 60_000  # a server that takes no byte for so long is gone


class Database:
    """Where the checkpoints of a workspace's campaigns are kept, in a database."""

    def __init__(self, url: str, workspace: Path, without: str, connect_seconds: float) -> None:
        self._url = url
        self._workspace = hashlib.sha256(str(workspace).encode()).hexdigest()[:12]
        self._without = without
        self._seconds = max(2, round(connect_seconds))  # libpq takes no less
        self.name = shown(url)
        self.secrets = secrets(url)
        self.away = f"do without them: unset SCIENTIST_CHECKPOINTS ({without})"

    def thread(self, name: str) -> str:
        """The name under which a thread of this workspace is kept."""
        return f"{self._workspace}-{name}"

    @contextmanager
    def opened(self) -> Iterator[PostgresSaver]:
        """The checkpoints, in tables that are made if they are missing."""
        with self._connected() as (connection, saver):
            with self.explained():
                checkpoints: PostgresSaver = saver(connection)
                _set_up(connection, checkpoints)
            yield checkpoints

    def reach(self) -> None:
        """Find out whether the database lets us in."""
        with self._connected():
            pass

    @contextmanager
    def _connected(self) -> Iterator[tuple[Any, Any]]:
        saver, dict_row, connect = _library()
        with self.explained():
            connection = connect(
                self._url,
                autocommit=True,
                prepare_threshold=0,
                row_factory=dict_row,
                connect_timeout=self._seconds,
                tcp_user_timeout=SILENT_MILLISECONDS,
                application_name="scientist",
            )
        try:
            yield connection, saver
        finally:
            connection.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn a fault of Postgres into what the user can do about it."""
        import psycopg

        try:
            yield
        except psycopg.Error as fault:
            said = " ".join(str(fault).split())
            for secret in self.secrets:
                said = said.replace(secret, "********")
            if isinstance(fault, psycopg.OperationalError):
                raise WorkspaceError(
                    f"the checkpoints at {self.name} cannot be reached: {said}; {self._without}",
                    "mend the connection (scientist doctor tries it), or " + self.away,
                ) from fault
            raise WorkspaceError(
                f"the checkpoints at {self.name} cannot be used: {said}", self.away
            ) from fault


def shown(url: str) -> str:
    """A database's address without what is secret in it."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{user}{place}{parts.path}"


def secrets(url: str) -> list[str]:
    """What of a database's address no record may hold."""
    password = urlsplit(url).password
    return [url, *(dict.fromkeys((password, unquote(password))) if password else ())]


def _library() -> tuple[Any, Any, Any]:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
        from psycopg import Connection
        from psycopg.rows import dict_row
    except ImportError as missing:
        raise UsageError(
            f"checkpoints in Postgres need a library that is not installed: {missing.name}",
            "pip install 'scientist[postgres]'",
        ) from missing
    return PostgresSaver, dict_row, Connection.connect


def _set_up(connection: Any, saver: PostgresSaver) -> None:
    """Make the tables, one process at a time.

    Whoever waited inside a statement would keep its indexes from being made, so this looks again.
    """
    asked = "SELECT pg_try_advisory_lock(%s) AS taken"
    while not connection.execute(asked, (SETTING_UP,)).fetchone()["taken"]:
        time.sleep(LOOK_SECONDS)
    try:
        saver.setup()
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (SETTING_UP,))
