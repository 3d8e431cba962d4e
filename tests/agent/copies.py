"""Talk to forking.py: copies of the command `scientist`, one at a time, without its start."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from campaigns import environment


class Copies:
    """The process that forks copies of the command, one at a time."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.orders: IO[bytes] = process.stdin
        self.answers: IO[bytes] = process.stdout
        self.log = log

    def begin(self, arguments: Sequence[object], settings: Mapping[str, str], **dying: str) -> int:
        """Start a copy; its process id."""
        request = {
            "arguments": [str(argument) for argument in arguments],
            "environment": dict(settings),
            "output": str(self.log),
            **dying,
        }
        self.orders.write(json.dumps(request).encode() + b"\n")
        return int(self._hear()["pid"])

    def lives(self, seconds: float) -> bool:
        """Whether the copy still runs after so many seconds, or sooner if it does not."""
        return not select.select([self.answers], [], [], seconds)[0]

    def end(self) -> int:
        """Wait for the copy: its exit status, negative for a signal."""
        return int(self._hear()["status"])

    def last_words(self) -> str:
        return self.log.read_text()[-3000:]

    def _hear(self) -> dict[str, Any]:
        line = self.answers.readline()
        assert line, "the process that forks has ended"
        return dict(json.loads(line))


@contextmanager
def forking(folder: Path) -> Iterator[Copies]:
    """The process that forks, while the block lasts; the folder holds what copies print."""
    program = Path(__file__).with_name("forking.py")
    known = environment(OPENBLAS_NUM_THREADS="1", XDG_CONFIG_HOME=str(folder))
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=known,
    ) as process:
        answering = Copies(process, folder / "output")
        yield answering
        answering.orders.close()  # it ends with its input
