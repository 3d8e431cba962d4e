"""Cut prose into sentences with exact offsets: `text[start:end] == passage.text`.

Rules, not a model, so that the same text gives the same addresses everywhere. Marks
of emphasis that wrap a sentence stay outside it where that leaves it whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scientist.corpus.blocks import Span, paragraphs, trim
from scientist.records import Passage

LEAST_WORDS = 3
LONGEST = 1000

_STOP = re.compile(r"(?<![.!?…])[.!?…]++(?P<close>[\"'”’»)\]*_`]*+)(?=\s|$)|[。！？]+[」』”’）]*")
_SPACE = re.compile(r"\s*")
_OPENERS = re.compile(r"[\"'“‘«(\[{*_`]*")
_NEXT_WORD = re.compile(r"\w+")
_WORD = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|[^\W\d_]{2,}|[aAI]\b")
_NEVER_LAST = {  # what follows belongs to the same sentence
    *("e.g", "i.e", "eg", "ie", "cf", "vs", "viz", "approx", "ca", "resp", "dr", "mr", "mrs", "ms"),
    *("prof", "rev", "gen", "st", "fig", "figs", "eq", "eqs", "eqn", "sec", "secs", "tab", "no"),
    *("nos", "vol", "vols", "ch", "pp", "p", "ed", "eds", "ref", "refs", "app", "thm", "def"),
    *("incl", "est", "dept", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "oct", "nov"),
    *("dec", "mt", "sr", "gov", "sen", "rep", "hon", "capt", "lt", "col", "z.b", "d.h"),
}
_ORDINARY_WORDS = {"no", "fig", "sec", "app", "p", "est", "mar", "def", "col", "tab", "ed", "gen"}
_MAY_BE_LAST = {"al", "etc", "inc", "ltd", "co", "corp", "jr", "a.m", "p.m", "ph.d", "u.s", "u.k"}
_STARTERS = {
    *("The", "This", "These", "That", "Those", "It", "Its", "In", "On", "At", "As", "We", "Our"),
    *("But", "And", "Or", "So", "Yet", "However", "If", "An", "They", "Their", "He", "She", "His"),
    *("Her", "For", "When", "While", "Such", "There", "Then", "What", "Why", "How", "Where", "No"),
    *("Not", "To", "From", "By", "With", "Without", "Instead", "Even", "Most", "Many", "Some"),
    *("Each", "Every", "Since", "Because", "Although", "Thus", "Therefore", "Hence", "You", "My"),
}
_PAIRS = {"(": ")", "[": "]", "“": "”"}
_BRACKETS = {*_PAIRS, *_PAIRS.values()}
_NEAR = 300


def split(essay: str, text: str, kind: str = "markdown") -> list[Passage]:
    """The sentences of a text, numbered from 1."""
    found: list[Passage] = []
    for paragraph, (begin, end) in enumerate(paragraphs(text, kind), 1):
        for start, stop in _cut(text, begin, end):
            found.append(
                Passage(
                    essay=essay,
                    number=len(found) + 1,
                    paragraph=paragraph,
                    start=start,
                    end=stop,
                    text=text[start:stop],
                )
            )
    return found


def _cut(text: str, begin: int, end: int) -> Iterator[Span]:
    content = text[begin:end]
    closed = _enclosed(content)
    start = place = 0
    for stop in _STOP.finditer(content):
        while place < len(closed) and closed[place][1] <= stop.start():
            place += 1
        inside = place < len(closed) and closed[place][0] < stop.start()
        if inside and stop.end() < closed[place][1]:
            continue
        if _ends(content, start, stop):
            yield from _sentence(text, begin + start, begin + stop.end())
            start = stop.end()
    yield from _sentence(text, begin + start, end)


def _enclosed(content: str) -> list[Span]:
    """Short bracketed, quoted or code spans; a stop inside them ends nothing."""
    spans: list[Span] = []
    waiting: list[tuple[str, int]] = []
    for place, character in enumerate(content):
        if character not in _BRACKETS:
            continue
        while waiting and place - waiting[0][1] > _NEAR:
            del waiting[0]
        if character in _PAIRS:
            waiting.append((_PAIRS[character], place))
            continue
        match = next((i for i in reversed(range(len(waiting))) if waiting[i][0] == character), None)
        if match is not None:
            spans.append((waiting[match][1], place + 1))
            del waiting[match:]
    spans += [(m.start(), m.end()) for m in re.finditer(r"`[^`\n]{1,300}`", content)]
    if content.count('"') % 2 == 0:
        spans += [(m.start(), m.end()) for m in re.finditer(r'"[^"]{1,300}"', content)]
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _ends(content: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a sentence ends at this stop."""
    after = _past(_SPACE, content, stop.end())
    if after == len(content) or stop["close"] is None:
        return True
    following = _past(_OPENERS, content, after)
    first = content[following : following + 1]
    if first.islower() or first in ",;:)":
        return False
    mark = stop[0].rstrip(stop["close"] or "")
    if mark != "." or stop["close"].strip("*_"):
        return True
    before = _word_start(content, start, stop.start())
    if before == stop.start():
        return True
    word = content[before : stop.start()].strip(".-&")
    plain = word.lower()
    next_word = _NEXT_WORD.match(content, following)
    starter = next_word is not None and next_word[0] in _STARTERS
    if plain in _ORDINARY_WORDS:  # "No." may be an answer, "No. 5" is a number
        return not (first.isdigit() or (word[:1].isupper() and not starter and len(word) > 2))
    if plain in _NEVER_LAST:
        return False
    if plain in _MAY_BE_LAST or re.fullmatch(r"[A-Z](?:\.[A-Z])*", word):
        return starter if word != "I" else True
    return not (word.isdigit() and _past(_SPACE, content, start) >= before)  # "1. First" is one


