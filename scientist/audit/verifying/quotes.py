"""Every quote found again, verbatim: in the essay's text, in its sentences, in the original bytes.

The blobs are the record. The file it was read from may have been edited since; that is only noted.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.corpus import quotes
from scientist.corpus.read import read
from scientist.errors import ScientistError
from scientist.events import EssayAdded
from scientist.journal import Entry
from scientist.journal.redact import MARK, masked
from scientist.records import Finding, Hypothesis, Passage, Quote


@dataclass
class _Essay:
    """An essay as it was added, and its text read anew from the bytes that were given."""

    event: EssayAdded
    seq: int
    text: str
    sentences: dict[int, Passage]
    again: str | None = None
    quoted: list[Quote] = field(default_factory=list)


def check(audit: Audit) -> None:
    """All essays, then all quotes of hypotheses and findings."""
    essays: dict[str, _Essay] = {}
    for entry in audit.journal.entries("essay_added", "hypothesis_proposed", "finding_recorded"):
        if entry.kind == "essay_added":
            essay = _essay(audit, entry)
            essays[essay.event.essay] = essay
            continue
        for owner, quote in _quoted(entry):
            _found(essays, owner, quote, f"event {entry.seq}")
            audit.count("quotes")
    for essay in essays.values():
        if essay.quoted:
            _in_the_original(audit, essay)
        _in_its_file(audit, essay)


def _essay(audit: Audit, entry: Entry) -> _Essay:
    event = EssayAdded.model_validate(entry.data)
    text = audit.journal.get(event.text_blob).decode()
    lines = audit.journal.get(event.passages_blob).splitlines()
    sentences = [Passage.model_validate_json(line) for line in lines]
    place = f"event {entry.seq}"
    if [one.number for one in sentences] != list(range(1, event.sentences + 1)):
        raise Broken(
            f"the sentences of essay {event.essay} are not numbered 1 to {event.sentences}", place
        )
    for one in sentences:
        if one.essay != event.essay or text[one.start : one.end] != one.text:
            raise Broken(f"sentence {one.address} does not stand in its essay", place, {one.essay})
    return _Essay(event, entry.seq, text, {one.number: one for one in sentences})


def _quoted(entry: Entry) -> Iterator[tuple[str, Quote]]:
    if entry.kind == "hypothesis_proposed":
        record: Hypothesis | Finding = Hypothesis.model_validate(entry.data["hypothesis"])
    else:
        record = Finding.model_validate(entry.data["finding"])
    yield from ((record.id, quote) for quote in record.quotes)


def _found(essays: dict[str, _Essay], owner: str, quote: Quote, place: str) -> None:
    essay = essays.get(quote.essay)
    if essay is None:
        raise Broken(f"{owner} quotes {quote.essay}, which was not in the corpus", place, {owner})
    sentence = essay.sentences.get(quote.sentence)
    inside = sentence is not None and sentence.start <= quote.start <= quote.end <= sentence.end
    words = quote.text
    if MARK.search(words):  # an essay stays as it is, but a token in a quote of it is hidden
        exact = essay.text[quote.start : quote.end]
        words = exact if masked(exact) == masked(words) else words
    if not inside or not quotes.verify(quote.model_copy(update={"text": words}), essay.text):
        raise Broken(
            f"the quote {quote.address} of {owner} does not stand in the essay", place, {owner}
        )
    essay.quoted.append(quote)


def _in_the_original(audit: Audit, essay: _Essay) -> None:
    """The same words in what the bytes give that the user added."""
    event = essay.event
    original = audit.journal.get(event.source_blob)
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"essay{_ENDINGS.get(event.format, '.md')}")
            file.write_bytes(original)
            text = read(file).text
    except ScientistError as fault:
        audit.notes.append(f"essay {event.essay} cannot be read anew: {fault.message}")
        return
    if text == essay.text:
        audit.count("essays read anew")
        return
    for quote in essay.quoted:
        if quotes.find(text, essay.text[quote.start : quote.end]) is None:
            raise Broken(
                f"the quote {quote.address} does not stand in the bytes that essay {event.essay} "
                "was read from",
                f"event {essay.seq}",
                {event.essay},
            )
    audit.notes.append(f"essay {event.essay} reads otherwise in this version; its quotes stand")


def _in_its_file(audit: Audit, essay: _Essay) -> None:
    """Whether the file is still the one that was added, where it lies in the workspace."""
    file = audit.place.essays / essay.event.source
    try:
        now = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return
    if now != essay.event.source_blob:
        audit.notes.append(
            f"{essay.event.source} was edited since it was added as {essay.event.essay}; the "
            "record has it as it was"
        )


_ENDINGS = {"markdown": ".md", "text": ".txt", "html": ".html", "pdf": ".pdf"}
