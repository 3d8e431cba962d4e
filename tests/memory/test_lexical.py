"""Finding by words: what an index that grew gives is what all texts taken together give."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from scientist.memory.lexical import LENGTH, SATURATION, Texts, nearest, words

WORDS = ("causal", "model", "shift", "learner", "cue", "weight", "sample", "noise")


def plainly(texts: Mapping[str, str], query: str) -> dict[str, float]:
    """The scores by the book."""
    counts = {name: Counter(words(text)) for name, text in texts.items()}
    mean = sum(sum(count.values()) for count in counts.values()) / max(1, len(counts))
    scores: dict[str, float] = {}
    for word in set(words(query)):
        holders = [name for name, count in counts.items() if count[word]]
        rare = math.log(1 + (len(texts) - len(holders) + 0.5) / (len(holders) + 0.5))
        for name in holders:
            often, size = counts[name][word], sum(counts[name].values())
            damped = often + SATURATION * (1 - LENGTH + LENGTH * size / mean)
            scores[name] = scores.get(name, 0) + rare * often * (SATURATION + 1) / damped
    return scores


def test_texts_that_came_one_by_one_are_ranked_as_all_at_once() -> None:
    chance = random.Random(5)
    kept, groups = dict[str, str](), {"A": Texts(), "F": Texts()}
    for _ in range(300):
        name = f"{chance.choice('AF')}{chance.randrange(40)}"  # some are said again, otherwise
        kept[name] = " ".join(chance.choices(WORDS, k=chance.randint(0, 9)))
        groups[name[0]].add(name, kept[name])
        query = " ".join(chance.choices(WORDS, k=3))
        skip = [f"A{chance.randrange(40)}" for _ in range(5)]
        left = {name: text for name, text in kept.items() if name not in skip}
        scores = plainly(left, query)
        found = nearest(list(groups.values()), query, 1000, skip)
        assert set(found) == set(scores)
        values = [scores[name] for name in found]
        assert all(one >= other - 1e-9 for one, other in pairwise(values))
        assert nearest([groups["A"], groups["F"]], query, 3, skip) == found[:3]


def test_a_text_that_shares_no_word_is_not_found() -> None:
    texts = Texts()
    texts.add("A1", "Causal models hold.")
    assert nearest([texts], "The fish market", 5) == []
    assert nearest([texts], "a model", 5) == ["A1"]
    assert nearest([texts], "a model", 5, ["A1"]) == []
