"""Where a turn comes from: a line editor on a terminal, plain lines elsewhere.

Enter sends, Alt-Enter or a backslash before Enter begins another line. The history is kept in the
user's own folder, not in the workspace, which others may read.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.cli import output
from scientist.errors import UsageError

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings

Reader = Callable[[], str]
Names = Callable[[], Iterable[str]]
PROMPT, FURTHER = "> ", "  "
_WORD = re.compile(r"[/\w:.-]+$")


def interactive() -> bool:
    """Whether somebody sits at a terminal and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def plain() -> Reader:
    """Lines of stdin; EOFError at the end."""

    def read() -> str:
        from scientist.chat.threads import LONGEST_QUESTION

        parts: list[str] = []
        while True:
            given = sys.stdin.buffer.readline(4 * LONGEST_QUESTION + 4)
            if not given and not parts:
                raise EOFError
            try:
                line = given.decode().rstrip("\r\n")
            except UnicodeDecodeError as fault:
                raise UsageError(
                    f"stdin is not text: {fault}", "scientist chat < QUESTIONS.txt (UTF-8)"
                ) from fault
            if given and line.endswith("\\"):
                parts.append(line[:-1])
                continue
            return "\n".join([*parts, line])

    return read


def editor(commands: Sequence[str], names: Names) -> Reader:
    """A line editor with history and completion, on stderr: stdout is for answers."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.output import create_output

    session: PromptSession[str] = PromptSession(
        PROMPT,
        output=create_output(stdout=sys.stderr),
        history=_history(),
        completer=_completer(commands, names),
        complete_while_typing=False,
        key_bindings=_keys(),
        multiline=True,
        prompt_continuation=FURTHER,
    )
    return session.prompt


def history_file() -> Path:
    """Where this user's questions are kept for the arrow keys."""
    import platformdirs

    return Path(platformdirs.user_state_dir("scientist")) / "chat_history"


def _history() -> History:
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    file = history_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
    except OSError as fault:
        output.note(f"what you type is not kept: {file}: {fault.strerror or fault}")
        return InMemoryHistory()
    return FileHistory(file)


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: Any) -> None:
        buffer = event.current_buffer
        if buffer.document.char_before_cursor == "\\" and buffer.document.is_cursor_at_the_end:
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    @keys.add("escape", "c-j")  # as Enter comes when it is typed before the prompt is there
    def _further(event: Any) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _completer(commands: Sequence[str], names: Names) -> Completer:
    from prompt_toolkit.completion import Completer, Completion, PathCompleter
    from prompt_toolkit.document import Document

    class Names(Completer):
        def get_completions(self, document: Document, event: Any) -> Iterator[Completion]:
            before = document.text_before_cursor
            if before.startswith("/export "):
                rest = before.removeprefix("/export ").lstrip()
                paths = PathCompleter(expanduser=True)
                yield from paths.get_completions(Document(rest, len(rest)), event)
                return
            found = _WORD.search(before)
            word = found[0] if found else ""
            first = before.lstrip() == word and word.startswith("/")
            for name in commands if first else names():
                if word and name.lower().startswith(word.lower()):
                    yield Completion(name, start_position=-len(word))

    return Names()
