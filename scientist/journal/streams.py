"""A secret that a model said piece by piece must not be read back by joining the pieces.

The answer of a server is kept as it came: `data:` lines, each with a few letters of the text, of
the reasoning or of a tool's arguments. Where such letters together hold a secret, its mark goes
into the piece that it begins in, its letters leave all pieces, and what is told beside them of
single tokens goes, too. Every other byte stays.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scientist.journal.redact import Redactor

SAID = ("delta", "message", "text", "logprobs")  # of a choice
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LETTER = re.compile("[\ud800-\udbff][\udc00-\udfff]|.", re.DOTALL)
_TOKENS = re.compile(r'"(?:logprobs|tokens|token_ids)"\s*:\s*')
_AS_BYTES = "surrogateescape"
Path = tuple[Any, ...]


class _Members(list[tuple[str, Any]]):
    """A JSON object with its members in order, also those of one name."""


@dataclass(frozen=True)
class _Piece:
    """A string inside a line, with the quotes around it, and what it says."""

    line: int
    start: int
    end: int
    text: str


def clean(raw: bytes, redactor: Redactor) -> bytes:
    """A server's answer without the secrets that its pieces make up together."""
    if b"data:" not in raw or b'"choices"' not in raw:
        return raw
    lines = [line.decode(errors=_AS_BYTES) for line in raw.splitlines(keepends=True)]
    edits: dict[int, list[tuple[_Piece, str]]] = defaultdict(list)
    bare: set[int] = set()
    for path, pieces in _channels(lines).items():
        if not redactor.touches(_bytes("".join(piece.text for piece in pieces))):
            continue
        texts, touched = _without(pieces, redactor)
        bare |= touched
        if "logprobs" not in path:
            for piece, text in zip(pieces, texts, strict=True):
                if text != piece.text:
                    edits[piece.line].append((piece, text))
    for number in {*edits, *bare}:
        line = lines[number]
        for piece, text in sorted(edits[number], key=lambda one: -one[0].start):
            plain = line[piece.start : piece.end].isascii()
            written = json.dumps(text, ensure_ascii=plain)
            line = line[: piece.start] + written + line[piece.end :]
        lines[number] = _without_tokens(line) if number in bare else line
    return "".join(lines).encode(errors=_AS_BYTES)


def _channels(lines: Sequence[str]) -> dict[Path, list[_Piece]]:
    """The pieces of each text that is streamed: of each choice, member by member."""
    found: dict[Path, list[_Piece]] = defaultdict(list)
    for number, line in enumerate(lines):
        if not line.startswith("data:"):
            continue
        try:
            body = json.loads(line[5:], object_pairs_hook=_Members, strict=False)
        except (ValueError, RecursionError):  # the end mark, or what was cut off
            continue
        strings = list(_strings(body, ()))
        places = list(_STRING.finditer(line))
        if len(strings) != len(places):
            continue
        for (path, text), place in zip(strings, places, strict=True):
            if len(path) > 2 and path[0] == "choices" and path[2] in SAID:
                found[path].append(_Piece(number, place.start(), place.end(), text))
    return found


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every string in the order in which it is written, names as well, and what it is part of."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, _Members):
        for name, member in value:
            yield (), name
            yield from _strings(member, (*path, name))
    elif isinstance(value, list):
        for each in value:
            of = dict(each).get("index") if isinstance(each, _Members) else None
            yield from _strings(each, (*path, of))


def _without(pieces: Sequence[_Piece], redactor: Redactor) -> tuple[list[str], set[int]]:
    """What is left of each piece, and the lines that held a secret's letters."""
    whole, owners = bytearray(), []
    starts = [number for number, piece in enumerate(pieces) for _ in piece.text]
    for letter in _LETTER.finditer("".join(piece.text for piece in pieces)):
        written = _bytes(letter[0])
        whole += written
        owners += [starts[letter.start()]] * len(written)
    left = [bytearray() for _ in pieces]
    touched: set[int] = set()
    reached = 0
    for one in redactor.find(bytes(whole)):
        for place in range(reached, one.start):
            left[owners[place]].append(whole[place])
        first, last = owners[one.start], owners[one.end - 1]
        left[first] += one.mark
        touched.update(range(pieces[first].line, pieces[last].line + 1))
        reached = one.end
    for place in range(reached, len(whole)):
        left[owners[place]].append(whole[place])
    return [bytes(one).decode(errors=_AS_BYTES) for one in left], touched


def _without_tokens(line: str) -> str:
    """A line that says nothing of single tokens."""
    decoder = json.JSONDecoder(strict=False)
    for match in reversed(list(_TOKENS.finditer(line))):
        _, end = decoder.raw_decode(line, match.end())
        line = line[: match.end()] + "null" + line[end:]
    return line


def _bytes(text: str) -> bytes:
    """UTF-8, with halves of a letter joined; a half alone stays what it is."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    try:
        return joined.encode(errors=_AS_BYTES)
    except UnicodeEncodeError:
        return joined.encode(errors="surrogatepass")
