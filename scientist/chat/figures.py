"""Where a sentence has a number, however it is written: a net beneath the grammar of claims.

What it finds must be borne out or be marked. So must writing that only looks like what it is:
letters of several alphabets in one word, and signs that nobody sees.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from scientist.records import clean

LATIN = 0x250  # letters below are Latin as it is written in Europe
_SMALL = "zero two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_LARGE = "hundreds? thousands? millions? billions? trillions? dozens? scores"
_SHARES = "half halves quarters? percent percentages? permille fifths? tenths? hundredths?"
_TIMES = r"twice thrice doubl\w+ tripl\w+ trebl\w+ quadrupl\w+ quintupl\w+ halv\w+ \w+fold couple"
_THIRDS = r"(?:a|one|two|per|by|almost|about|nearly|roughly|over|under)[ -](?:third|fourth)s?"
_AFTER_ONE = "point|percent|per cent|half|third|quarter|fifth|tenth|hundred|thousand|million"
_ONE = rf"one(?=[ -](?:{_AFTER_ONE}|in|out of)\b)"
_DIGITS = r"[^\W\d_]*[-+−]?[.,]?\d[\d.,_]*(?:[eE][-+]?\d+)?\w*"
_WORDS = "|".join(f"{_SMALL} {_TEENS} {_TENS} {_LARGE} {_SHARES} {_TIMES}".split())
_NUMBER = re.compile(rf"{_DIGITS}|\b(?:{_THIRDS}|per cent|{_ONE}|{_WORDS})\b|[%‰‱]", re.IGNORECASE)
_ID = re.compile(r"(?<![\w.,:])([A-Z]{1,3}\d+(?::\d+)?)(?![\w:])(?![.,]\d)")
_NAME = re.compile(r"[^\W\d_]{2,}[-_]?\d{1,3}", re.IGNORECASE)


@dataclass(frozen=True)
class Figure:
    """A number as it stands in a text."""

    start: int
    end: int
    text: str


def visible(text: str) -> str:
    """A sentence on one line, without signs that nobody sees: what is checked is what is shown."""
    seen = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn", "Me", "Co"))
    return clean(seen)


def figures(text: str, ids: Collection[str] = (), names: Collection[str] = ()) -> list[Figure]:
    """Every number of a text but for ids that are known, and for names such as GPT-4."""
    known = [found.span(1) for found in _ID.finditer(text) if found[1] in ids]
    return [one for one in _numbers(text, names) if (one.start, one.end) not in known]


def disguised(text: str) -> str:
    """The first word of several alphabets, or in letters that look like others; empty if none."""
    for word in map(str, re.findall(r"[^\W_]+", text)):
        far = [c for c in word if c.isalpha() and ord(c) >= LATIN]
        looks = any(unicodedata.normalize("NFKC", c) != c for c in word)
        capitals = any("LATIN" in unicodedata.name(c, "") for c in far)
        if looks or capitals or (far and len(far) < sum(c.isalpha() for c in word)):
            return word
    return ""


def foreign(text: str) -> bool:
    """Whether words are written in another alphabet: nobody here can check what they say."""
    return any(
        len(word) > 1 and all(ord(c) >= LATIN for c in word if c.isalpha())
        for word in re.findall(r"[^\W\d_]+", text)
    )


def _numbers(text: str, names: Collection[str]) -> Iterator[Figure]:
    spans: list[tuple[int, int]] = []
    for found in _NUMBER.finditer(text):
        said = found[0].rstrip(".,_")  # the end of a sentence is no part of its last number
        start, end = found.start(), found.start() + len(said)
        if said in names and _NAME.fullmatch(said):
            continue
        spans.append((start, end))
        yield Figure(start, end, said)
    for place, letter in enumerate(text):
        taken = any(start <= place < end for start, end in spans)
        if letter.isnumeric() and not taken and not _within_a_name(text, place, names):
            yield Figure(place, place + 1, letter)


def _within_a_name(text: str, place: int, names: Collection[str]) -> bool:
    return any(
        found.start() <= place < found.end() and found[0] in names for found in _NAME.finditer(text)
    )
