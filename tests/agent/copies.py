"""Talk to forking.py: copies of the command `scientist`, one at a time, without its start."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from campaigns import environment

PROGRAM = Path(__file__).with_name("forking.py")


class Copies:
    """The process that forks copies of the command, one at a time."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.orders: IO[bytes] = process.stdin
        self.answers: IO[bytes] = process.stdout
        self.log = log

    def begin(
        self,
        arguments: Sequence[object],
        environment: Mapping[str, str],
        output: Path | None = None,
        errors: Path | None = None,
        **dying: str,
    ) -> int:
        """Start a copy; its process id."""
        request = {
            "arguments": [str(argument) for argument in arguments],
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "output": str(output or self.log),
            "errors": str(errors or self.log),
            **dying,
        }
        self.orders.write(json.dumps(request).encode() + b"\n")
        return int(self._hear()["pid"])

    def settings(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The environment of a copy that reads no settings of the user's own."""
        return environment(**{"XDG_CONFIG_HOME": str(self.log.parent), **settings})

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
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        answering = Copies(process, folder / "output")
        yield answering
        answering.orders.close()  # it ends with its input
