"""The line format and its hash.

A line is JSON whose last member is `hash`; one that begins with `more` belongs to a batch
that goes on in the next line, and a batch counts whole or not at all. The hash is SHA-256
over the exact bytes before that member, which include the previous line's hash; so a
verifier needs no canonical form, only the bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from scientist.errors import JournalError
from scientist.events import EVENT, Event

GENESIS = "0" * 64
MORE = b'{"more":true,'
_TAIL, _END = b',"hash":"', b'"}\n'
_HASH_LENGTH = 64 + len(_END)
TAIL_LENGTH = len(_TAIL) + _HASH_LENGTH


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal, its payload still plain data."""

    seq: int
    time: str
    kind: str
    campaign: str | None
    data: dict[str, Any]
    previous: str
    hash: str

    @property
    def event(self) -> Event:
        """The payload as its typed event."""
        return EVENT.validate_python({"kind": self.kind, **self.data})


def encode(
    seq: int,
    time: str,
    campaign: str | None,
    kind: str,
    data: Any,
    schema: int,
    previous: str,
    more: bool = False,
) -> tuple[bytes, str]:
    """The line for an event, and its hash."""
    body = orjson.dumps(
        ({"more": True} if more else {})
        | {
            "seq": seq,
            "time": time,
            "kind": kind,
            "campaign": campaign,
            "schema": schema,
            "data": data,
            "previous": previous,
        }
    )[:-1]
    digest = hashlib.sha256(body).hexdigest()
    return body + _TAIL + digest.encode() + b'"}\n', digest


def split(line: bytes) -> tuple[bytes, str] | None:
    """The hashed bytes and the stored hash of a line; None if it has no such shape."""
    if line[-TAIL_LENGTH:-_HASH_LENGTH] != _TAIL or line[-3:] != _END or len(line) == TAIL_LENGTH:
        return None
    return line[:-TAIL_LENGTH], line[-_HASH_LENGTH:-3].decode("ascii", "replace")


def decode(line: bytes) -> Entry:
    """Read a line without checking its hash."""
    try:
        raw = orjson.loads(line)
        return Entry(
            raw["seq"],
            raw["time"],
            raw["kind"],
            raw["campaign"],
            raw["data"],
            raw["previous"],
            raw["hash"],
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise JournalError("a line of the journal is damaged", "scientist audit verify") from fault
