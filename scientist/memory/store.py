"""The vector store: Chroma collections that mirror the journal and can be rebuilt from it.

Vectors are always given, so that Chroma never loads an embedding of its own. Writers
take a file lock; what a crash left out is added at the next `sync`.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.artifacts import Progress
from scientist.errors import ScientistError, WorkspaceError
from scientist.journal import Journal
from scientist.memory.embedding import Embedding, Vector, open_embedding
from scientist.settings import Settings
from scientist.workspace import Workspace, explain

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

PASSAGES, FINDINGS = "passages", "findings"
BATCH = 256


@dataclass(frozen=True)
class Hit:
    """Something found by meaning; distance 0 is the same, 1 unrelated."""

    address: str
    text: str
    distance: float
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One record to mirror."""

    address: str
    text: str
    metadata: dict[str, Any]


class Store:
    """The open vector store of a workspace."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        progress: Progress | None = None,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder or workspace.chroma
        self._lock = workspace.root / "chroma.lock"
        self.embedding: Embedding = open_embedding(settings, progress)
        self._client = _open(self.folder)
        try:
            self._collections = {name: self._collection(name) for name in (PASSAGES, FINDINGS)}
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Unit vectors of texts."""
        return self.embedding.embed(texts)

    def search_passages(self, query: str, limit: int = 8) -> list[Hit]:
        """The sentences nearest in meaning."""
        return self._search(PASSAGES, query, limit)

    def search_findings(self, query: str, limit: int = 5) -> list[Hit]:
        """The findings nearest in meaning."""
        return self._search(FINDINGS, query, limit)

    def sync(self, journal: Journal) -> int:
        """Add what the journal has and the store lacks; returns how much that was."""
        added = 0
        with self._alone():
            for name, items in ((PASSAGES, _passages(journal)), (FINDINGS, _findings(journal))):
                collection = self._collections[name]
                known = set(collection.get(include=[])["ids"])
                missing = [item for item in items if item.address not in known]
                for start in range(0, len(missing), BATCH):
                    self._put(collection, missing[start : start + BATCH])
                added += len(missing)
        return added

    def contents(self) -> dict[str, dict[str, str]]:
        """Every text by collection and address, for comparison."""
        found = {}
        for name, collection in self._collections.items():
            rows = collection.get(include=["documents"])
            found[name] = dict(zip(rows["ids"], rows["documents"] or [], strict=True))
        return found

    def _search(self, name: str, query: str, limit: int) -> list[Hit]:
        collection = self._collections[name]
        count = collection.count()
        if not count:
            return []
        rows: Any = collection.query(
            query_embeddings=self.embed([query]),  # type: ignore[arg-type]  # lists are accepted
            n_results=min(limit, count),
        )
        return [
            Hit(address, text, round(float(distance), 6), dict(metadata or {}))
            for address, text, distance, metadata in zip(
                rows["ids"][0],
                rows["documents"][0],
                rows["distances"][0],
                rows["metadatas"][0],
                strict=True,
            )
        ]

    def _put(self, collection: Collection, items: list[Item]) -> None:
        collection.upsert(
            ids=[item.address for item in items],
            documents=[item.text for item in items],
            embeddings=self.embed([item.text for item in items]),  # type: ignore[arg-type]  # as above
            metadatas=[item.metadata for item in items],
        )

    def _collection(self, name: str) -> Collection:
        collection: Collection = self._client.get_or_create_collection(
            name,
            embedding_function=None,
            metadata={"embedding": self.embedding.id},
            configuration={"hnsw": {"space": "cosine"}},
        )
        made_with = (collection.metadata or {}).get("embedding")
        if made_with != self.embedding.id:
            raise WorkspaceError(
                f"the vector store was made with embedding {made_with}, "
                f"the settings ask for {self.embedding.id}",
                "scientist rebuild",
            )
        return collection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with self._lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as fault:
            raise explain(fault, self._lock) from fault


def rebuild(
    journal: Journal, workspace: Workspace, settings: Settings, progress: Progress | None = None
) -> int:
    """Make the vector store anew from the journal alone; the old one stays until it is done."""
    fresh, old = workspace.root / "chroma.new", workspace.root / "chroma.old"
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    with Store(workspace, settings, progress, folder=fresh) as store:
        added = store.sync(journal)
    if workspace.chroma.exists():
        workspace.chroma.rename(old)
    fresh.rename(workspace.chroma)
    shutil.rmtree(old, ignore_errors=True)
    return added


def _open(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from chromadb.errors import ChromaError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(
            str(folder), settings=ChromaSettings(anonymized_telemetry=False)
        )
    except OSError as fault:
        raise explain(fault, folder) from fault
    except (ChromaError, sqlite3.Error, ValueError, RuntimeError) as fault:
        raise WorkspaceError(
            f"the vector store in {folder} cannot be opened: {str(fault)[:200]}",
            "scientist rebuild (makes it anew from the journal)",
        ) from fault
    except BaseException as fault:
        if type(fault).__name__ == "PanicException":  # chromadb's Rust core gave up
            raise ScientistError(
                f"the vector store in {folder} is damaged", "scientist rebuild"
            ) from fault
        raise


def _passages(journal: Journal) -> list[Item]:
    return [
        Item(
            f"{entry.data['essay']}:{passage['number']}",
            passage["text"],
            {"essay": entry.data["essay"], "paragraph": passage["paragraph"]},
        )
        for entry in journal.entries("essay_added")
        for passage in _split(journal, entry.data["passages_blob"])
    ]


def _findings(journal: Journal) -> list[Item]:
    return [
        Item(
            entry.data["finding"]["id"],
            entry.data["finding"]["statement"],
            {
                "verdict": entry.data["finding"]["judgement"]["verdict"],
                "hypothesis": entry.data["finding"]["hypothesis"],
                "campaign": entry.campaign or "",
            },
        )
        for entry in journal.entries("finding_recorded")
    ]


def _split(journal: Journal, blob: str) -> list[dict[str, Any]]:
    import orjson

    return list(orjson.loads(journal.get(blob)))
