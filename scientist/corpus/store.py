"""The corpus as the journal knows it: essays, and the sentences they were cut into.

Adding is an event; reading goes back to the journal's blobs, so the files the essays
came from may change or vanish. Blobs never change, so what they hold is kept in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scientist.corpus.read import Source, files, read, scrub
from scientist.errors import UsageError
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
    stored = [
        (journal.put(source.bytes, exact=True), journal.put(source.text, exact=True))
        for _, source in sources
    ]
    answers: list[Added] = []
    fresh: list[EssayAdded] = []
    with journal.locked():  # a running campaign waits: only what needs the number is done here
        known = {event.source_blob: event for event in _events(journal)}
        for (name, source), (source_blob, text_blob) in zip(sources, stored, strict=True):
            new = source_blob not in known
            if new:
                essay = f"E{len(known) + 1}"
                fresh.append(
                    EssayAdded(
                        essay=essay,
                        title=source.title,
                        source=name,
                        format=source.format,
                        themes=source.themes,
                        source_blob=source_blob,
                        text_blob=text_blob,
                        sentences=len(source.sentences),
                        passages_blob=journal.put(_numbered(essay, source), exact=True),
                    )
                )
                known[source_blob] = fresh[-1]
            event = known[source_blob]
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
        passage
        for event in _events(journal)
        for passage in passages_of(journal, event.passages_blob)
    ]


def around(journal: Journal, address: str, reach: int) -> tuple[str, list[Passage]]:
    """A sentence with so many before and after it, and the title of its essay."""
    name, _, number = address.upper().partition(":")
    event = next((event for event in _events(journal) if event.essay == name), None)
    if event is None:
        raise UsageError(f"there is no essay {name}", "scientist corpus list")
    if not number.isdecimal() or not 1 <= int(number) <= event.sentences:
        raise UsageError(
            f"essay {name} has no sentence {number}: it has {event.sentences}",
            "scientist corpus list",
        )
    sentences = passages_of(journal, event.passages_blob)
    near = [one for one in sentences if abs(one.number - int(number)) <= reach]
    return event.title, near


def _name(file: Path, path: Path) -> str:
    return scrub(str(file.relative_to(path)) if path.is_dir() else file.name)


def _numbered(essay: str, source: Source) -> str:
    """The sentences of a source as those of an essay, one a line."""
    change = {"essay": essay}
    return "".join(
        sentence.model_copy(update=change).model_dump_json() + "\n" for sentence in source.sentences
    )


def _events(journal: Journal) -> list[EssayAdded]:
    return [EssayAdded.model_validate(entry.data) for entry in journal.entries("essay_added")]


_texts: dict[str, str] = {}


def _text(journal: Journal, blob: str) -> str:
    if blob not in _texts:
        _texts[blob] = journal.get(blob).decode()
    return _texts[blob]


_cut: dict[str, tuple[Passage, ...]] = {}


def passages_of(journal: Journal, blob: str) -> tuple[Passage, ...]:
    """The sentences in a blob of them, read once."""
    if blob not in _cut:
        lines = journal.get(blob).splitlines()
        _cut[blob] = tuple(Passage.model_validate_json(line) for line in lines)
    return _cut[blob]
