"""A step of a trace: what stands on record, where, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scientist.journal import Entry


@dataclass(frozen=True)
class Blob:
    """Bytes that belong to a step, by their hash and the file that has them."""

    what: str
    digest: str
    path: Path


@dataclass
class Node:
    """One step: a line, lines that belong to it, the event it was read from, its blobs."""

    what: str
    text: str
    lines: tuple[str, ...] = ()
    entry: Entry | None = None
    blobs: tuple[Blob, ...] = ()
    children: list[Node] = field(default_factory=list)
    address: str = ""  # of the sentence that it quotes

    def plain(self) -> dict[str, Any]:
        """Everything, for JSON."""
        found: dict[str, Any] = {"what": self.what, "text": self.text}
        if self.lines:
            found["lines"] = list(self.lines)
        if self.entry is not None:
            found |= {"event": self.entry.seq, "hash": self.entry.hash}
            found |= {"time": self.entry.time, "campaign": self.entry.campaign}
        found["blobs"] = [
            {"what": one.what, "sha256": one.digest, "path": str(one.path)} for one in self.blobs
        ]
        found["children"] = [child.plain() for child in self.children]
        return found


def cut(nodes: Sequence[Node], depth: int) -> list[Node]:
    """The steps down to a depth; where more is left out, that is said."""
    if depth < 1:
        left = len(list(walk(nodes)))
        return [Node("more", f"{left} steps more: --depth")] if left else []
    return [replace(node, children=cut(node.children, depth - 1)) for node in nodes]


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """Every step, those it rests on after it."""
    for node in nodes:
        yield node
        yield from walk(node.children)
