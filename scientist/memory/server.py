"""A store's generations on a Chroma server that workspaces share.

A generation has a random name, which its collections bear, so nothing of two workspaces can meet.
How far it has come stands beside it on the server: a copy of the workspace that goes its own way
is noticed there. Which generation is in use, and the locks, stay in the workspace's folder.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import secrets
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scientist.errors import ScientistError, WorkspaceError
from scientist.memory import folder as folders
from scientist.memory.documents import COLLECTIONS, PASSAGES
from scientist.memory.home import State, damaged, from_plain

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

ANSWER_SECONDS = 60
_GENERATION = re.compile("[0-9a-f]{16}")


class Server:
    """The home of a workspace's store on a Chroma server."""

    def __init__(self, folder: Path, url: str, token: str | None, connect_seconds: float) -> None:
        self._folder = folder
        self._url = url.rstrip("/")
        self._token = token
        self._seconds = connect_seconds
        self._client: Client | None = None
        here = hashlib.sha256(self._url.encode()).hexdigest()[:12]
        self._current, self._left = folder / f"server-{here}", folder / f"server-{here}.left"
        self._owner = f"{socket.gethostname()}:{folder.parent}"
        self.name = f"the vector store on {self._url}"

    def current(self) -> str | None:
        """The generation in use; None if this workspace never had one there."""
        return self._noted(self._current)

    def following(self) -> str:
        """A name that nothing on the server has; what was left to be removed goes."""
        left, current = self._known(self._left), self._known(self._current)
        if left and left != current:
            self.discard(left)
        name = secrets.token_hex(8)
        folders.write(self._left, name + "\n")
        return name

    def adopt(self, generation: str) -> None:
        """Make a generation the one in use, in one step, then remove the one before."""
        before = self._known(self._current)
        folders.write(self._current, generation + "\n")
        if before and before != generation:
            folders.write(self._left, before + "\n")
            self.discard(before)
        self._left.unlink(missing_ok=True)

    def discard(self, generation: str) -> None:
        """Remove a generation, unless it is the one of the workspace that this is a copy of."""
        with suppress(Exception):  # what cannot be removed is only in the way
            if self._metadata(generation).get("owner") != self._owner:
                return
            for name in reversed(COLLECTIONS):  # the one that names the owner goes last
                with suppress(Exception):
                    self.connect().delete_collection(self.called(generation, name))

    def read_state(self, generation: str) -> State:
        """How far the generation has come, as the last writer left it."""
        with self.explained():
            metadata = self._metadata(generation)
        try:
            return from_plain(json.loads(metadata["state"]))
        except (ValueError, KeyError, TypeError) as fault:
            raise damaged(self, fault) from fault

    def write_state(self, generation: str, state: State) -> None:
        """Say how far the generation has come."""
        written = {
            "embedding": state.embedding,
            "state": json.dumps(asdict(state)),
            "owner": self._owner,
        }
        with self.explained():
            self._main(generation).modify(metadata=written)

    def held(self, alone: bool = False) -> AbstractContextManager[None]:
        """Keep a rebuild away from open stores, and open stores away from a rebuild."""
        return folders.held(self._folder, alone)

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time; the others wait."""
        return folders.writing(self._folder)

    def connect(self, _generation: str = "") -> Client:
        """The one client of this home, open until `close`."""
        if self._client is None:
            self.reach()
            self._client = self._fresh()
        return self._client

    def release(self, _client: Client) -> None:
        """Nothing is in the way of others."""

    def close(self) -> None:
        """End the connections, which Chroma's own end leaves open."""
        client, self._client = self._client, None
        if client is not None:
            for session in sessions(client):
                session.close()
            client.close()

    def called(self, generation: str, collection: str) -> str:
        """A collection's name at Chroma."""
        return f"scientist-{generation}-{collection}"

    def reach(self) -> None:
        """Ask the server whether it is there, and say what helps if it does not answer."""
        asked = urllib.request.Request(f"{self._url}/api/v2/heartbeat", headers=self._headers())
        try:
            with urllib.request.urlopen(asked, timeout=self._seconds) as answer:
                if "nanosecond heartbeat" in json.load(answer):
                    return
        except urllib.error.HTTPError as fault:
            fault.close()
            if fault.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise self._other_token() from fault
            raise self._no_chroma(f"HTTP {fault.code}") from fault
        except (OSError, http.client.HTTPException) as fault:
            raise self._unreachable(getattr(fault, "reason", fault)) from fault
        except (ValueError, TypeError) as fault:
            raise self._no_chroma("what came is no answer of Chroma's") from fault
        raise self._no_chroma("what came is no answer of Chroma's")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what Chroma and its connection raise into words and a fix."""
        try:
            yield
        except (ScientistError, TypeError, NameError, MemoryError):
            raise
        except Exception as fault:
            import httpx
            from chromadb.errors import ChromaAuthError, NotFoundError

            if isinstance(fault, httpx.TransportError):
                raise self._unreachable(fault) from fault
            if isinstance(fault, ChromaAuthError):
                raise self._other_token() from fault
            if isinstance(fault, NotFoundError):
                raise damaged(self, fault) from fault
            said = (str(fault).splitlines() or [type(fault).__name__])[0][:200]
            raise WorkspaceError(
                f"the Chroma server at {self._url} failed: {said}",
                "look at the server's log, then run this again",
            ) from fault

    def _fresh(self) -> Client:
        import chromadb
        import httpx
        from chromadb.config import Settings

        client = chromadb.HttpClient(
            self._url, headers=self._headers(), settings=Settings(anonymized_telemetry=False)
        )
        # its own patience is without end
        for session in sessions(client):
            session.timeout = httpx.Timeout(ANSWER_SECONDS, connect=self._seconds)
        return cast("Client", client)

    def _headers(self) -> dict[str, str]:
        """The token, as proxies and as Chroma itself look for it."""
        if not self._token:
            return {}
        return {"Authorization": f"Bearer {self._token}", "X-Chroma-Token": self._token}

    def _main(self, generation: str) -> Collection:
        """The collection that also says whose the generation is and how far it has come."""
        return self.connect().get_collection(
            self.called(generation, PASSAGES), embedding_function=None
        )

    def _metadata(self, generation: str) -> dict[str, Any]:
        return dict(self._main(generation).metadata or {})

    def _noted(self, file: Path) -> str | None:
        try:
            name = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise damaged(self, fault) from fault
        if not _GENERATION.fullmatch(name):
            raise damaged(self, f"{file} names no generation")
        return name

    def _known(self, file: Path) -> str | None:
        """The same, where a damaged note names nothing that could be removed."""
        with suppress(WorkspaceError):
            return self._noted(file)
        return None

    def _unreachable(self, reason: object) -> WorkspaceError:
        return WorkspaceError(
            f"the Chroma server at {self._url} cannot be reached: {reason}; nothing on record is "
            "lost, and the store catches up when it is back",
            f"start it there (chroma run --path DIR --host HOST --port {self._port()}), or work "
            "without it: leave --chroma out, unset SCIENTIST_CHROMA",
        )

    def _port(self) -> int:
        parts = urllib.parse.urlsplit(self._url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def _other_token(self) -> WorkspaceError:
        return WorkspaceError(
            f"the server at {self._url} asks for {'another' if self._token else 'a'} token",
            "SCIENTIST_CHROMA_TOKEN=… scientist doctor",
        )

    def _no_chroma(self, reason: str) -> WorkspaceError:
        return WorkspaceError(
            f"no Chroma server of version 1 answers at {self._url}: {reason}",
            "scientist config show (where that address comes from)",
        )


def notes(folder: Path) -> list[Path]:
    """What a workspace notes of its stores on servers."""
    return sorted(folder.glob("server-*"))


def sessions(client: object) -> tuple[Any, Any]:
    """The connections of a client: its time limits and its end are left to us."""
    whole = cast(Any, client)
    return whole._server._session, whole._admin_client._server._session
