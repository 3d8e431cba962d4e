"""A quote stands in the essay word for word, or it does not."""

import pytest

from scientist.corpus import find, verify
from scientist.records import Quote

ESSAY = "Models “learn” what\n  predicts — not what causes… Yet they’re unable to say so.\u00a0Why?"


@pytest.mark.parametrize(
    ("quoted", "original"),
    [
        ("Models “learn” what", "Models “learn” what"),
        ('Models "learn" what predicts', "Models “learn” what\n  predicts"),
        ("what predicts - not what causes... Yet", "what\n  predicts — not what causes… Yet"),
        ("  they're   unable to say so.\tWhy? ", "they’re unable to say so.\u00a0Why?"),
        ("causes", "causes"),
    ],
)
def test_white_space_and_typography_may_differ(quoted: str, original: str) -> None:
    span = find(ESSAY, quoted)
    assert span is not None
    assert ESSAY[slice(*span)] == original


@pytest.mark.parametrize(
    "quoted",
    [
        "models “learn” what",  # another case
        "Models learn what",  # marks left out
        "able to say so",  # a word cut in two turns the meaning round
        "unable to say s",
        "predicts, not what causes",
        "what predicts not what causes",
        "they are unable",
        "Models ... causes",
        "",
        "   ",
        "…",
        "“”",
        ".. Yet",  # half an ellipsis
    ],
)
def test_anything_else_may_not(quoted: str) -> None:
    assert find(ESSAY, quoted) is None


def test_a_whole_word_is_found_after_a_cut_one() -> None:
    text = "It is unable, not able."
    assert find(text, "able") == (text.rindex("able"), text.rindex("able") + 4)


def test_a_quote_is_verified_by_its_very_place() -> None:
    start = ESSAY.index("Yet")
    end = ESSAY.index("so.") + 3
    good = Quote(essay="E1", sentence=2, start=start, end=end, text=ESSAY[start:end])
    assert verify(good, ESSAY)
    for change in (
        {"start": start + 1},
        {"end": end - 1},
        {"text": good.text.replace("’", "'")},
        {"start": -1},
        {"end": 10_000},
        {"start": end, "end": start},
        {"start": 0, "end": 0, "text": ""},
    ):
        assert not verify(good.model_copy(update=change), ESSAY)
