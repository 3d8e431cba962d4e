"""From text to typed tokens: ids, names of the record, numbers, words of the vocabulary.

What no rule reads becomes an UNKNOWN token, so that nothing in a sentence is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from scientist.science.claims import numbers, words
from scientist.science.claims.evidence import Evidence
from scientist.science.claims.numbers import Number


@dataclass(frozen=True)
class Token:
    """A piece of text with its kind; a name's value is its canonical spelling."""

    kind: str
    start: int
    end: int
    text: str
    value: str = ""
    number: Number | None = None
    claim: bool = False  # where it stands, it claims something


ID = re.compile(r"\b(E\d+(?::\d+)?|[FXHCKA]\d+)\b(?:['’]s\b)?")
_SKIPPED = re.compile(r"[\s*`\"“”„«»'‘’]+|\\|_(?=\W|$)|^#+", re.MULTILINE)
_STOP = re.compile(r"[.!?…]+(?=[\s\"”'’)\]*]|$)")
_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*#•|]|\d+[.)]\s))")
_BULLET = re.compile(r"\s*[-*•](?=\s)")
_WORD = re.compile(r"[^\W\d_]\w*(?:['’][^\W\d_]+)?")
_SET = re.compile(r"\s*=")
_POINTED = re.compile(r"\b(?:vs\.|s\.d\.|i\.e\.,?|e\.g\.,?|approx\.)", re.IGNORECASE)
_JOINT = re.compile(r"[ \t\n-]+")
NEAR = 160  # letters
_KINDS_OF_NAMES = ("ARM", "METRIC", "PARAM")


@dataclass(frozen=True)
class Meaning:
    """What a name may be: an arm, a metric or a parameter, and where it is one."""

    kind: str
    name: str
    families: frozenset[str]


@dataclass(frozen=True)
class Names:
    """What the record calls things, and how a text may spell it."""

    pattern: re.Pattern[str] | None
    meanings: Mapping[str, Sequence[Meaning]]  # of each spelling, the likelier kind first
    units: frozenset[str]


@lru_cache(maxsize=2)
def names(evidence: Evidence) -> Names:
    """Arms, metrics and parameters of every run; a metric also by its whole description."""
    known: dict[str, dict[tuple[int, str], set[str]]] = {}
    units: set[str] = set()

    def take(spelling: str, kind: str, name: str, family: str) -> None:
        meanings = known.setdefault(_plain(spelling), {})
        meanings.setdefault((_KINDS_OF_NAMES.index(kind), name), set()).add(family)

    for run in evidence.runs:
        family = run.protocol.kit or run.protocol.code_hash
        found = {
            "ARM": run.protocol.arms,
            "METRIC": sorted(run.metrics),
            "PARAM": sorted(run.protocol.parameters),
        }
        for kind in _KINDS_OF_NAMES:
            for name in found[kind]:
                take(name, kind, name, family)
        for metric, measure in run.measures.items():
            if measure.unit:
                units.add(measure.unit.lower())
            if len(measure.description.split()) > 2 and metric in run.metrics:
                take(measure.description, "METRIC", metric, family)
    meanings = {
        spelling: [
            Meaning(_KINDS_OF_NAMES[kind], name, frozenset(families))
            for (kind, name), families in sorted(of_it.items(), key=lambda one: one[0])
        ]
        for spelling, of_it in known.items()
    }
    return Names(_spellings(tuple(meanings)), meanings, frozenset(units))


def _plain(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.lower().replace("_", " ")))


@lru_cache(maxsize=64)
def _spellings(known: tuple[str, ...]) -> re.Pattern[str] | None:
    if not known:
        return None
    longest = sorted(filter(None, known), key=len, reverse=True)
    choices = (r"[\s_-]+".join(map(re.escape, name.split())) for name in longest)
    return re.compile(rf"(?<![\w-])({'|'.join(choices)})(?:['’]s?|s)?(?![\w-])", re.IGNORECASE)


def lex(text: str, known: Names, masked: Sequence[Token] = ()) -> list[Token]:
    """The tokens of a text, STOP and BREAK between its sentences and paragraphs."""
    fixed = list(masked)
    rest = _blank(text, fixed)
    fixed += [
        Token("ID", found.start(), found.end(), found[0], found[1]) for found in ID.finditer(rest)
    ]
    rest = _blank(rest, fixed)
    if known.pattern:
        said = list(known.pattern.finditer(rest))
        for found in said:
            meant = _meant(found, said, known, set_here=bool(_SET.match(rest, found.end())))
            if meant is not None:
                fixed.append(Token(meant.kind, found.start(), found.end(), found[0], meant.name))
    rest = _blank(rest, fixed)
    for number in numbers.find(rest):
        kind = "LABEL" if number.label else "NUM"
        fixed.append(Token(kind, number.start, number.end, number.text, number=number))
    fixed.sort(key=lambda token: token.start)
    return _joined(_filled(text, fixed), known.units)


