"""Every number in a text: its value, the last digit it shows, its unit, and what qualifies it.

Numbers in digits (0.12, .5, 1,234.5, 1e-4, 3×10^-4, −0.3, 12%) and in words (twenty-four, twice,
half). Dates, ordinals and the numbers of tables and sections are labels, not measurements.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

Unit = Literal["", "%", "points", "times"]
Relation = Literal["=", "<", "<=", ">", ">="]
Nearness = Literal["", "about", "almost", "just over"]


@dataclass(frozen=True)
class Number:
    """A number as it stands in a text; `step` is the worth of its last digit, 0 for a word."""

    start: int
    end: int
    text: str
    value: float
    step: float
    unit: str = ""  # "%", "points", "times", or the unit of a metric
    relation: Relation = "="
    nearness: Nearness = ""
    label: bool = False


_SMALL, _TENS = (
    line.split()
    for line in (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty",
        "twenty thirty forty fifty sixty seventy eighty ninety",
    )
)
_WORDS: dict[str, int] = {word: value for value, word in enumerate(_SMALL)}
_WORDS |= {word: 20 + 10 * place for place, word in enumerate(_TENS)} | {"hundred": 100}
_RATIOS = {
    **{"twice": 2.0, "thrice": 3.0, "half": 0.5},
    **{"two thirds": 2 / 3, "two-thirds": 2 / 3, "three quarters": 0.75, "three-quarters": 0.75},
    **{"one third": 1 / 3, "a third": 1 / 3, "one quarter": 0.25, "a quarter": 0.25},
}
_MONTHS = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_LABEL = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?Z?)?\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    rf"|\b(?:\d{{1,2}}\s+)?{_MONTHS}\s+(?:\d{{1,2}},\s+)?\d{{4}}\b"
    r"|\bv?\d+\.\d+\.\d+\b|\bPython \d\.\d+\b"
    r"|\b(?:Table|Figure|Fig\.|Section|Chapter|Step|Part|Equation|Appendix|Page|Item)\s+\d+\b"
    r"(?![.,]?\d|\s*%)"
    r"|\b\d+(?:st|nd|rd|th)\b"
    r"|^[ \t]*\d{1,3}[.)](?=\s)",
    re.MULTILINE | re.IGNORECASE,
)
_DIGITS = re.compile(
    r"(?:(?<![\w\])%.])(?P<sign>[-+−–])|(?<![\w.]))"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?![,\d])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:[eE](?P<e>[-+−]?\d+)|\s?[×x*]\s?10\s?(?:\^|\*\*)\s?[({]?(?P<ten>[-+−]?\d+)[)}]?)?"
    r"(?![A-WYZa-wyz_])(?![Xx]\w)(?!\.?\d)"
)
_AFTER_RANGE = re.compile(r"(?<=\d)(?P<unit>\s?%)?(?P<dash>\s?[-–—−]\s?)(?=[.\d])")
_WORD = re.compile(
    rf"\b(?:{'|'.join(_RATIOS)}|(?:{'|'.join(_TENS)})-(?:{'|'.join(_SMALL[1:10])})"
    rf"|{'|'.join(_WORDS)})\b(?!(?<=\bone) of (?:about )?[-−\d.])",  # not "one of 0.3"
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?:[ -]?(?P<points>percentage[ -]points?|points?\b|pp\b)"
    r"|\s?(?P<percent>%|per\s?cent\b)(?:[ -]?(?P<both>points?\b))?"
    r"|[ -]?(?P<times>times\b|fold\b|x\b|×))",
    re.IGNORECASE,
)
_RELATIONS: dict[Relation, str] = {
    "<=": r"(?:≤|<=|\bat most)",
    ">=": r"(?:≥|>=|\bat least)",
    "<": r"(?:<|\bless than|\bbelow|\bfewer than)",
    ">": r"(?:>|\bmore than|\bgreater than|\babove)",
}
_NEARNESS: dict[Nearness, str] = {
    "about": r"(?:\babout|\broughly|\bapproximately|\baround|[~≈])",
    "almost": r"\b(?:almost|nearly|just under)",
    "just over": r"\b(?:just over|slightly over)",
}
_BEFORE = 20  # no such phrase is longer


@lru_cache
def _before(words: str) -> re.Pattern[str]:
    return re.compile(words + r"\s*$", re.IGNORECASE)


def find(text: str) -> list[Number]:
    """Every number of a text, in its order; none overlap."""
    found: list[Number] = []
    taken = bytearray(len(text))  # a report has thousands of numbers: no pairs are compared
    for number in (*_labels(text), *_in_digits(text), *_in_words(text)):
        if not any(taken[number.start : number.end]):
            found.append(number)
            taken[number.start : number.end] = b"\1" * (number.end - number.start)
    return sorted(found, key=lambda number: number.start)


def _labels(text: str) -> Iterator[Number]:
    for match in _LABEL.finditer(text):
        yield Number(match.start(), match.end(), match[0], math.nan, 0, label=True)


def _in_digits(text: str) -> Iterator[Number]:
    # in "0.1-0.3" the dash is between two numbers and no sign of the second
    plain = _AFTER_RANGE.sub(lambda found: " " * len(found[0]), text)
    for match in _DIGITS.finditer(plain):
        digits = match["digits"].replace(",", "")
        power = int((match["e"] or match["ten"] or "0").replace("−", "-"))
        if abs(power) > 400:
            continue
        value = float(f"{digits}e{power}")
        step = 10.0 ** (power - len(digits.partition(".")[2]))
        if match["sign"] and match["sign"] != "+":
            value = -value
        if math.isfinite(value):
            start, end = match.span()
            yield _qualified(text, Number(start, end, text[start:end], value, step))


def _in_words(text: str) -> Iterator[Number]:
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if word in _RATIOS:
            number = Number(match.start(), match.end(), match[0], _RATIOS[word], 0, "times")
        else:
            value = sum(_WORDS[part] for part in word.split("-"))
            number = Number(match.start(), match.end(), match[0], float(value), 0)
        yield _qualified(text, number)


def _qualified(text: str, number: Number) -> Number:
    """The number with its unit and with the words before it that loosen it."""
    if not number.unit and (unit := _UNIT.match(text, number.end)):
        name = "points" if unit["points"] or unit["both"] else "%" if unit["percent"] else "times"
        number = replace(number, unit=name, end=unit.end(), text=text[number.start : unit.end()])
    begin = max(0, number.start - _BEFORE)
    for relation, phrase in _RELATIONS.items():
        if before := _before(phrase).search(text, begin, number.start):
            said = text[before.start() : number.end]
            return replace(number, start=before.start(), text=said, relation=relation)
    for nearness, phrase in _NEARNESS.items():
        if before := _before(phrase).search(text, begin, number.start):
            said = text[before.start() : number.end]
            return replace(number, start=before.start(), text=said, nearness=nearness)
    return number


def problem(number: Number, value: float, edges: tuple[float, ...] = (0.0,)) -> str:
    """Why the number as written is not that value rounded to the digits shown; empty if it is.

    "About" allows one unit of the last digit instead of half of one. No rounding may move the
    value across an edge, nor hide its first digit.
    """
    shown, step = number.value, number.step
    if number.relation != "=":
        holds = {
            "<": value < shown,
            "<=": value <= shown,
            ">": value > shown,
            ">=": value >= shown,
        }[number.relation]
        return "" if holds else "it is not"
    if step == 0:  # a word
        return "" if math.isclose(shown, value, rel_tol=1e-9, abs_tol=1e-12) else "it is not"
    far = abs(shown - value) > step * (1 + 1e-9)
    if far or not (number.nearness or _rounded(shown, value, step)):
        near = abs(shown - value) < 1.5 * step
        return "it is not rounded to the digits shown" if near else "it is not"
    if number.nearness == "almost" and abs(shown) < abs(value):
        return "it is more than that"
    if number.nearness == "just over" and abs(shown) > abs(value):
        return "it is less than that"
    if any((value > e) - (value < e) != (shown > e) - (shown < e) for e in edges):
        return f"rounding moved it across {next(e for e in edges if _moved(value, shown, e)):g}"
    if value and step > 10.0 ** math.floor(math.log10(abs(value)) + 1e-9):
        return "the digits shown are too coarse for it"
    return ""


def _rounded(shown: float, value: float, step: float) -> bool:
    """Whether a value rounds to what is shown; halfway may go either way, as floats do."""
    half = Decimal(1).scaleb(round(math.log10(step))) / 2
    written = Decimal(repr(shown))
    plain = Decimal(repr(value)), Decimal(f"{value:.13g}")  # the last bits are noise
    return any(abs(written - exact) <= half for exact in plain)


def _moved(value: float, shown: float, edge: float) -> bool:
    return (value > edge) - (value < edge) != (shown > edge) - (shown < edge)
