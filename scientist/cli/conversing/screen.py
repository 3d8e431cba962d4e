"""What a turn looks like while it lasts, on stderr: reasoning, tool calls, the unchecked draft.

On a terminal the reasoning and the draft are dim and leave the screen when the answer is
checked, so that nothing unchecked stays; a line is left for each tool call, and for reasoning
in words. Elsewhere only those lines come. An action that changes something waits for a yes that
was typed after the question.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from scientist.cli.live import stopped
from scientist.records import clean, printable

if TYPE_CHECKING:
    from rich.console import Console

TAIL = 400  # letters of the reasoning that are seen at a time
MOST_DRAFT = 1600
MOST_ARGUMENTS = 160
MOST_PLAN_LINES = 60
QUESTION = "do it? [y]es, [n]o: "

Ordering = Callable[[str, dict[str, Any]], str]


class Screen:
    """The listener of a turn for people who watch it."""

    def __init__(self, console: Console, asks: bool, command: Ordering) -> None:
        """`asks`: whether somebody is there to decide; `command` does by hand what they may not."""
        self.console = console
        self.asks = asks
        self.command = command
        self.tools: list[dict[str, Any]] = []
        self._thought = self._draft = ""
        self._live: Live | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Follow one turn; what was only a draft is gone afterwards."""
        self.tools, self._thought, self._draft = [], "", ""
        try:
            with self._drawing():
                yield
                self._settle()
        finally:
            self._thought = self._draft = ""

    def thinking(self, piece: str) -> None:
        self._thought += piece

    def words(self, piece: str) -> None:
        self._settle()
        self._draft = (self._draft + piece)[-MOST_DRAFT:]

    def used(
        self, tool: str, arguments: dict[str, Any], summary: str, size: int, seconds: float
    ) -> None:
        self._settle()
        self._draft = ""
        self.tools.append(
            {
                "tool": tool,
                "arguments": {clean(name): _tame(value) for name, value in arguments.items()},
                "summary": clean(summary),
                "characters": size,
                "seconds": round(seconds, 4),
            }
        )
        self.say(f"{call(tool, arguments)}: {clean(summary)}, {size} characters, {seconds:.2f} s")

    def decide(self, tool: str, arguments: dict[str, Any], plan: str) -> bool:
        self._settle()
        with stopped(self._live):
            self.say(f"the model asks to use {call(tool, arguments)}")
            for line in printable(plan).splitlines()[:MOST_PLAN_LINES]:
                self.say(f"  | {line}")
            if not self.asks:
                self.say("declined: nobody is here to say yes; to do it yourself:")
                self.say(f"  {clean(self.command(tool, arguments))}")
                return False
            return confirmed(QUESTION)

    def say(self, text: str, dim: bool = False) -> None:
        """A line of its own."""
        self.console.print(Text(printable(text), style="dim" if dim else ""), soft_wrap=True)

    def _settle(self) -> None:
        """Keep reasoning in words as a line; an action's JSON is told by what it does."""
        thought, self._thought = clean(self._thought), ""
        if thought and not thought.startswith(("{", "[")):
            self.say(thought, dim=True)

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        if not self.console.is_terminal:
            yield
            return
        self._live = Live(
            get_renderable=self._panel,
            console=self.console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        try:
            yield
        finally:
            self._live.stop()
            self._live = None

    def _panel(self) -> Group:
        parts = []
        if thought := clean(self._thought)[-TAIL:]:
            parts.append(Text(thought, style="dim"))
        if draft := clean(self._draft):
            parts.append(Text(f"not checked yet: {draft}", style="dim italic"))
        return Group(*parts)


def call(tool: str, arguments: Mapping[str, Any]) -> str:
    """A tool with its arguments, on one line."""
    shown = [
        f'"{clean(str(value))}"' if not number and isinstance(value, str) else _named(name, value)
        for number, (name, value) in enumerate(arguments.items())
        if value is not None
    ]
    words = ", ".join(shown)
    words = words if len(words) <= MOST_ARGUMENTS else words[: MOST_ARGUMENTS - 1] + "…"
    return f"{clean(tool)} {words}".rstrip()


def confirmed(question: str) -> bool:
    """Whether a yes is typed now; what was typed before the question came does not count."""
    import termios

    with suppress(termios.error, OSError, ValueError):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _tame(value: Any) -> Any:
    """An argument for a document: numbers as they are, words as they may be shown."""
    return value if value is None or isinstance(value, int | float) else clean(str(value))


def _named(name: str, value: Any) -> str:
    return f"{clean(name)}={clean(str(value))}"
