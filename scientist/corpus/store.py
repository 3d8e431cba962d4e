"""The corpus as the journal holds it: essays added, their text, their sentences.

Sentences are recorded with their numbers, so that an address keeps its meaning when
the splitter learns better.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson

from scientist.corpus import sentences
from scientist.corpus.read import Source, files, read
from scientist.events import EssayAdded
from scientist.journal import Journal
from scientist.records import Passage


@dataclass(frozen=True)
class Essay:
    """One source text of the corpus."""

    id: str
    title: str
    source: str
    format: str
    themes: tuple[str, ...]
    text: str
    text_blob: str
    sentences: int


@dataclass(frozen=True)
class Added:
    """What became of one file."""

    essay: str
    title: str
    sentences: int
    new: bool


def add(journal: Journal, path: Path) -> list[Added]:
    """Add a file or a folder; bytes that are there already are not added twice.

    Every file is read before the first is recorded: one bad file adds nothing.
    """
    sources = [(file.name, read(file)) for file in files(path)]
    return [_record(journal, name, source) for name, source in sources]


def _record(journal: Journal, file: str, source: Source) -> Added:
    digest = hashlib.sha256(source.bytes).hexdigest()
    with journal.locked():
        known = list(journal.entries("essay_added"))
        for entry in known:
            if entry.data["source_blob"] == digest:
                data = entry.data
                return Added(data["essay"], data["title"], data["sentences"], new=False)
        name = f"E{len(known) + 1}"
        found = sentences.split(name, source.text, source.format)
        journal.append(
            EssayAdded(
                essay=name,
                title=source.title,
                source=file,
                format=source.format,
                themes=source.themes,
                source_blob=journal.put(source.bytes),
                text_blob=journal.put(source.text),
                passages_blob=journal.put(orjson.dumps([p.model_dump() for p in found])),
                sentences=len(found),
            ),
            sync=True,
        )
    return Added(name, source.title, len(found), new=True)


def essays(journal: Journal) -> list[Essay]:
    """Every essay of the workspace, in the order they were added."""
    return [
        Essay(
            id=entry.data["essay"],
            title=entry.data["title"],
            source=entry.data["source"],
            format=entry.data["format"],
            themes=tuple(entry.data["themes"]),
            text=journal.get(entry.data["text_blob"]).decode(),
            text_blob=entry.data["text_blob"],
            sentences=entry.data["sentences"],
        )
        for entry in journal.entries("essay_added")
    ]


def passages(journal: Journal) -> list[Passage]:
    """Every sentence of every essay, as numbered when the essay was added."""
    return [
        passage
        for entry in journal.entries("essay_added")
        for passage in _parse(journal.get(entry.data["passages_blob"]))
    ]


@lru_cache(maxsize=512)
def _parse(content: bytes) -> tuple[Passage, ...]:
    return tuple(Passage(**row) for row in orjson.loads(content))
