"""How lines and tables fit a terminal: nothing is cut off, and words are not broken if it can be.

A table that is too wide wraps its widest columns. Where even that is not enough, every row becomes
a block of its own. What goes into a pipe or a file stays as it is.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len

GAP = 2
_LONGEST_WORD = 30  # what is longer may be broken
_RAGGED = 15  # how far from the right a line may end that was broken because it was full
_DEEPEST = 30  # a line that goes on begins no further to the right
# a label and a gap, or one that fills the column of a timeline or a listing, after a line's number
_LABEL = re.compile(r"(?: *\d+ [\d:]{8} )?(?:\w{10}|  \w{11}) (?=\S)| *(?:\S+ )*?\S+ {2,}(?=\S)")


def hang(text: str, width: int) -> str:
    """Text whose long lines go on below their own words, behind the label if there is one."""
    return "\n".join(_hang(line, width) for line in text.split("\n"))


def joined(text: str) -> str:
    """Text that was broken by hand, its paragraphs whole: nearly full lines go on in the next."""
    lines = text.split("\n")
    full = max(map(len, lines)) - _RAGGED
    whole = lines[:1]
    for before, line in pairwise(lines):
        deep = len(line) - len(line.lstrip(" "))
        depth = _depth(before)
        goes_on = deep == depth or (deep > depth and not _LABEL.match(line))
        if line and goes_on and len(before) > full:
            whole[-1] += " " + line.lstrip()
        else:
            whole.append(line)
    return "\n".join(whole)


def _depth(line: str) -> int:
    """Where the words of a line begin, behind the label if there is one."""
    label = _LABEL.match(line)
    if label and len(label[0]) <= _DEEPEST:
        return len(label[0])
    return len(line) - len(line.lstrip(" "))


def _hang(line: str, width: int) -> str:
    if cell_len(line) <= width:
        return line
    depth = _depth(line)
    if depth > width // 2:
        depth = len(line) - len(line.lstrip(" "))
    room = max(width - depth, 1)
    rest = textwrap.wrap(line[depth:], room, break_long_words=False, break_on_hyphens=False)
    return ("\n" + " " * depth).join([line[:depth] + (rest[0] if rest else ""), *rest[1:]])


def widths(names: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Widths of columns that together fit; None if they cannot. The first is never wrapped."""
    columns = list(zip(names, *rows, strict=True))
    natural = [max(cell_len(cell) for cell in column) for column in columns]
    least = [
        min(
            wide,
            _LONGEST_WORD,
            max(cell_len(word) for cell in column for word in [*cell.split(), ""]),
        )
        for wide, column in zip(natural, columns, strict=True)
    ]
    least[0] = natural[0]
    left = room - GAP * (len(columns) - 1)
    if sum(least) > left:
        return None
    found = least
    for level in range(1, max(natural) + 1):
        tried = [max(small, min(wide, level)) for small, wide in zip(least, natural, strict=True)]
        if sum(tried) > left:
            break
        found = tried
    return found


def blocks(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Rows one below another: the first cell, then each other one behind its name."""
    label = max(map(len, names[1:]), default=0)
    return "\n".join(
        hang(
            "\n".join([first, *(f"  {name:<{label}}  {cell}" for name, cell in cells if cell)]),
            width,
        )
        for first, cells in ((row[0], zip(names[1:], row[1:], strict=True)) for row in rows)
    )
