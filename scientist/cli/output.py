"""Printing: results to stdout, everything else to stderr, one shape for every failure."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from scientist.errors import ScientistError
from scientist.records import clean, printable

if TYPE_CHECKING:
    from rich.console import Console


@lru_cache(maxsize=1)
def console() -> Console:
    """The terminal on stderr; plain when it is none or NO_COLOR is set."""
    from rich.console import Console

    class Lasting(Console):
        def on_broken_pipe(self) -> None:
            _mute()

    return Lasting(stderr=True, highlight=False, markup=False)


_COMMAND = re.compile(
    r"\bscientist (?:run|rebuild|check|chat|ask|config show|kit (?:run|sweep)"
    r"|(?:audit|belief|claim|corpus|experiment|finding|hypothesis) [a-z]+)\b"
)


def result(text: str) -> None:
    """A line of the answer."""
    sys.stdout.write(printable(text) + "\n")


def document(value: Any) -> None:
    """The answer as one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def json_line(value: Any) -> None:
    """One of many JSON answers."""
    sys.stdout.write(json_text(value) + "\n")


def json_text(value: Any) -> str:
    """A JSON answer on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def note(text: str) -> None:
    """Progress, a reason or a hint."""
    try:
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _mute()


def _mute() -> None:
    """Nobody reads the progress any more; the work is worth finishing all the same."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())  # what is still buffered must not fail at the exit
    os.close(nowhere)


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Aligned columns; the last one may be as long as it needs."""
    cells = [[clean(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(names, cells)
        return
    everything = [list(names), *cells]
    widths = [max(len(row[i]) for row in everything) for i in range(len(names))]
    for row in everything:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def located(hint: str, arguments: Sequence[str]) -> str:
    """A hint whose commands act on the workspace that the failed command named."""
    found = (_workspace_in(*words) for words in zip_longest(arguments, arguments[1:]))
    named = [workspace for workspace in found if workspace]
    if not named or "-w " in hint or "--workspace" in hint:
        return hint
    return _COMMAND.sub(lambda found: f"{found[0]} -w {shlex.quote(named[-1])}", hint)


def _workspace_in(word: str, following: str | None) -> str | None:
    if word in ("-w", "--workspace"):
        return following
    if word.startswith("--workspace="):
        return word.partition("=")[2]
    return word[2:] if word.startswith("-w") else None


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
