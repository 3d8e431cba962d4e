"""Printing: results to stdout, everything else to stderr, one shape for every failure."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scientist.cli.headline import printable
from scientist.errors import ScientistError

if TYPE_CHECKING:
    from rich.console import Console


@lru_cache(maxsize=1)
def console() -> Console:
    """The terminal on stderr; plain when it is none or NO_COLOR is set."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False)


def result(text: str) -> None:
    """A line of the answer."""
    sys.stdout.write(printable(text) + "\n")


def document(value: Any) -> None:
    """The answer as one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def json_line(value: Any) -> None:
    """One of many JSON answers."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def note(text: str) -> None:
    """Progress, a reason or a hint."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Aligned columns; the last one may be as long as it needs."""
    cells = [[" ".join(printable(str(cell)).split()) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(names, cells)
        return
    everything = [list(names), *cells]
    widths = [max(len(row[i]) for row in everything) for i in range(len(names))]
    for row in everything:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def failure(fault: ScientistError, as_json: bool) -> int:
    """Say what went wrong and how to mend it; returns the exit code."""
    if as_json:
        document(fault.envelope())
    else:
        note(f"error: {fault.message}")
        if fault.hint:
            note(f"hint: {fault.hint}")
    return fault.exit_code


def _rich_table(names: Sequence[str], cells: list[list[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(names):
        drawn.add_column(name, overflow="fold", no_wrap=number < len(names) - 1)
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(drawn)
