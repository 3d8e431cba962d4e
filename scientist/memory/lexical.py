"""Find by words: what shares rare words with a text, which nearness in meaning can miss.

BM25 (Robertson and Walker 1994) over texts held in memory; store.py finds by meaning.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

SATURATION, LENGTH = 1.2, 0.75
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def words(text: str) -> list[str]:
    """The words of a text in one case; an s at the end of a longer word is left out."""
    found = _WORD.findall(text.casefold())
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in found]


def nearest(texts: Mapping[str, str], query: str, limit: int) -> list[str]:
    """The names of the texts that share most with the query, best first; others not at all."""
    counts = {name: Counter(words(text)) for name, text in texts.items()}
    sizes = {name: sum(count.values()) for name, count in counts.items()}
    mean = sum(sizes.values()) / len(sizes) if sizes else 1.0
    scores: dict[str, float] = dict.fromkeys(texts, 0.0)
    for word in set(words(query)):
        holders = [name for name, count in counts.items() if word in count]
        if not holders:
            continue
        rare = math.log(1 + (len(texts) - len(holders) + 0.5) / (len(holders) + 0.5))
        for name in holders:
            often = counts[name][word]
            damped = SATURATION * (1 - LENGTH + LENGTH * sizes[name] / mean)
            scores[name] += rare * often * (SATURATION + 1) / (often + damped)
    best = sorted((name for name in scores if scores[name] > 0), key=lambda n: (-scores[n], n))
    return best[:limit]
