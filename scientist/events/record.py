"""The corpus, and the record itself."""

from __future__ import annotations

from typing import Literal

from scientist.records import Record


class EssayAdded(Record):
    """A source text entered the corpus."""

    kind: Literal["essay_added"] = "essay_added"
    essay: str
    title: str
    source: str
    format: str
    themes: tuple[str, ...] = ()
    source_blob: str
    text_blob: str
    passages_blob: str
    sentences: int


class TornTailRecovered(Record):
    """A crash left half a line; it is kept as a blob and the chain goes on before it."""

    kind: Literal["torn_tail_recovered"] = "torn_tail_recovered"
    segment: str
    size: int
    blob: str
