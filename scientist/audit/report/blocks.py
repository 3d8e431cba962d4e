"""What a report is made of, before it is Markdown or HTML: both are written from the same blocks.

Text of our own is plain; what somebody else said is a `Quote`, whose address says where it
stands. A table's first column names what a row is about, as `science.claims.tables` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Quote:
    """Words of somebody else, and the id or address under which they stand on record."""

    text: str
    address: str


Piece = str | Quote


@dataclass(frozen=True)
class Heading:
    """A title; `anchor` is the id of what it is about."""

    level: int
    text: str
    anchor: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph; one that warns stands out."""

    pieces: tuple[Piece, ...]
    warns: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of paragraphs."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class Table:
    """Cells of plain text below their head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """Plots side by side: as SVG, and as lines of marks for where there is only text."""

    title: str
    plots: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Commands:
    """What to type."""

    lines: tuple[str, ...]


Block = Heading | Text | Bullets | Table | Figure | Commands


def text(*pieces: Piece, warns: bool = False) -> Text:
    """A paragraph of these pieces; a quotation of nothing is left out."""
    kept = tuple(one for one in pieces if isinstance(one, str) or one.text.strip())
    return Text(kept, warns)


def bullets(items: Sequence[Text]) -> list[Block]:
    """The list, if there is anything in it."""
    return [Bullets(tuple(items))] if items else []
