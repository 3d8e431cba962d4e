"""Download progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scientist.cli import output

LINE_SECONDS = 5.0


@contextmanager
def downloads() -> Iterator[Callable[[str, int, int], None]]:
    """A callback that draws (what, done, total)."""
    console = output.console()
    if not console.is_terminal:
        yield lines()
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {}

        def draw(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total or None)
            progress.update(tasks[what], completed=done, total=total or None)

        yield draw


def lines() -> Callable[[str, int, int], None]:
    """A callback that says it in lines."""
    said: dict[str, float] = {}

    def say(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - said.get(what, -LINE_SECONDS) >= LINE_SECONDS:
            said[what] = now
            share = f": {done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else ""
            output.note(f"{what}{share}")

    return say
