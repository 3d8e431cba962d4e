"""What a running campaign looks like: a view of the journal, live.

On a terminal a small panel (phase, round, tokens, time left, last reasoning) below
the finished lines; elsewhere the same lines, plain. Both come from `headline`, the
renderer that `audit show` uses as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scientist.audit.headline import headline
from scientist.cli import layout
from scientist.journal import Entry
from scientist.records import printable

if TYPE_CHECKING:
    from scientist.agent.budget import Meter

DOWNLOAD_LINE_SECONDS = 5.0
THOUGHT_WIDTH = 200


@contextmanager
def stopped(live: Live | None) -> Iterator[None]:
    """The terminal without what is drawn on it all the time."""
    if live:
        live.stop()
    try:
        yield
    finally:
        if live:
            live.start()


class LiveView:
    """Draws a campaign on stderr while it runs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.meter: Meter | None = None
        self.phase, self.round, self.thought = "starting", 0, ""
        self.trials: tuple[int, int] | None = None
        self.download: tuple[str, int, int] | None = None
        self._said, self._said_what = 0.0, ""
        self._live = (
            Live(get_renderable=self._panel, console=console, refresh_per_second=4, transient=True)
            if console.is_terminal
            else None
        )

    def __enter__(self) -> LiveView:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The terminal without the panel, for a question."""
        with stopped(self._live):
            yield

    def say(self, text: str) -> None:
        """A line of the command itself."""
        text = printable(text)
        if self.console.is_terminal:
            text = layout.hang(text, self.console.width)
        self.console.print(Text(text), soft_wrap=True)

    def on_meter(self, meter: Meter) -> None:
        self.meter = meter

    def on_entry(self, entry: Entry) -> None:
        """One more event in the journal."""
        if entry.kind == "phase_started":
            self.phase, self.round = entry.data["phase"], entry.data["round"]
            self.thought, self.trials = "", None
        if line := headline(entry):
            self.say(line)

    def on_text(self, _kind: str, piece: str) -> None:
        """A piece of what the model is writing."""
        self.thought = (self.thought + piece)[-4000:]

    def on_trial(self, done: int, total: int) -> None:
        """How many trials of the running experiment are in."""
        self.trials = (done, total)

    def on_download(self, what: str, done: int, total: int) -> None:
        """Progress of a download or of a server that loads."""
        self.download = (what, done, total) if total and done < total else None
        now = time.monotonic()
        new = what != self._said_what
        if self._live is None and (new or (total and now - self._said > DOWNLOAD_LINE_SECONDS)):
            self._said, self._said_what = now, what
            share = f": {done / 1e6:.0f} of {total / 1e6:.0f} MB" if total else ""
            self.say(f"{what}{share}")

    def _panel(self) -> Any:
        table = Table.grid(padding=(0, 2))
        table.add_row(*self._figures())
        parts: list[Any] = [table]
        if self.download:
            what, done, total = self.download
            parts.append(Text(f"{what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB", style="dim"))
            parts.append(ProgressBar(total=total, completed=done, width=60))
        if self.trials:
            done, total = self.trials
            parts.append(ProgressBar(total=total, completed=done, width=60))
        if thought := printable(" ".join(self.thought.split())[-THOUGHT_WIDTH:]):
            parts.append(Text(thought, style="dim"))
        return Group(*parts)

    def _figures(self) -> list[Text]:
        cells = [Text(self.phase, style="bold cyan")]
        if self.meter:
            budget, left = self.meter.budget, self.meter.seconds_left
            cells += [
                Text(f"round {max(self.round, 1)}/{budget.rounds}"),
                Text(f"{self.meter.tokens}/{budget.tokens} tokens"),
                Text(f"{int(left) // 60}:{int(left) % 60:02d} left"),
            ]
            if budget.trials is not None:
                cells.append(Text(f"{self.meter.trials}/{budget.trials} trials in all"))
            if self.meter.warned:
                cells.append(Text("budget nearly spent", style="yellow"))
        if self.trials:
            cells.append(Text(f"{self.trials[0]}/{self.trials[1]} trials"))
        return cells
