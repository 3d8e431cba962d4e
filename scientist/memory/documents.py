"""What the store should hold, read from the journal: one document per address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scientist.journal import Entry, Journal
from scientist.records import Assertion, Finding, Hypothesis, Passage

PASSAGES, FINDINGS, HYPOTHESES = "passages", "findings", "hypotheses"
ASSERTIONS = "assertions"
COLLECTIONS = (PASSAGES, FINDINGS, HYPOTHESES, ASSERTIONS)
KINDS = ("essay_added", "finding_recorded", "hypothesis_proposed", "assertion_made")


@dataclass(frozen=True)
class Document:
    """A text to be found by meaning."""

    collection: str
    address: str
    text: str
    metadata: dict[str, Any]

    @property
    def embedded(self) -> str:
        """What is compared with a query: its words, and what the names in them mean."""
        return f"{self.text} {self.metadata.get('meaning', '')}".strip()


def documents(journal: Journal, since: int = 0) -> Iterator[tuple[Entry, list[Document]]]:
    """Every entry from a number on that puts something into the store, with what it puts there."""
    for entry in journal.since(since, *KINDS):
        yield entry, passages(journal, entry) if entry.kind == "essay_added" else [document(entry)]


def document(entry: Entry) -> Document:
    """What an entry that is no essay's puts there."""
    if entry.kind == "finding_recorded":
        return _finding(Finding.model_validate(entry.data["finding"]))
    if entry.kind == "assertion_made":
        return _assertion(Assertion.model_validate(entry.data["assertion"]))
    return _hypothesis(Hypothesis.model_validate(entry.data["hypothesis"]))


def passages(journal: Journal, entry: Entry) -> list[Document]:
    """The sentences that an essay's entry puts there."""
    essay = entry.data
    lines = journal.get(essay["passages_blob"]).splitlines()
    return [
        Document(
            PASSAGES,
            passage.address,
            passage.text,
            {
                "essay": passage.essay,
                "title": essay["title"],
                "number": passage.number,
                "paragraph": passage.paragraph,
            },
        )
        for passage in map(Passage.model_validate_json, lines)
    ]


def _finding(finding: Finding) -> Document:
    return Document(
        FINDINGS,
        finding.id,
        finding.statement,
        {
            "verdict": str(finding.judgement.verdict),
            "hypothesis": finding.hypothesis,
            "experiment": finding.experiment,
            "metric": finding.metric,
            "treatment": finding.treatment,
            "control": finding.control,
            "meaning": finding.meaning,
        },
    )


def _hypothesis(hypothesis: Hypothesis) -> Document:
    return Document(
        HYPOTHESES,
        hypothesis.id,
        hypothesis.statement,
        {
            "kit": hypothesis.kit,
            "metric": hypothesis.metric,
            "treatment": hypothesis.treatment,
            "control": hypothesis.control,
        },
    )


def _assertion(assertion: Assertion) -> Document:
    return Document(
        ASSERTIONS,
        assertion.id,
        assertion.text,
        {
            "says": str(assertion.says),
            "source": assertion.source.kind,
            "address": assertion.source.address,
        },
    )
