"""Check a proof about the tree with nothing but hashes: no journal is needed.

`included` and `consistent` follow RFC 9162, sections 2.1.3.2 and 2.1.4.2. A `Proof` is what
`audit prove` prints: the line of one event, its path, and the root it leads to.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from pathlib import Path

import orjson
from pydantic import Field, ValidationError

from scientist.errors import UsageError
from scientist.journal import merkle
from scientist.journal.chain import decode
from scientist.records import Record

HASH = r"^[0-9a-f]{64}$"


class Proof(Record):
    """That a line is event `event` of a journal whose first `size` events have this root."""

    event: int = Field(ge=1)
    size: int = Field(ge=1)
    root: str = Field(pattern=HASH)
    path: tuple[str, ...]
    line: str

    def problem(self) -> str:
        """Why it proves nothing; empty if it does."""
        if self.event > self.size:
            return f"event {self.event} lies behind the {self.size} events of the root"
        try:
            path = [bytes.fromhex(one) for one in self.path]
        except ValueError:
            return "its path is not made of hashes"
        hashed = merkle.leaf(self.line.encode())
        if not included(hashed, self.event - 1, self.size, path, bytes.fromhex(self.root)):
            return "its path does not lead from the line to the root"
        if (found := decode(self.line.encode()).seq) != self.event:
            return f"its line is event {found}, not {self.event}"
        return ""


def prove(folder: Path, event: int, size: int | None = None) -> Proof:
    """The proof that an event stands in the journal, for its first `size` events or for all."""
    from scientist.journal.store import lines

    found: list[bytes] = []
    line = b""
    for number, one in enumerate(lines(folder), 1):
        if size is not None and number > size:
            break
        if number == event:
            line = one
        found.append(merkle.leaf(one))
    return Proof(
        event=event,
        size=len(found),
        root=merkle.root(found),
        path=tuple(one.hex() for one in merkle.inclusion(found, event - 1)),
        line=line.removesuffix(b"\n").decode(),
    )


def read(file: Path) -> Proof:
    """A proof from a file."""
    try:
        return Proof.model_validate(orjson.loads(file.read_bytes()))
    except OSError as fault:
        raise UsageError(
            f"{file} cannot be read: {fault.strerror}", "scientist audit prove EVENT > FILE"
        ) from fault
    except (orjson.JSONDecodeError, ValidationError) as fault:
        raise UsageError(f"{file} is no proof", "scientist audit prove EVENT > FILE") from fault


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path leads from leaf number `index`, counted from 0, to the root of a tree."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for step in path:
        if not last:
            return False
        if number & 1 or number == last:
            found = merkle.node(step, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = merkle.node(found, step)
        number, last = number >> 1, last >> 1
    return not last and hmac.compare_digest(found, root)


def consistent(
    before: int, after: int, proof: Sequence[bytes], first: bytes, second: bytes
) -> bool:
    """Whether a proof shows that the tree of `before` leaves is the beginning of the other."""
    if before == after:
        return not proof and first == second
    if not 0 < before < after or not proof:
        return False
    steps = [first, *proof] if before & (before - 1) == 0 else list(proof)
    number, last = before - 1, after - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    one = other = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        if number & 1 or number == last:
            one, other = merkle.node(step, one), merkle.node(step, other)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            other = merkle.node(other, step)
        number, last = number >> 1, last >> 1
    return not last and one == first and other == second
