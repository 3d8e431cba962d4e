"""Rewrite a record as somebody would who knows how it is made: chained anew, signed anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from scientist.audit.verifying import Outcome, verify_workspace
from scientist.events import SCHEMA
from scientist.journal import blobs, checkpoints, signing
from scientist.journal.chain import GENESIS, encode
from scientist.journal.merkle import Tree, leaf
from scientist.workspace import Workspace

Line = dict[str, Any]
Change = Callable[[list[Line]], list[Line] | None]
Fault = Callable[[Path], object]


def journal_of(workspace: Path) -> Path:
    return workspace / "journal" / "000001.jsonl"


def read(workspace: Path) -> list[Line]:
    """Every line as plain data; what a crash cut off is none."""
    lines = journal_of(workspace).read_bytes().splitlines(keepends=True)
    return [orjson.loads(line) for line in lines if line.endswith(b"\n")]


def write(workspace: Path, lines: list[Line], signed: bool = True) -> None:
    """The lines numbered and chained anew; the checkpoints made anew, too, if they are signed."""
    head, tree, counts, written = GENESIS, Tree(), {"opened": 0, "closed": 0}, []
    for seq, line in enumerate(lines, 1):
        data = line["data"]
        if line["kind"] == checkpoints.KIND and signed:
            said = {"size": tree.size, "root": tree.root(), **counts}
            key, signature = signing.sign(checkpoints.message(said))
            peaks = [one.hex() for one in tree.peaks()]
            data = {**data, **said, "peaks": peaks, "key": key, "signature": signature}
        for kind in counts:
            counts[kind] += line["kind"] == f"campaign_{kind}"
        parts = (line["time"], line["campaign"], line["kind"], data, SCHEMA, head)
        raw, head = encode(seq, *parts, line.get("more", False))
        tree.add(leaf(raw))
        written.append(raw)
    journal_of(workspace).write_bytes(b"".join(written))


def rewrite(workspace: Path, change: Change, signed: bool = True) -> None:
    """Change the lines of a record and make it whole again."""
    lines = json.loads(json.dumps(read(workspace)))
    write(workspace, change(lines) or lines, signed)


def put(workspace: Path, content: bytes) -> str:
    """A blob of the forger's."""
    return blobs.put(workspace / "journal" / "blobs", content)


def get(workspace: Path, digest: str) -> bytes:
    return blobs.get(workspace / "journal" / "blobs", digest)


def of(lines: list[Line], kind: str) -> list[Any]:
    """What the events of a kind say."""
    return [line["data"] for line in lines if line["kind"] == kind]


def first(lines: list[Line], kind: str) -> Any:
    return of(lines, kind)[0]


def verified(workspace: Path, deep: bool = True, **options: Any) -> Outcome:
    return verify_workspace(Workspace(workspace), deep, **options)


def altered(kind: str, edit: Callable[[Any], object], signed: bool = True) -> Fault:
    """The first event of a kind says something else, and the record is made whole again."""

    def change(lines: list[Line]) -> None:
        edit(first(lines, kind))

    return lambda workspace: rewrite(workspace, change, signed)
