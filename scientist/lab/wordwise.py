"""How near words are to each of several descriptions, word by word.

Descriptions of arms share most of what they are about, and the vector of a whole sentence says
little more than that. So words, and pairs of neighbouring words, are held against each other one
by one; what tells one description from the others counts for more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
SHARED = 0.05  # what a word counts that stands in the other descriptions, too
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_EMPTY = re.compile(
    r"an?|the|of|to|in|on|for|and|or|by|with|at|from|as|is|are|be|its?|that|which|who|what|this"
    r"|these|those|ones?|than|not?|do|does|did|ha[sd]|have|any|all|every|each|others?|their|them"
    r"|they|he|she|his|her|into|so|more|less|least|most|only|just|out|up|over|after|before|when"
    r"|where|while|whose|if|then|there"
)


def nearness(
    phrases: Sequence[str], groups: Sequence[Sequence[str]], embed: Embed
) -> list[list[float]]:
    """For each phrase how near it is to each of two or more groups of texts.

    The texts of a group say the same in several ways. A phrase may use words of all of them, and is
    to say most of one of them.
    """
    import numpy as np

    def vectors(text: str) -> Any:
        return np.asarray(embed(units(text)))

    said = [[vectors(text) for text in group] for group in groups]
    whole = [np.concatenate(group) for group in said]
    weights = []
    for place, group in enumerate(said):
        others = [other for at, other in enumerate(whole) if at != place]
        weights.append([_own(text, others) for text in group])

    def near(meant: Any, group: Sequence[Any], own: Sequence[Any]) -> float:
        pairs = [meant @ text.T for text in group]
        used = np.max([pair.max(axis=1) for pair in pairs], axis=0).mean()
        most = max(
            np.average(pair.max(axis=0), weights=w) for pair, w in zip(pairs, own, strict=True)
        )
        return float(used + most) / 2

    return [
        [near(meant, group, own) for group, own in zip(said, weights, strict=True)]
        for meant in map(vectors, phrases)
    ]


def _own(text: Any, others: Sequence[Any]) -> Any:
    """How much each vector of a text counts: less, the nearer it is to others."""
    import numpy as np

    known = np.mean([(text @ other.T).max(axis=1) for other in others], axis=0)
    return np.maximum(1 - known, 0) + SHARED


def described(texts: Mapping[str, str], others: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """What names stand for, and what else it is called, in the words that are compared."""
    return [
        [f"{name.replace('_', ' ')}: {text}", *others.get(name, ())] for name, text in texts.items()
    ]


def stand(said: str, text: str) -> bool:
    """Whether most of some words stand in a text."""
    each, there = words(said), set(words(text))
    return 2 * sum(word in there for word in each) > len(each)


def spoken(name: str, text: str) -> bool:
    """Whether a name stands in a text in full."""
    pattern = name.replace("_", "[_ ]")
    return bool(re.search(rf"(?<![\w-]){pattern}(?![\w-])", text, re.IGNORECASE))


def units(text: str) -> list[str]:
    """The words of a text that mean something, and the pairs of those that follow each other."""
    found = words(text)
    return list(dict.fromkeys([*found, *(" ".join(two) for two in pairwise(found))]))


def words(text: str) -> list[str]:
    """The words of a text that mean something; all of them if none does."""
    every = _WORD.findall(text.lower())
    return [word for word in every if not _EMPTY.fullmatch(word)] or every or [text]