def _past(pattern: re.Pattern[str], content: str, place: int) -> int:
    """Where what a pattern matches at a place ends; the pattern may match nothing."""
    match = pattern.match(content, place)
    return match.end() if match else place


def _word_start(content: str, start: int, end: int) -> int:
    """Where the word begins that ends here; its end if there is none."""
    while end > start and (content[end - 1].isalnum() or content[end - 1] in "_.&-"):
        end -= 1
    return end


def _sentence(text: str, start: int, end: int) -> Iterator[Span]:
    start, end = _unwrap(text, *trim(text, start, end))
    for low, high in _shorten(text, start, end):
        if len(_WORD.findall(text, low, high)) >= LEAST_WORDS and not _only_link(text[low:high]):
            yield low, high


def _unwrap(text: str, start: int, end: int) -> Span:
    """Leave out emphasis that wraps the whole sentence, and marks whose partner is elsewhere."""
    changed = True
    while changed and start < end:
        changed = False
        for mark in ("***", "**", "__", "*", "_"):
            head, tail = text.startswith(mark, start), _tail(text, start, end, mark)
            count = text.count(mark, start, end)
            if head and tail and count == 2:
                start, end, changed = start + len(mark), tail, True
            elif head and count == 1:
                start, changed = start + len(mark), True
            elif tail and count == 1 and text.endswith(mark, start, end):
                end, changed = end - len(mark), True
            if changed:
                start, end = trim(text, start, end)
                break
    return start, end


def _tail(text: str, start: int, end: int, mark: str) -> int:
    """Where the sentence ends without its closing mark; 0 if there is none at its end."""
    if text.endswith(mark, start, end):
        return end - len(mark)
    if text[end - 1] in ".!?" and text.endswith(mark, start, end - 1):
        return end - 1 - len(mark)
    return 0


def _shorten(text: str, start: int, end: int) -> Iterator[Span]:
    """A run of text without any stop is cut at white space."""
    while end - start > LONGEST:
        window = text[start : start + LONGEST]
        cut = max((window.rfind(mark) + 1 for mark in ("\n", ";", ":")), default=0)
        if cut < LONGEST // 2:
            cut = window.rfind(" ") + 1 or LONGEST
        yield trim(text, start, start + cut)
        start = trim(text, start + cut, end)[0]
    yield start, end


def _only_link(sentence: str) -> bool:
    return re.fullmatch(r"[!\"'(]*\[[^\]]*\]\([^)]*\)[.)]*|<?https?://\S+>?", sentence) is not None
