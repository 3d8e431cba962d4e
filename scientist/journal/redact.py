"""Keep secrets out of the record: what would be written is searched before it is hashed.

Hidden are the secrets that were made known (`hide`) and what has the shape of a well-known token,
as they are and inside JSON, however it escapes their letters. In their place stands a mark made
with a key of the user's: the same secret gives the same mark, and nobody can try out secrets
against it.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from scientist.journal import signing

LEAST = 8  # a shorter word may stand anywhere
READINGS = 4  # code, in a JSON answer, in the JSON of a server, in a line
_SHAPES = re.compile(
    rb"\bsk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}"
    rb"|(?<=\bBearer )[A-Za-z0-9._~+/-]{16,}=*"
    rb"|\bhf_[A-Za-z0-9]{20,}"
    rb"|\bgh[pos]_[A-Za-z0-9]{30,}"
    rb"|\bgithub_pat_[A-Za-z0-9_]{30,}"
    rb"|\bAKIA[0-9A-Z]{16}\b"
)
_ESCAPED = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}"
    rb'|["\\/bfnrt])'
)
MARK = re.compile(r"\[hidden:[0-9a-f]{8}\]")


@dataclass(frozen=True)
class Found:
    """Where a secret stands, and the mark for it."""

    start: int
    end: int
    mark: bytes


class Redactor:
    """The secrets that one journal must not hold."""

    def __init__(self) -> None:
        self._known: list[bytes] = []
        self._written: list[bytes] = []  # the same as they stand in texts and in JSON

    def hide(self, secret: str | None) -> None:
        """Make a secret known; it may be written as it is or inside JSON."""
        if secret is None or len(secret) < LEAST or secret.encode() in self._known:
            return
        self._known.append(secret.encode())
        once = orjson.dumps(secret)[1:-1]
        twice = orjson.dumps(once.decode())[1:-1]
        self._written += dict.fromkeys((secret.encode(), once, twice))

    def knows(self, content: bytes) -> bool:
        """Whether a secret that was made known stands there."""
        if any(written in content for written in self._written):
            return True
        if not self._known or not _escapes(content):
            return False
        return any(secret in read for read in _readings(content) for secret in self._known)

    def touches(self, content: bytes) -> bool:
        """Whether there is anything to hide."""
        if self.knows(content):
            return True
        begins = (  # this looks at all that is written: the expression alone would take longer
            b"sk-" in content
            or b"Bearer " in content
            or b"hf_" in content
            or b"ghp_" in content
            or b"gho_" in content
            or b"ghs_" in content
            or b"github_pat_" in content
            or b"AKIA" in content
        )
        if not begins and not _escapes(content):
            return False
        return any(_SHAPES.search(read) for read in _readings(content))

    def find(self, content: bytes) -> list[Found]:
        """Every secret in order; none of them reaches into another."""
        found: list[Found] = []
        for read, places in _placed(content):
            for secret in self._known:
                for match in re.finditer(re.escape(secret), read):
                    found.append(Found(places[match.start()], places[match.end()], mark(secret)))
            for match in _SHAPES.finditer(read):
                found.append(Found(places[match.start()], places[match.end()], mark(match[0])))
        apart: list[Found] = []
        for one in sorted(found, key=lambda one: (one.start, -one.end)):
            if apart and one.start < apart[-1].end:
                last = apart[-1]
                apart[-1] = Found(last.start, max(last.end, one.end), last.mark)
            else:
                apart.append(one)
        return apart

    def clean(self, content: bytes) -> bytes:
        """The same with a mark for every secret."""
        cleaned, reached = bytearray(), 0
        for one in self.find(content):
            cleaned += content[reached : one.start] + one.mark
            reached = one.end
        return bytes(cleaned + content[reached:])

    def clean_data(self, data: Any) -> Any:
        """Plain data with a mark for every secret."""
        return orjson.loads(self.clean(orjson.dumps(data)))


def mark(secret: bytes) -> bytes:
    """What stands in the place of a secret."""
    return b"[hidden:%s]" % hashlib.blake2b(secret, key=_key(), digest_size=4).hexdigest().encode()


def masked(text: str) -> str:
    """A text as it stands on record, with one mark for all secrets, whoever's key made theirs."""
    return MARK.sub("[hidden]", Redactor().clean(text.encode()).decode())


def _escapes(content: bytes) -> bool:
    """Whether letters may be written there in a way that JSON allows but rarely needs."""
    return b"\\u" in content or b"\\/" in content or b"\\\\" in content


def _readings(content: bytes) -> Iterator[bytes]:
    """A text as it is, then as JSON reads it, then as JSON reads that."""
    yield content
    for _ in range(READINGS - 1):
        content, before = _ESCAPED.sub(_letter, content), content
        if content == before:
            return
        yield content


def _placed(content: bytes) -> Iterator[tuple[bytes, Sequence[int]]]:
    """The readings, each with the place in the text that its bytes come from."""
    places: Sequence[int] = range(len(content) + 1)
    yield content, places
    for _ in range(READINGS - 1):
        read, read_places, reached = bytearray(), array("Q"), 0
        for match in _ESCAPED.finditer(content):
            letter = _letter(match)
            read += content[reached : match.start()] + letter
            read_places.extend(places[reached : match.start()])
            read_places.extend([places[match.start()]] * len(letter))
            reached = match.end()
        if not reached:
            return
        read_places.extend(places[reached:])
        content, places = bytes(read + content[reached:]), read_places
        yield content, places


def _letter(match: re.Match[bytes]) -> bytes:
    """What an escape stands for."""
    try:
        return str(orjson.loads(b'"%s"' % match[0])).encode()
    except orjson.JSONDecodeError:  # half of a pair
        return match[0]


@lru_cache(maxsize=1)
def _key() -> bytes:
    return signing.marking()
