"""Find by meaning: Chroma collections that mirror the journal and can be made anew.

Vectors are always given, so Chroma never reaches for an embedding function of its own.
What a crash left out is added by the next `sync`. folder.py knows the files and locks,
documents.py what belongs in here.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scientist.artifacts import Progress
from scientist.errors import ScientistError, WorkspaceError
from scientist.journal import Journal
from scientist.memory import folder as folders
from scientist.memory.documents import (
    ASSERTIONS,
    COLLECTIONS,
    FINDINGS,
    HYPOTHESES,
    PASSAGES,
    Document,
    documents,
)
from scientist.memory.embedding import IDS, Embedding, Remembering, Vector, identity, load
from scientist.settings import Settings
from scientist.workspace import Workspace, explain

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH = 256


@dataclass(frozen=True)
class Hit:
    """Something found by meaning: distance 0 is the same, 1 has nothing in common."""

    address: str
    text: str
    distance: float
    metadata: dict[str, Any]


class Store:
    """The open vector store of a workspace; close it, or use it as a context."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        progress: Progress | None = None,
        embedding: Embedding | None = None,
        generation: Path | None = None,
    ) -> None:
        """Open what is in use; a rebuild names the generation that it fills instead.

        Without an `embedding` the settings name one, which is loaded when first used.
        """
        self._embedding_id = embedding.id if embedding else identity(settings)
        self._load = partial(load, settings, progress)
        self._embedding = Remembering(embedding) if embedding else None
        self._mutex = threading.RLock()
        self._client: Client | None = None
        self._whole = False  # until a sync has seen that nothing got lost
        self._collections: dict[str, Collection] = {}
        self._folder = workspace.chroma
        self._exit = ExitStack()
        with ExitStack() as opening:
            opening.callback(self.close)
            self._open(generation or self._in_use())
            opening.pop_all()

    def _in_use(self) -> Path:
        folders.ready(self._folder)
        self._exit.enter_context(folders.held(self._folder))
        with folders.writing(self._folder):
            generation = folders.current(self._folder)
            if generation is None:
                generation = folders.following(self._folder)
                create(generation, self._embedding_id)
                folders.adopt(self._folder, generation)
        return generation

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back Chroma's files and the lock."""
        with self._mutex:
            self._disconnect()
            self._exit.close()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Unit vectors of texts, by the embedding of this store."""
        with self._mutex:
            if self._embedding is None:
                self._embedding = Remembering(self._load())
            return self._embedding.embed(texts)

    def degradations(self) -> list[tuple[str, str]]:
        """What every result found with this store must carry."""
        if self._embedding_id == IDS["wordllama"]:
            return [("embedding", "wordllama tells meanings apart less well than the default")]
        return []

    def count(self, collection: str) -> int:
        """How many documents a collection holds."""
        with self._mutex, guarded(self._folder):
            held = self._collections.get(collection)
            return int(held.count()) if held is not None else 0

    def search_passages(
        self, query: str, limit: int = 8, essays: Sequence[str] | None = None
    ) -> list[Hit]:
        """The sentences nearest in meaning, of all essays or of some."""
        where = None if essays is None else {"essay": {"$in": list(essays)}}
        return self._search(PASSAGES, query, limit, where)

    def search_findings(self, query: str, limit: int = 5) -> list[Hit]:
        """The findings nearest in meaning."""
        return self._search(FINDINGS, query, limit)

    def nearest_hypotheses(self, statement: str, limit: int = 5) -> list[Hit]:
        """The hypotheses nearest in meaning: how far away they are is how new this one is."""
        return self._search(HYPOTHESES, statement, limit)

    def nearest_assertions(self, text: str, limit: int = 5) -> list[Hit]:
        """The stored assertions nearest in meaning."""
        return self._search(ASSERTIONS, text, limit)

    def sync(self, journal: Journal) -> int:
        """Add what the journal has and the store lacks; returns how many documents."""
        with self._mutex, folders.writing(self._folder):
            self._refresh()
            self._complete()
            if not self._whole:
                before = self._state.counts
                lost = any(self.count(name) < before.get(name, 0) for name in COLLECTIONS)
                added = self._follow(journal, 0 if lost else self._state.seq)
                self._whole = True
                return added
            return self._follow(journal, self._state.seq)

    def _complete(self) -> None:
        """Make the collection that a store of an earlier version does not have yet."""
        if ASSERTIONS not in self._collections and self._client is not None:
            with guarded(self._folder):
                self._collections[ASSERTIONS] = _new(self._client, ASSERTIONS, self._embedding_id)
            self._note(replace(self._state, writes=self._state.writes + 1))

    def _follow(self, journal: Journal, begin: int) -> int:
        """Add what the entries after `begin` put into the store."""
        state = self._state
        added, waiting, last = 0, list[Document](), state
        same = state.seq == 0
        for entry, found in documents(journal, begin):
            if entry.seq == state.seq:
                same = entry.hash == state.hash
            if entry.seq > state.seq and not same:
                break
            if entry.seq <= begin:
                continue
            waiting += found
            if entry.seq > last.seq:  # before that, what was lost is only being put back
                last = replace(last, seq=entry.seq, hash=entry.hash)
            if len(waiting) >= BATCH:
                added += self._flush(waiting, last)
                waiting = []
        if not same:
            raise WorkspaceError(
                f"the vector store in {self._folder} follows another journal", folders.REBUILD
            )
        return added + (self._flush(waiting, last) if waiting else 0)

    def _flush(self, waiting: list[Document], reached: folders.State) -> int:
        """Write documents that are not there yet, then how far the store has come."""
        self._note(replace(self._state, writes=self._state.writes + 1))
        added, counts = 0, dict(self._state.counts)
        for name in dict.fromkeys(document.collection for document in waiting):
            mine = [document for document in waiting if document.collection == name]
            for start in range(0, len(mine), BATCH):
                added += self._put(name, mine[start : start + BATCH])
            # nothing is ever taken out: fewer than before means that a repair is still under way
            counts[name] = max(self.count(name), counts.get(name, 0))
        self._note(replace(reached, counts=counts, writes=self._state.writes + 1))
        return added

    def _put(self, name: str, found: list[Document]) -> int:
        collection = self._collections[name]
        with guarded(self._folder):
            ids = [document.address for document in found]
            there = set(collection.get(ids=ids, include=[])["ids"])
        missing = [document for document in found if document.address not in there]
        if not missing:
            return 0
        vectors: Any = self.embed([document.embedded for document in missing])
        with guarded(self._folder):
            collection.upsert(
                ids=[document.address for document in missing],
                embeddings=vectors,
                documents=[document.text for document in missing],
                metadatas=[document.metadata for document in missing],
            )
        return len(missing)

    def _search(
        self, name: str, query: str, limit: int, where: dict[str, Any] | None = None
    ) -> list[Hit]:
        vectors: Any = self.embed([query])
        with self._mutex:
            self._refresh()
            with guarded(self._folder):
                collection = self._collections.get(name)
                if collection is None or limit < 1:
                    return []
                rows: Any = collection.query(query_embeddings=vectors, n_results=limit, where=where)
        columns = (rows[key][0] for key in ("ids", "documents", "distances", "metadatas"))
        hits = [
            Hit(address, text, round(max(0.0, float(distance)), 6), dict(metadata or {}))
            for address, text, distance, metadata in zip(*columns, strict=True)
        ]
        return sorted(hits, key=lambda hit: (hit.distance, hit.address))

    def _refresh(self) -> None:
        """Open Chroma anew if another process wrote: its index is read only at opening."""
        if folders.read_state(self._generation) != self._state:
            self._disconnect()
            self._open(self._generation)

    def _note(self, state: folders.State) -> None:
        folders.write_state(self._generation, state)
        self._state = state

    def _open(self, generation: Path) -> None:
        self._generation = generation
        self._whole = False
        self._state = folders.read_state(generation)
        if self._state.embedding != self._embedding_id:
            raise _other_embedding(self._state.embedding, self._embedding_id)
        with guarded(self._folder):
            self._client = connect(generation)
            listed = {collection.name for collection in self._client.list_collections()}
            self._collections = {
                name: self._client.get_collection(name, embedding_function=None)
                for name in COLLECTIONS
                if name in listed or name != ASSERTIONS  # sync makes that one
            }
        for collection in self._collections.values():
            made_with = (collection.metadata or {}).get("embedding")
            if made_with != self._embedding_id:
                raise _other_embedding(str(made_with), self._embedding_id)

    def _disconnect(self) -> None:
        client, self._client, self._collections = self._client, None, {}
        if client is not None:
            client.close()


def rebuild(
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
    embedding: Embedding | None = None,
) -> int:
    """Make the store anew from the journal alone; until that is done the old one stays."""
    folder = workspace.chroma
    folders.ready(folder)
    with folders.held(folder, alone=True):
        generation = folders.following(folder)
        try:
            create(generation, embedding.id if embedding else identity(settings))
            with Store(workspace, settings, progress, embedding, generation) as store:
                added = store.sync(journal)
        except BaseException:
            folders.discard(generation)
            raise
        folders.adopt(folder, generation)
    return added


def create(generation: Path, embedding_id: str) -> None:
    """Make the empty collections of a generation."""
    with guarded(generation.parent):
        client = connect(generation)
        try:
            for name in COLLECTIONS:
                _new(client, name, embedding_id)
        finally:
            client.close()
    folders.write_state(generation, folders.State(embedding_id))


def _new(client: Client, name: str, embedding_id: str) -> Collection:
    return client.create_collection(
        name,
        embedding_function=None,
        metadata={"embedding": embedding_id},
        configuration={"hnsw": {"space": "cosine"}},
    )


def connect(generation: Path) -> Client:
    """Chroma on a folder, without telemetry."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    quiet = ChromaSettings(anonymized_telemetry=False)
    return cast("Client", chromadb.PersistentClient(str(generation), settings=quiet))


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Turn what Chroma raises, whatever its class, into words and a fix."""
    try:
        yield
    except (ScientistError, TypeError, NameError, MemoryError):
        raise
    except OSError as fault:
        raise explain(fault, folder) from fault
    except BaseException as fault:
        rust_panic = type(fault).__name__ == "PanicException"
        if not isinstance(fault, Exception) and not rust_panic:
            raise
        said = str(fault).lower()
        if "readonly" in said or "read-only" in said or "permission denied" in said:
            raise explain(OSError(errno.EROFS, os.strerror(errno.EROFS)), folder) from fault
        if "disk is full" in said or "no space left" in said:
            raise explain(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), folder) from fault
        if "database is locked" in said:
            raise WorkspaceError(
                f"the vector store in {folder} is locked by another program",
                "end that program, then run this again",
            ) from fault
        raise folders.damaged(folder, fault) from fault


def _other_embedding(made_with: str, wanted: str) -> WorkspaceError:
    return WorkspaceError(
        f"the vector store was made with the embedding {made_with}, the settings ask for {wanted}",
        f"{folders.REBUILD} (or set the embedding it was made with: scientist config show)",
    )