def _meant(
    found: re.Match[str], said: Sequence[re.Match[str]], known: Names, set_here: bool
) -> Meaning | None:
    """What a name is where it stands: what is given a value is a parameter, and else no other.

    Of what it is elsewhere, too, it is here what the names around it go with.
    """
    meanings = known.meanings[_plain(found[1])]
    fitting = [one for one in meanings if (one.kind == "PARAM") == set_here] or meanings
    if fitting[0].kind == "PARAM" and not set_here and _has_meaning(found[1]):
        return None  # "interval" is a parameter only where it is given a value
    if len(fitting) == 1:
        return fitting[0]
    around = [
        frozenset().union(*(one.families for one in known.meanings[_plain(other[1])]))
        for other in said
        if other is not found and abs(other.start() - found.start()) < NEAR
    ]
    return max(fitting, key=lambda one: sum(bool(one.families & each) for each in around))


def _has_meaning(word: str) -> bool:
    """Whether a word says something whatever the parameters are called."""
    word = word.lower()
    return word in words.VOCABULARY or word in words.NEUTRAL


def _blank(text: str, tokens: Iterable[Token]) -> str:
    """The text with spaces where tokens are already."""
    pieces = list(text)
    for token in tokens:
        pieces[token.start : token.end] = " " * (token.end - token.start)
    return "".join(pieces)


def _filled(text: str, fixed: Sequence[Token]) -> list[Token]:
    """The fixed tokens with words and marks between them."""
    found: list[Token] = []
    place = 0
    for token in fixed:
        found += _between(text, place, token.start)
        found.append(token)
        place = token.end
    return found + _between(text, place, len(text))


def _between(text: str, place: int, end: int) -> list[Token]:
    found: list[Token] = []
    if place == 0 and (bullet := _BULLET.match(text, 0, end)):
        place = bullet.end()
    while place < end:
        if gap := _BREAK.match(text, place, end):
            found.append(Token("BREAK", place, gap.end(), ""))
            place = gap.end()
            if bullet := _BULLET.match(text, place, end):
                place = bullet.end()
        elif pointed := _POINTED.match(text, place, end):
            kind = words.VOCABULARY.get(pointed[0].lower().rstrip(".,"), "")
            if kind:
                found.append(Token(kind, place, pointed.end(), pointed[0]))
            place = pointed.end()
        elif stop := _STOP.match(text, place):
            found.append(Token("STOP", place, stop.end(), stop[0]))
            place = stop.end()
        elif skipped := _SKIPPED.match(text, place, end):
            newline = _BREAK.search(text, place, skipped.end())
            place = newline.start() if newline and newline.start() > place else skipped.end()
        elif _WORD.match(text, place, end):
            token, place = _phrase(text, place, end)
            if token.kind:
                found.append(token)
        else:
            character = text[place]
            kind = words.MARKS.get(character, "UNKNOWN")
            found.append(Token(kind, place, place + 1, character))
            place += 1
    return found


def _phrase(text: str, place: int, end: int) -> tuple[Token, int]:
    """The longest phrase of the vocabulary that begins here, else one unknown word."""
    spans: list[tuple[str, int]] = []
    at = place
    while len(spans) < words.MOST_WORDS and (word := _WORD.match(text, at, end)):
        spans.append((word[0].lower().replace("’", "'"), word.end()))
        joint = _JOINT.match(text, word.end(), end)
        if joint is None or _BREAK.search(text, word.end(), joint.end()):
            break
        at = joint.end()
    for count in range(len(spans), 0, -1):
        phrase = " ".join(word for word, _ in spans[:count])
        stop = spans[count - 1][1]
        said = text[place:stop]
        if kind := words.VOCABULARY.get(phrase):
            return Token(kind, place, stop, said), stop
        if reason := words.BANNED.get(phrase):
            return Token("BANNED", place, stop, said, reason), stop
        if phrase in words.NEUTRAL:
            return Token("", place, stop, said), stop
    stop = spans[0][1]
    return Token("UNKNOWN", place, stop, text[place:stop]), stop


def _joined(tokens: Sequence[Token], units: frozenset[str]) -> list[Token]:
    """A number and the metric's unit after it are one token."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if (
            token.kind == "UNKNOWN"
            and token.text.lower() in units
            and last is not None
            and last.number is not None
            and not last.number.unit
        ):
            number = replace(last.number, unit=token.text.lower())
            found[-1] = replace(last, end=token.end, number=number)
        else:
            found.append(token)
    return found


def sentences(tokens: Sequence[Token]) -> list[tuple[list[Token], bool]]:
    """The sentences, each with whether it begins a paragraph."""
    found: list[tuple[list[Token], bool]] = []
    current: list[Token] = []
    begins = True
    for token in (*tokens, Token("BREAK", 0, 0, "")):
        if token.kind in ("STOP", "BREAK"):
            if current:
                found.append((current, begins))
                begins = False
                current = []
            begins = begins or token.kind == "BREAK"
        else:
            current.append(token)
    return found
