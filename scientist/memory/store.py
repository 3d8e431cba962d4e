"""Find by meaning: Chroma collections that mirror the journal and can be made anew.

Vectors are always given, so Chroma never reaches for an embedding function of its own.
What a crash left out is added by the next `sync`. folder.py and server.py know the places where
a store may live, documents.py what belongs in here.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scientist.artifacts import Progress
from scientist.errors import WorkspaceError
from scientist.journal import Journal
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
from scientist.memory.folder import Folder
from scientist.memory.home import REBUILD, Home, State
from scientist.memory.server import Server
from scientist.settings import Settings
from scientist.workspace import Workspace

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
        generation: str | None = None,
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
        self._home = home(workspace, settings)
        self._token = settings.chroma_token
        self._exit = ExitStack()
        with ExitStack() as opening:
            opening.callback(self.close)
            self._open(generation or self._in_use())
            opening.pop_all()

    def _in_use(self) -> str:
        self._exit.enter_context(self._home.held())
        with self._home.writing():
            generation = self._home.current()
            if generation is None:
                generation = self._home.following()
                create(self._home, generation, self._embedding_id)
                self._home.adopt(generation)
        return generation

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back Chroma's files and the lock."""
        with self._mutex:
            self._disconnect()
            self._home.close()
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
        with self._mutex, self._home.explained():
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
        journal.hide(self._token)
        with self._mutex, self._home.writing():
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
            with self._home.explained():
                name = self._home.called(self._generation, ASSERTIONS)
                self._collections[ASSERTIONS] = _new(self._client, name, self._embedding_id)
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
            raise WorkspaceError(f"{self._home.name} follows another journal", REBUILD)
        return added + (self._flush(waiting, last) if waiting else 0)

    def _flush(self, waiting: list[Document], reached: State) -> int:
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
        with self._home.explained():
            ids = [document.address for document in found]
            there = set(collection.get(ids=ids, include=[])["ids"])
        missing = [document for document in found if document.address not in there]
        if not missing:
            return 0
        vectors: Any = self.embed([document.embedded for document in missing])
        with self._home.explained():
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
        with self._mutex:
            self._refresh()
            if not self.count(name) or limit < 1:
                return []  # and nothing need be embedded
            vectors: Any = self.embed([query])
            with self._home.explained():
                collection = self._collections[name]
                rows: Any = collection.query(query_embeddings=vectors, n_results=limit, where=where)
        columns = (rows[key][0] for key in ("ids", "documents", "distances", "metadatas"))
        hits = [
            Hit(address, text, round(max(0.0, float(distance)), 6), dict(metadata or {}))
            for address, text, distance, metadata in zip(*columns, strict=True)
        ]
        return sorted(hits, key=lambda hit: (hit.distance, hit.address))

    def _refresh(self) -> None:
        """Open Chroma anew if another process wrote: its index is read only at opening."""
        if self._home.read_state(self._generation) != self._state:
            self._disconnect()
            self._open(self._generation)

    def _note(self, state: State) -> None:
        self._home.write_state(self._generation, state)
        self._state = state

    def _open(self, generation: str) -> None:
        self._generation = generation
        self._whole = False
        self._state = self._home.read_state(generation)
        if self._state.embedding != self._embedding_id:
            raise _other_embedding(self._state.embedding, self._embedding_id)
        with self._home.explained():
            self._client = self._home.connect(generation)
            self._collections = opened(self._client, self._home, generation)
        for collection in self._collections.values():
            made_with = (collection.metadata or {}).get("embedding")
            if made_with != self._embedding_id:
                raise _other_embedding(str(made_with), self._embedding_id)

    def _disconnect(self) -> None:
        client, self._client, self._collections = self._client, None, {}
        if client is not None:
            self._home.release(client)


def home(workspace: Workspace, settings: Settings) -> Home:
    """Where the settings let a workspace's store live."""
    if settings.chroma is None:
        return Folder(workspace.chroma)
    connect = settings.connect_timeout
    return Server(workspace.chroma, settings.chroma, settings.chroma_token, connect)


def rebuild(
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
    embedding: Embedding | None = None,
) -> int:
    """Make the store anew from the journal alone; until that is done the old one stays."""
    place = home(workspace, settings)
    with closing(place), place.held(alone=True):
        generation = place.following()
        try:
            create(place, generation, embedding.id if embedding else identity(settings))
            with Store(workspace, settings, progress, embedding, generation) as store:
                added = store.sync(journal)
        except BaseException:
            place.discard(generation)
            raise
        place.adopt(generation)
    return added


def create(place: Home, generation: str, embedding_id: str) -> None:
    """Make the empty collections of a generation."""
    with place.explained():
        client = place.connect(generation)
        try:
            for name in COLLECTIONS:
                _new(client, place.called(generation, name), embedding_id)
        finally:
            place.release(client)
    place.write_state(generation, State(embedding_id))


def opened(client: Client, place: Home, generation: str) -> dict[str, Collection]:
    """The collections of a generation; one that stores of earlier versions lack may be missing."""
    from chromadb.errors import NotFoundError

    found = {}
    for name in COLLECTIONS:
        try:
            called = place.called(generation, name)
            found[name] = client.get_collection(called, embedding_function=None)
        except NotFoundError:
            if name != ASSERTIONS:  # sync makes that one
                raise
    return found


def _new(client: Client, name: str, embedding_id: str) -> Collection:
    return client.create_collection(
        name,
        embedding_function=None,
        metadata={"embedding": embedding_id},
        configuration={"hnsw": {"space": "cosine"}},
    )


def _other_embedding(made_with: str, wanted: str) -> WorkspaceError:
    return WorkspaceError(
        f"the vector store was made with the embedding {made_with}, the settings ask for {wanted}",
        f"{REBUILD} (or set the embedding it was made with: scientist config show)",
    )
