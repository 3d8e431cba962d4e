"""Blocks as Markdown. Everything that is not markup of our own is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from scientist.audit.report.blocks import (
    Block,
    Bullets,
    Commands,
    Figure,
    Heading,
    Piece,
    Table,
    Text,
)
from scientist.science.claims.markdown import escape, quote


def render(blocks: Sequence[Block]) -> str:
    """The whole document."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level=level, text=text):
            return f"{'#' * level} {escape(text)}"
        case Text(warns=warns):
            said = _text(block)
            return f"**{said}**" if warns and '"' not in said else said
        case Bullets(items=items):
            return "\n".join(f"- {_text(item)}" for item in items)
        case Table(head=head, rows=rows):
            lines = [_row(head), "|" + " --- |" * len(head), *map(_row, rows)]
            return "\n".join(lines)
        case Figure(lines=lines):
            return "\n".join(["```text", *lines, "```"])
        case Commands(lines=lines):
            return "\n".join(["```sh", *lines, "```"])


def _text(block: Text) -> str:
    return " ".join(map(_piece, block.pieces))


def _piece(piece: Piece) -> str:
    return escape(piece) if isinstance(piece, str) else quote(piece.text, piece.address)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(escape, cells))} |"
