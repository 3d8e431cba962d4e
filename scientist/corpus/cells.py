"""Tell prose from data in the cells of an HTML table.

Pages laid out in tables keep whole essays in one cell; hypertext.py shows such a cell
as the blocks it holds, and cells of data as one row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scientist.corpus.sentences import split

PROSE_WORDS = 20
_MARKED = re.compile(r"#{1,6} |- |```")
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]」』）]*$")


def blocks_of(row: Iterable[list[str]]) -> Iterator[str]:
    """The blocks of a row: prose as it stands, neighbours that are data as one line."""
    full = [cell for cell in row if cell]
    data: list[str] = []
    for cell in full:
        if _is_prose(cell) or (len(full) == 1 and _is_frame(cell)):
            yield from _line(data)
            data.clear()
            yield from cell
        else:
            data.append(" ".join(" ".join(cell).split()))
    yield from _line(data)


def _line(data: list[str]) -> Iterator[str]:
    if data:
        yield "| " + " | ".join(data)


def _is_prose(cell: list[str]) -> bool:
    """Whether a cell holds two paragraphs of whole sentences, or one that is long."""
    paragraphs = words = 0
    for block in cell:
        ended = _ended(block)
        paragraphs += bool(ended)
        words += sum(len(sentence.split()) for sentence in ended)
        if paragraphs > 1 or words >= PROSE_WORDS:
            return True
    return False


def _is_frame(cell: list[str]) -> bool:
    """Whether a cell that is alone in its row only frames what it holds."""
    return len(cell) > 1 or bool(_MARKED.match(cell[0])) or bool(_ended(cell[0]))


def _ended(block: str) -> list[str]:
    """The sentences of a block that end with a stop."""
    return [passage.text for passage in split("", block, "html") if _ENDED.search(passage.text)]
