"""The essays that ship with the project: readable, quotable, complete, and our own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from scientist.corpus import sentences

ROOT = Path(__file__).resolve().parents[1]
ESSAYS = sorted((ROOT / "workspace" / "essays").glob("*.md"))
READ_FOR_INSPIRATION = ROOT.parent / "shared" / "essays"
LONGEST_SHARED_RUN = 7
DIRECTIONS = {
    "causal-features",
    "compositional-generalization",
    "multi-objective-affect",
    "emergent-curriculum",
    "safe-deployment-learning",
    "growing-architecture",
    "invariant-values",
    "learning-sandbox",
    "sample-efficiency",
    "value-negotiation",
    "metacognitive-uncertainty",
    "cross-modal-learning",
    "emotional-motivation",
    "transfer-rl",
    "hierarchical-value",
    "self-play-diversity",
    "deployment-simulation",
    "test-time-compute",
    "reward-density",
    "developmental-preferences",
    "self-directed-exploration",
    "consistency-regularisation",
    "recursive-alignment",
    "balance-of-power",
    "reward-hacking",
    "scaling-curves",
}
each_essay = pytest.mark.parametrize("essay", ESSAYS, ids=lambda path: path.stem)


def parts(essay: Path) -> tuple[dict[str, object], str]:
    """Front matter and body."""
    _, front, body = essay.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of words one longer than may be shared, in small letters, no punctuation."""
    words = re.sub(r"['’]", "", text.lower())
    listed = re.findall(r"[^\W_]+", words)
    length = LONGEST_SHARED_RUN + 1
    return {tuple(listed[i : i + length]) for i in range(len(listed) - length + 1)}


def test_there_are_at_least_six_essays() -> None:
    assert len(ESSAYS) >= 6


@each_essay
def test_an_essay_has_a_title_and_themes(essay: Path) -> None:
    front, _ = parts(essay)
    assert isinstance(front["title"], str)
    assert front["title"].strip()
    assert isinstance(front["themes"], list)
    assert front["themes"]


@each_essay
def test_an_essay_names_only_known_themes_and_none_twice(essay: Path) -> None:
    front, _ = parts(essay)
    themes = front["themes"]
    assert isinstance(themes, list)
    assert set(themes) <= DIRECTIONS
    assert len(themes) == len(set(themes))


@each_essay
def test_an_essay_has_six_hundred_to_twelve_hundred_words(essay: Path) -> None:
    _, body = parts(essay)
    assert 600 <= len(body.split()) <= 1200


@each_essay
def test_an_essay_has_at_least_eight_sentences_that_can_be_cited(essay: Path) -> None:
    _, body = parts(essay)
    found = [passage.text for passage in sentences.split(essay.stem, body)]
    assert sum(8 <= len(sentence.split()) <= 40 for sentence in found) >= 8


def test_the_essays_cover_every_direction() -> None:
    covered: set[str] = set()
    for essay in ESSAYS:
        themes = parts(essay)[0]["themes"]
        assert isinstance(themes, list)
        covered.update(themes)
    assert covered == DIRECTIONS


@each_essay
def test_no_passage_is_carried_over_from_the_essays_read_for_inspiration(essay: Path) -> None:
    if not READ_FOR_INSPIRATION.is_dir():
        pytest.skip("no ../shared/essays beside this checkout")
    ours = runs(essay.read_text(encoding="utf-8"))
    for source in sorted(path for path in READ_FOR_INSPIRATION.rglob("*") if path.is_file()):
        shared = ours & runs(source.read_text(encoding="utf-8"))
        assert not shared, f"{source.name}: {sorted(map(' '.join, shared))}"
