"""A small embedding for tests: hashed words, unit length; texts are near if they share words."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence


class Words:
    """Counts of hashed words."""

    def __init__(self, name: str = "hashed-words", dimension: int = 64) -> None:
        self.id = name
        self.dimension = dimension
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.embedded += len(texts)
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> list[float]:
        vector = [0.0] * self.dimension
        for word in re.findall(r"\w+", text.lower()) or [text]:
            place = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            vector[place % self.dimension] += 1.0
        length = math.sqrt(sum(x * x for x in vector)) or 1.0
        return [x / length for x in vector]
