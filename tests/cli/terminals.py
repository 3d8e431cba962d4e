"""A conversation as a person has it: a prepared record, a scripted model, a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from campaigns import command, environment, essays, scientist

SAYS = "The user writes: "
PATIENCE = 180.0
CITED = "stable lowered shifted_error compared with pooled."
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>]")


def prepare(folder: Path) -> Path:
    """One essay E1; the finding F1 on H1 in C1."""
    for arguments in (
        ("corpus", "add", essays(folder / "essays")),
        ("kit", "run", "causal_features", "--pairs", 8),
    ):
        done = scientist(*arguments, "-w", folder / "w")
        assert done.returncode == 0, done.stderr
    return folder / "w"


def asked(request: dict[str, Any]) -> tuple[str, int]:
    """The question that a request is about, and how many results came since it was asked."""
    messages = [one["content"] for one in request["messages"] if one["role"] == "user"]
    last = max(place for place, one in enumerate(messages) if SAYS in one)
    return messages[last].partition(SAYS)[2], len(messages) - last - 1


def answer(*sentences: tuple[str, list[str]]) -> dict[str, Any]:
    """What a model answers: sentences with what they cite."""
    return {"answer": [{"says": text, "cites": cites} for text, cites in sentences]}


def model(request: dict[str, Any]) -> Any:
    """Looks up findings first; then answers in the way that a word of the question names."""
    question, results = asked(request)
    if "launch" in question:
        if results == 0:
            return {"tool": "launch_test", "kit": "causal_features", "pairs": 8}
        return answer(("Nothing was started.", []))
    if results == 0:
        return {"tool": "search_findings", "query": "stable"}
    if "hang for ever" in question:
        time.sleep(PATIENCE)
    if "unknown" in question:
        return {"unknown": "Nothing on record is about that."}
    if "opinion" in question:
        return answer(("Caution is a virtue here.", []))
    if "number" in question:
        return answer(("stable lowered shifted_error by 0.9 compared with pooled.", ["F1"]))
    return answer((CITED, ["F1"]))


class Terminal:
    """A command in a pseudo-terminal; everything it writes is kept."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process, self.descriptor = process, descriptor
        self.raw = b""
        self.read_to = 0

    @property
    def seen(self) -> str:
        """What was written, without what moves the cursor."""
        return _ESCAPES.sub("", self.raw.decode(errors="replace")).replace("\r", "")

    def expect(self, words: str) -> None:
        """Wait until the words are written after what was waited for before."""
        end = time.monotonic() + PATIENCE
        while (place := self.seen.find(words, self.read_to)) < 0:
            left = end - time.monotonic()
            assert left > 0, f"{words!r} never came; the screen:\n{self.seen[-3000:]}"
            if select.select([self.descriptor], [], [], min(left, 1.0))[0]:
                self._read(words)
        self.read_to = place + len(words)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self.descriptor, keys.encode())

    def line(self, text: str) -> None:
        """Type a line at the prompt."""
        self.send(text + "\r")

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        while self.process.poll() is None:
            if select.select([self.descriptor], [], [], 0.1)[0]:
                try:
                    self._read("the end")
                except AssertionError:
                    break
        return self.process.wait(PATIENCE)

    def _read(self, words: str) -> None:
        try:
            self.raw += os.read(self.descriptor, 65536)
        except OSError:  # the other side is closed
            raise AssertionError(f"ended before {words!r}:\n{self.seen[-3000:]}") from None


@contextmanager
def terminal(folder: Path, *arguments: object, **extra: str) -> Iterator[Terminal]:
    """Run a command in a pseudo-terminal of its own while the block lasts."""
    ours, theirs = pty.openpty()
    quiet = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "160"}
    homes = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    env = {k: v for k, v in environment(**quiet, **homes).items() if k != "NO_COLOR"} | extra
    process = subprocess.Popen(
        command(*arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=env,
        start_new_session=True,
        preexec_fn=_own_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(ours)


def _own_terminal() -> None:
    """Ctrl-C reaches only the foreground of a controlling terminal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
