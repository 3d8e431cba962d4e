"""What the vector store holds, document by document, against what the journal puts there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scientist.journal import Journal
from scientist.memory import folder as folders
from scientist.memory.documents import COLLECTIONS, Document, documents
from scientist.memory.store import connect, guarded
from scientist.workspace import Workspace

PAGE = 2000


@dataclass(frozen=True)
class Compared:
    """How many documents are as they should be, and the first that is not."""

    same: int
    problem: str = ""


def compare(workspace: Workspace, journal: Journal) -> Compared:
    """Hold the store against the journal; a workspace without a store has nothing to compare.

    The store may be behind: what it has must be right, and all up to where it says it has come.
    """
    folder = workspace.chroma
    generation = folders.current(folder) if folder.is_dir() else None
    if generation is None:
        return Compared(0)
    with folders.held(folder), folders.writing(folder):
        state = folders.read_state(generation)
        due: dict[tuple[str, str], Document] = {}
        wanted: set[tuple[str, str]] = set()
        reached = state.seq == 0
        for entry, found in documents(journal):
            due |= {(one.collection, one.address): one for one in found}
            if entry.seq <= state.seq:
                wanted |= {(one.collection, one.address) for one in found}
            reached = reached or (entry.seq, entry.hash) == (state.seq, state.hash)
        if not reached:
            return Compared(0, "it follows another record")
        same = 0
        with guarded(folder):
            for document in held(generation):
                key = (document.collection, document.address)
                if due.get(key) != document:
                    what = "is not what the record says" if key in due else "is not on record"
                    return Compared(same, f"{key[1]} in {key[0]} {what}")
                wanted.discard(key)
                same += 1
    if wanted:
        collection, address = min(wanted)
        return Compared(same, f"{address} is missing in {collection}")
    return Compared(same)


def held(generation: Any) -> Iterator[Document]:
    """Every document of a store, with its text and metadata."""
    client = connect(generation)
    try:
        names = {collection.name for collection in client.list_collections()}
        for name in COLLECTIONS:
            if name not in names:
                continue
            collection = client.get_collection(name, embedding_function=None)
            for begin in range(0, collection.count(), PAGE):
                rows: Any = collection.get(
                    limit=PAGE, offset=begin, include=["documents", "metadatas"]
                )
                columns = (rows["ids"], rows["documents"], rows["metadatas"])
                for address, text, metadata in zip(*columns, strict=True):
                    yield Document(name, address, text, dict(metadata or {}))
    finally:
        client.close()
