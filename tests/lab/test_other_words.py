"""Every kit's other words are for what it has, and tell one thing from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from scientist.errors import ScientistError
from scientist.lab import kits, other_words

KITS = kits.all_kits()
LEAST = 4  # phrases for a name
MOST_WORDS = 20


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.name)
def test_each_arm_and_metric_is_called_by_phrases_of_its_own(kit: kits.Kit) -> None:
    words = other_words.of(kit.name)
    assert list(words.arms) == list(kit.arms)
    assert list(words.metrics) == list(kit.metrics)
    groups = [*words.arms.values(), *words.metrics.values()]
    assert all(len(group) >= LEAST for group in groups)
    phrases = [phrase for group in groups for phrase in group]
    assert len({phrase.lower() for phrase in phrases}) == len(phrases)
    assert all(1 < len(phrase.split()) <= MOST_WORDS for phrase in phrases)


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.name)
def test_the_questions_are_questions_that_no_other_kit_is_asked(kit: kits.Kit) -> None:
    asked = other_words.of(kit.name).questions
    assert len(set(asked)) == len(asked) >= LEAST
    assert all(question.endswith("?") for question in asked)
    others = {one for other in KITS if other != kit for one in other_words.of(other.name).questions}
    assert not others & set(asked)


def test_a_kit_without_other_words_has_none() -> None:
    assert other_words.of("no_such_kit") == other_words.OtherWords()


@pytest.mark.parametrize(
    "text", ["questions = 1", "[arms]\none = 'a phrase'", "[arm]", "questions = ["]
)
def test_what_is_no_list_of_phrases_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kits").mkdir()
    (tmp_path / "kits" / "broken.toml").write_text(text)
    monkeypatch.setattr(other_words, "bundled", lambda _: tmp_path)
    other_words.of.cache_clear()
    with pytest.raises(ScientistError, match=r"broken\.toml is wrong"):
        other_words.of("broken")
