"""Find by words: what shares rare words with a text, which nearness in meaning can miss.

BM25 (Robertson and Walker 1994) over texts held in memory, each taken apart once; store.py finds
by meaning.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence

SATURATION, LENGTH = 1.2, 0.75
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


class Texts:
    """Texts by name, with the words of each."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._holders: dict[str, dict[str, int]] = {}

    def add(self, name: str, text: str) -> None:
        """Take in a text, in place of one of that name."""
        for word in set(words(self.texts.pop(name, ""))):
            del self._holders[word][name]
        self._total -= self._sizes.pop(name, 0)
        counts = Counter(words(text))
        self.texts[name], self._sizes[name] = text, counts.total()
        self._total += counts.total()
        for word, count in counts.items():
            self._holders.setdefault(word, {})[name] = count

    def size(self, skip: Collection[str]) -> tuple[int, int]:
        """How many texts and how many words there are, some left out."""
        left_out = [self._sizes[name] for name in skip if name in self.texts]
        return len(self.texts) - len(left_out), self._total - sum(left_out)

    def holders(self, word: str, skip: Collection[str]) -> list[tuple[str, int, int]]:
        """The texts that have a word: name, how often, and how many words the text has."""
        found = self._holders.get(word, {})
        return [
            (name, often, self._sizes[name]) for name, often in found.items() if name not in skip
        ]


def words(text: str) -> list[str]:
    """The words of a text in one case; an s at the end of a longer word is left out."""
    found = _WORD.findall(text.casefold())
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in found]


def nearest(
    among: Sequence[Texts], query: str, limit: int, skip: Collection[str] = ()
) -> list[str]:
    """The names of the texts that share most with the query, best first; others not at all."""
    left_out = set(skip)
    sizes = [texts.size(left_out) for texts in among]
    count, total = sum(size[0] for size in sizes), sum(size[1] for size in sizes)
    mean = total / count if count else 1.0
    scores: dict[str, float] = {}
    for word in sorted(set(words(query))):
        holders = [one for texts in among for one in texts.holders(word, left_out)]
        rare = math.log(1 + (count - len(holders) + 0.5) / (len(holders) + 0.5))
        for name, often, size in holders:
            damped = SATURATION * (1 - LENGTH + LENGTH * size / mean)
            scores[name] = scores.get(name, 0.0) + rare * often * (SATURATION + 1) / (
                often + damped
            )
    return sorted(scores, key=lambda name: (-scores[name], name))[:limit]
