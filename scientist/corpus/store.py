"""The corpus as the journal knows it: essays, and the sentences they were cut into.

Adding is an event; reading goes back to the journal's blobs, so the files the essays
came from may change or vanish. Blobs never change, so what they hold is kept in memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from scientist.corpus.read import Source, files, read
from scientist.corpus.sentences import split
from scientist.events import EssayAdded
from scientist.journal import Journal
from scientist.records import Passage


@dataclass(frozen=True)
class Essay:
    """A source text of the corpus."""

    id: str
    title: str
    themes: tuple[str, ...]
    source: str
    format: str
    sentences: int
    text: str


@dataclass(frozen=True)
class Added:
    """What became of one file."""

    essay: str
    title: str
    sentences: int
    new: bool


def add(journal: Journal, path: Path) -> list[Added]:
    """Add a file, or every essay below a folder, all or none.

    One answer for each file, in order. Bytes that are in the corpus already are not
    added again; the answer then names the essay they are.
    """
    sources = [(_name(file, path), read(file)) for file in files(path)]
    answers: list[Added] = []
    fresh: list[EssayAdded] = []
    with journal.locked():
        known = {event.source_blob: event for event in _events(journal)}
        for name, source in sources:
            digest = hashlib.sha256(source.bytes).hexdigest()
            new = digest not in known
            if new:
                known[digest] = _event(journal, f"E{len(known) + 1}", name, source)
                fresh.append(known[digest])
            event = known[digest]
            answers.append(Added(event.essay, event.title, event.sentences, new))
        if fresh:
            journal.append_all(fresh, sync=True)
    return answers


def essays(journal: Journal) -> list[Essay]:
    """Every essay, in the order of its number."""
    return [
        Essay(
            id=event.essay,
            title=event.title,
            themes=event.themes,
            source=event.source,
            format=event.format,
            sentences=event.sentences,
            text=_text(journal, event.text_blob),
        )
        for event in _events(journal)
    ]


def passages(journal: Journal) -> list[Passage]:
    """Every sentence of every essay, in order."""
    return [
        passage for event in _events(journal) for passage in _passages(journal, event.passages_blob)
    ]


def _name(file: Path, path: Path) -> str:
    return str(file.relative_to(path)) if path.is_dir() else file.name


def _event(journal: Journal, essay: str, name: str, source: Source) -> EssayAdded:
    sentences = split(essay, source.text, source.format)
    return EssayAdded(
        essay=essay,
        title=source.title,
        source=name,
        format=source.format,
        themes=source.themes,
        source_blob=journal.put(source.bytes),
        text_blob=journal.put(source.text),
        sentences=len(sentences),
        passages_blob=journal.put("".join(s.model_dump_json() + "\n" for s in sentences)),
    )


def _events(journal: Journal) -> list[EssayAdded]:
    return [EssayAdded.model_validate(entry.data) for entry in journal.entries("essay_added")]


_texts: dict[str, str] = {}


def _text(journal: Journal, blob: str) -> str:
    if blob not in _texts:
        _texts[blob] = journal.get(blob).decode()
    return _texts[blob]


_cut: dict[str, tuple[Passage, ...]] = {}


def _passages(journal: Journal, blob: str) -> tuple[Passage, ...]:
    if blob not in _cut:
        lines = journal.get(blob).splitlines()
        _cut[blob] = tuple(Passage.model_validate_json(line) for line in lines)
    return _cut[blob]
