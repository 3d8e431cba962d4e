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


class ReportWritten(Record):
    """A report was rendered and is about to be saved; `maker` tells one renderer from another."""

    kind: Literal["report_written"] = "report_written"
    of: str
    files: dict[str, str]  # SHA-256 by name
    maker: str


class CheckpointSigned(Record):
    """What the Merkle tree over the first `size` events was, signed by whoever wrote.

    `opened` and `closed` count the events by which campaigns opened and ended so far; `peaks` are
    the roots of the tree's whole subtrees. Without a key it is signed by nobody.
    """

    kind: Literal["checkpoint_signed"] = "checkpoint_signed"
    size: int
    root: str
    peaks: tuple[str, ...]
    opened: int
    closed: int
    reason: str
    key: str = ""
    signature: str = ""
