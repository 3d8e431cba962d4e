"""What the vector store holds, document by document, against what the journal puts there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from scientist.journal import Journal
from scientist.memory.documents import Document, documents
from scientist.memory.home import Home
from scientist.memory.store import home, opened
from scientist.settings import Settings
from scientist.workspace import Workspace

PAGE = 2000


@dataclass(frozen=True)
class Compared:
    """How many documents are as they should be, and the first that is not."""

    same: int
    problem: str = ""
    other_words: bool = False  # every document is one of the record's, but says something else


def compare(workspace: Workspace, settings: Settings, journal: Journal) -> Compared:
    """Hold the store against the journal; a workspace without a store has nothing to compare.

    The store may be behind: what it has must be right, and all up to where it says it has come.
    """
    place = home(workspace, settings)
    generation = place.current() if workspace.chroma.is_dir() else None
    if generation is None:
        return Compared(0)
    with closing(place), place.held(), place.writing():
        state = place.read_state(generation)
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
        with place.explained():
            for document in held(place, generation):
                key = (document.collection, document.address)
                if key not in due:
                    return Compared(same, f"{key[1]} in {key[0]} is not on record")
                if _said(document) != _said(due[key]):
                    problem = f"{key[1]} in {key[0]} is not what the record says"
                    return Compared(same, problem, other_words=True)
                wanted.discard(key)
                same += 1
    if wanted:
        collection, address = min(wanted)
        return Compared(same, f"{address} is missing in {collection}")
    return Compared(same)


def _said(document: Document) -> tuple[str, dict[str, Any]]:
    """Its text and what is known of it; a store made before there was a field has none."""
    return document.text, {key: one for key, one in document.metadata.items() if one != ""}


def held(place: Home, generation: str) -> Iterator[Document]:
    """Every document of a store, with its text and metadata."""
    client = place.connect(generation)
    try:
        for name, collection in opened(client, place, generation).items():
            for begin in range(0, collection.count(), PAGE):
                rows: Any = collection.get(
                    limit=PAGE, offset=begin, include=["documents", "metadatas"]
                )
                columns = (rows["ids"], rows["documents"], rows["metadatas"])
                for address, text, metadata in zip(*columns, strict=True):
                    yield Document(name, address, text, dict(metadata or {}))
    finally:
        place.release(client)
