"""Words are held against descriptions one by one, and what all descriptions share counts little."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from scientist.lab import wordwise


def embed(texts: Sequence[str]) -> list[list[float]]:
    """A vector for each text that is like that of no other text."""
    vectors = []
    for text in texts:
        known.setdefault(text, len(known))
        vectors.append([float(place == known[text]) for place in range(64)])
    return vectors


known: dict[str, int] = {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Keeps the OLD weights", ["keeps", "old", "weights", "keeps old", "old weights"]),
        ("units_only", ["units"]),
        ("not all of them", ["not", "all", "of", "them", "not all", "all of", "of them"]),
        ("each other's", ["other's"]),
        ("?", ["?"]),
    ],
)
def test_what_means_something_are_words_and_pairs(text: str, found: list[str]) -> None:
    assert wordwise.units(text) == found


def test_the_description_that_shares_a_word_is_nearer() -> None:
    told = [["gets full hints"], ["gets fading hints"]]
    (first,), (other,) = (
        wordwise.nearness([phrase], told, embed) for phrase in ("hints are full", "fading clues")
    )
    assert first[0] > first[1]
    assert other[1] > other[0]


def test_what_all_descriptions_share_says_little() -> None:
    told = [["judge step"], ["judge whole answer text long"]]
    ((short, long),) = wordwise.nearness(["judge whole"], told, embed)
    assert long > short
    alone = wordwise.nearness(["judge"], told, embed)
    assert abs(alone[0][0] - alone[0][1]) < 0.05  # however long a description is


def test_a_phrase_says_most_of_one_of_several_texts() -> None:
    told = [
        ["gets full hints", "hears every answer"],
        ["gets fading hints", "hears ever fewer answers"],
    ]
    ((full, fading), (mixed, _)) = wordwise.nearness(
        ["hears every answer", "full answer"], told, embed
    )
    assert full > fading
    assert full > mixed  # words of both texts, and not much of either
    ((full_, fading_),) = wordwise.nearness(
        ["hears every answer"], [told[0], [*told[1], "every answer"]], embed
    )
    assert full_ - fading_ < full - fading  # the other one is called so, too


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("sigmoid", "does a Sigmoid foretell more?", True),
        ("sigmoid", "do sigmoids foretell more?", False),
        ("shifted_error", "is the shifted error lower?", True),
        ("shifted_error", "is the non-shifted_error lower?", False),
        ("shifted_error", "is the error lower when shifted?", False),
    ],
)
def test_a_name_is_spoken_in_full_or_not_at_all(name: str, text: str, there: bool) -> None:
    assert wordwise.spoken(name, text) == there
