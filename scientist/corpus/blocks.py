"""Find the prose of a text: paragraphs as spans, everything else left out.

Headings, code, tables, rules, link definitions and front matter are no prose. A list
item is a paragraph of its own, without its marker. sentences.py cuts the spans found
here; offsets always refer to the text as it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?:=+|-+)[ \t]*$")
_RULE = re.compile(r"[ \t]{0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_DASHES = re.compile(r"[ \t]*:?-{2,}:?[ \t]*\|[-:| \t]*")
_ONLY_DASHES = re.compile(r"[-:| \t]*")
_DEFINITION = re.compile(r"[ \t]{0,3}\[[^\]]+\]:[ \t]*\S+")
_FOOTNOTE = re.compile(r"[ \t]{0,3}\[\^[^\]]+\]:[ \t]*")
_TAGS = re.compile(r"[ \t]*(?:</?[A-Za-z][^>]*>[ \t]*)+$")
_MARKER = re.compile(r"[ \t]*(?:[-*+•]|\(?\d{1,3}[.)]|\(?[a-z][)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_INTERRUPTS = re.compile(r"[ \t]*(?:[-*+•]|\(?[1a][.)])[ \t]")
_QUOTED = re.compile(r"(?:[ \t]{0,3}>[ \t]?)+")
_TERMINAL = re.compile(r"[.!?…:;。！？][\"'”’»)\]*_`]*\s*$")
_LABEL = re.compile(r"(?:(\*\*|__)(?=\S)(.{1,70}?)\1[ \t]*:|(\*\*|__)(?=\S)(.{1,70}?):\3)[ \t]*")
TITLE_WORDS = 12
LABEL_WORDS = 8


def paragraphs(text: str, kind: str) -> Iterator[Span]:
    """Every paragraph of prose, in order."""
    spans = _plain(text) if kind in ("text", "pdf") else _marked(text)
    for start, end in spans:
        start, end = trim(text, start, end)
        if start < end:
            yield start, end


def trim(text: str, start: int, end: int) -> Span:
    """A span without the white space at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _lines(text: str) -> Iterator[tuple[int, str]]:
    place = 0
    for line in text.splitlines(keepends=True):
        yield place, line
        place += len(line)


def _plain(text: str) -> Iterator[Span]:
    """Paragraphs between empty lines; a short line alone without a stop is a title."""
    begin, end, count = -1, -1, 0
    for place, line in [*_lines(text), (len(text), "")]:
        if line.strip():
            begin, count = (place, 1) if begin < 0 else (begin, count + 1)
            end = place + len(line)
            continue
        if begin >= 0:
            content = text[begin:end]
            title = count == 1 and not _TERMINAL.search(content.rstrip())
            if not (title and len(content.split()) <= TITLE_WORDS):
                marker = _MARKER.match(content)
                yield begin + (marker.end() if marker else 0), end
        begin = -1


def _marked(text: str) -> Iterator[Span]:
    """Paragraphs of Markdown."""
    begin = end = -1
    item = inside_quote = False
    fence = ""
    comment = False

    def done() -> Iterator[Span]:
        if begin >= 0:
            yield from _labelled(text, begin, end, item)

    for place, line in _lines(text):
        body = line.rstrip("\r\n")
        quoted = _QUOTED.match(body)
        offset = quoted.end() if quoted else 0
        body = body[offset:]
        mark = _FENCE.match(body)
        if fence:
            if mark and mark[1].startswith(fence) and not body[mark.end() :].strip():
                fence = ""
            continue
        if comment or body.lstrip().startswith("<!--"):
            comment = "-->" not in body
            yield from done()
            begin = -1
            continue
        if mark:
            fence = mark[1]
        if begin >= 0 and not item and _UNDERLINE.match(body):
            begin = -1  # the lines before it were a heading
            continue
        if mark or not body.strip() or _no_prose(body):
            yield from done()
            begin = -1
            continue
        marker = _MARKER.match(body)
        if marker and begin >= 0 and not item and not _INTERRUPTS.match(body):
            marker = None  # a number that happens to stand at the start of a line
        footnote = _FOOTNOTE.match(body)
        if begin < 0 and not marker and _indented(body):
            continue
        if marker or footnote or begin < 0 or (quoted and not inside_quote):
            yield from done()
            start = marker or footnote
            begin = place + offset + (start.end() if start else 0)
            item, inside_quote = bool(start), bool(quoted)
        end = place + offset + len(body)
    yield from done()


def _no_prose(body: str) -> bool:
    if _FOOTNOTE.match(body):
        return False
    if _row(body):
        return True
    return any(pattern.match(body) for pattern in (_HEADING, _RULE, _DEFINITION, _TAGS))


def _row(body: str) -> bool:
    """Whether a line belongs to a table: it begins with a bar, or is the dashes under a header."""
    first, bar, others = body.partition("|")
    first = first.rstrip(" \t")
    if not bar or not first:
        return bool(bar)
    dashes = _ONLY_DASHES if first.removesuffix(":").endswith("--") else _DASHES
    return dashes.fullmatch(others) is not None


def _indented(body: str) -> bool:
    return body.startswith(("    ", "\t")) and bool(re.search(r"[;{}=<>]|^\s*\$", body))


def _labelled(text: str, begin: int, end: int, item: bool) -> Iterator[Span]:
    """A paragraph without its run-in heading ("**Question**: ..."); none if it is all heading."""
    content = text[begin:end]
    label = _LABEL.match(content)
    if label and len((label[2] or label[4]).split()) <= LABEL_WORDS and label.end() < len(content):
        begin += label.end()
    bare = content.strip()
    bold = bare.startswith(("**", "__")) and bare.endswith(bare[:2]) and bare.count(bare[:2]) == 2
    if bold and not item and not _TERMINAL.search(bare):
        return
    yield begin, end
