"""Printing: results to stdout, everything else to stderr, one shape for every failure."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TextIO

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
            mute(sys.stderr)

    return Lasting(stderr=True, highlight=False, markup=False)


_arguments: list[str] = []  # of the command that runs
_STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}
_COMMAND = re.compile(
    r"\bscientist (run|rebuild|check|chat|ask|mcp|doctor|config show|kit (?:run|sweep)"
    r"|model (?:list|pull|probe|serve|status)"
    r"|(?:audit|belief|claim|corpus|experiment|finding|hypothesis) [a-z]+)\b(?! --help)"
)
_ENDS = re.compile(r"[;,()\n]")  # a command in a sentence
ASKING = ("run", "chat", "ask", "check", "model probe")  # commands that need a model
STORING = (
    *("run", "chat", "ask", "mcp", "check", "doctor", "rebuild", "corpus search"),
    *("finding search", "kit run", "experiment run"),
)
SERVERS = {  # what says which servers are used, and the commands that can be told
    "--endpoint": (*ASKING, "doctor", "model status"),
    "--model": ASKING,
    "--chroma": STORING,
}


class Unwritten(ScientistError):
    """Stdout takes no more."""


def prepare(arguments: Sequence[str]) -> None:
    """For a command: streams that are there, and that can be written in every locale.

    What the caller closed would be given to the next file that is opened, and what a library prints
    would stand in that file.
    """
    _arguments[:] = arguments
    while (free := os.open(os.devnull, os.O_RDWR)) < len(_STREAMS):
        pass
    os.close(free)
    for number, (name, mode) in enumerate(_STREAMS.items()):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
        elif mode == "w" and isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def result(text: str, joined: bool = False) -> None:
    """A line of the answer; on a terminal, long ones go on below their own words.

    `joined`: text that was broken by hand, which a terminal breaks anew.
    """
    text = printable(text)
    if sys.stdout.isatty():
        from scientist.cli import layout

        whole = layout.joined(text) if joined else text
        text = layout.hang(whole, shutil.get_terminal_size().columns)
    write(text)


def document(value: Any) -> None:
    """The answer as one JSON document."""
    write(json_text(value, indent=2))


def json_line(value: Any) -> None:
    """One of many JSON answers."""
    write(json_text(value))


def json_text(value: Any, indent: int | None = None) -> str:
    """A JSON answer, in letters that stdout can hold."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    return json.dumps(value, indent=indent, ensure_ascii=plain, default=str)


def write(text: str) -> None:
    """Lines on stdout, as they are."""
    with writable():
        sys.stdout.write(text + "\n")


@contextmanager
def writable() -> Iterator[None]:
    """A disk without room for the answer is said in words; a reader that left is the caller's."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        mute(sys.stdout)
        raise Unwritten(
            f"the answer cannot be written: {fault.strerror or fault}",
            "send it to a file on a disk with room: scientist ... > FILE",
        ) from fault


def note(text: str) -> None:
    """Progress, a reason or a hint; what it tells to type acts on the workspace of this command."""
    try:
        sys.stderr.write(printable(located(text)) + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        mute(sys.stderr)


def mute(stream: TextIO) -> None:
    """Nobody reads it any more; what is still buffered must not fail at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
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
        write(line.rstrip())


def command() -> str:
    """The command that runs, as it is typed."""
    found = _COMMAND.match(" ".join(("scientist", *_arguments)))
    return found[0] if found else "scientist run"


def located(hint: str, arguments: Sequence[str] = _arguments) -> str:
    """A hint whose commands act on the workspace and servers that the arguments name.

    Without arguments, those of this command. What the hint names itself stays; a campaign that is
    resumed keeps its model.
    """
    place = _given("-w", arguments) or _given("--workspace", arguments)
    named = {"-w": place} if "-w " not in hint and "--workspace" not in hint else {}
    named |= {flag: _given(flag, arguments) for flag in SERVERS if flag not in hint}

    def whole(found: re.Match[str]) -> str:
        resumes = " --resume" in _ENDS.split(hint[found.end() :], maxsplit=1)[0]
        words = [
            f" {flag} {shlex.quote(value)}"
            for flag, value in named.items()
            if value and (flag == "-w" or found[1] in SERVERS[flag])
            if not (resumes and flag in ("--endpoint", "--model"))
        ]
        return found[0] + "".join(words)

    return _COMMAND.sub(whole, hint)


def _given(flag: str, arguments: Sequence[str]) -> str | None:
    """The last value that an option was given."""
    values = []
    for word, following in zip_longest(arguments, arguments[1:]):
        if word == "--":
            break
        if word == flag:
            values.append(following)
        elif word.startswith(f"{flag}=") and flag.startswith("--"):
            values.append(word.partition("=")[2])
        elif word.startswith(flag) and not flag.startswith("--"):
            values.append(word[2:])
    return values[-1] if values else None


def failure(fault: ScientistError, as_json: bool) -> int:
    """Say what went wrong and how to mend it; returns the exit code."""
    if as_json and not isinstance(fault, Unwritten):
        try:
            told = fault.envelope()
            told["error"]["hint"] = located(fault.hint)  # as `note` does
            document(told)
            with writable():
                sys.stdout.flush()
        except BrokenPipeError:
            mute(sys.stdout)
        except Unwritten:
            as_json = False
    if not as_json or isinstance(fault, Unwritten):
        note(f"error: {fault.message}")
        if fault.hint:
            note(f"hint: {fault.hint}")
    return fault.exit_code


def _rich_table(names: Sequence[str], cells: list[list[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from scientist.cli import layout

    terminal = Console(highlight=False, markup=False)
    widths = layout.widths(names, cells, terminal.width)
    if widths is None:
        terminal.print(Text(layout.blocks(names, cells, terminal.width)), soft_wrap=True)
        return
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name, width in zip(names, widths, strict=True):
        drawn.add_column(name, overflow="fold", width=width)
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    terminal.print(drawn)
