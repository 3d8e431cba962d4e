"""A workspace with a journal of two essays, a hypothesis and a finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scientist.events import EssayAdded, FindingRecorded, HypothesisProposed
from scientist.journal import Journal
from scientist.records import (
    Direction,
    Finding,
    Hypothesis,
    Judgement,
    Passage,
    Quote,
    Verdict,
)
from scientist.settings import Settings
from scientist.workspace import Workspace

from .words import Words

CATS = ("A cat sat on the mat.", "The cat ate a fish.", "Every cat sleeps by day.")
SHIPS = ("A ship left the harbour.", "The storm sank another ship.")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    root.mkdir()
    return Workspace(root)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=tmp_path / "cache")


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def journal(workspace: Workspace) -> Iterator[Journal]:
    with Journal(workspace.journal, write=True) as journal:
        add_essay(journal, "E1", CATS)
        add_essay(journal, "E2", SHIPS)
        add_hypothesis(journal, "H1", "Feeding a cat raises its sleep.")
        add_finding(journal, "F1", "Feeding raised the sleep of the cat by 2 hours.")
        yield journal


def add_essay(journal: Journal, name: str, sentences: tuple[str, ...]) -> None:
    text = " ".join(sentences)
    cut = []
    for number, sentence in enumerate(sentences, 1):
        start = text.index(sentence)
        cut.append(
            Passage(
                essay=name,
                number=number,
                paragraph=1,
                start=start,
                end=start + len(sentence),
                text=sentence,
            )
        )
    journal.append(
        EssayAdded(
            essay=name,
            title=f"Essay {name}",
            source=f"{name}.md",
            format="markdown",
            source_blob=journal.put(text),
            text_blob=journal.put(text),
            passages_blob=journal.put("".join(p.model_dump_json() + "\n" for p in cut)),
            sentences=len(cut),
        )
    )


def add_hypothesis(journal: Journal, name: str, statement: str) -> None:
    quote = Quote(essay="E1", sentence=1, start=0, end=len(CATS[0]), text=CATS[0])
    journal.append(
        HypothesisProposed(
            hypothesis=Hypothesis(
                id=name,
                statement=statement,
                quotes=(quote,),
                kit="cats",
                factor="food",
                treatment="fed",
                control="hungry",
                metric="sleep",
                direction=Direction.INCREASE,
                smallest_effect=0.5,
            )
        )
    )


def add_finding(journal: Journal, name: str, statement: str) -> None:
    journal.append(
        FindingRecorded(
            finding=Finding(
                id=name,
                hypothesis="H1",
                experiment="X1",
                protocol_digest="0" * 64,
                trials_blob=None,
                statement=statement,
                metric="sleep",
                treatment="fed",
                control="hungry",
                direction=Direction.INCREASE,
                smallest_effect=0.5,
                judgement=Judgement(verdict=Verdict.SUPPORTED, reason="it is so"),
                quotes=(),
            )
        )
    )
