"""Turns at a server that takes few requests at once, among all processes of one user.

A turn is a lock of the kernel on an empty file, so whoever dies gives it back. Who sends many
requests may leave the first turns to those who send one, where a person may be waiting.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import IO

from scientist.llm.embedded import runtime_folder
from scientist.locks import take

LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 30.0  # then the server's own queue decides: whoever holds a turn may be stopped


class Stopped(Exception):
    """Nobody wants the answer any more."""

    def __init__(self) -> None:
        super().__init__("nobody wants the answer any more")


class Turns:
    """So many turns at the server of an address, the first few of them not for batches."""

    def __init__(self, url: str, count: int, kept: int = 0) -> None:
        self._count, self._kept = count, kept
        self._folder = runtime_folder() / "turns" / hashlib.sha256(url.encode()).hexdigest()[:16]

    @contextmanager
    def one(self, several: bool, stopped: Event | None = None) -> Iterator[None]:
        """Hold a turn; who is one of `several` waits as long as it takes, others for a while."""
        places = range(self._kept, self._count) if several else range(self._count)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (held := self._free(places)) is None:
            if stopped and stopped.is_set():
                raise Stopped
            if not several and time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS * (random.uniform(2, 6) if several else 1))
        try:
            yield
        finally:
            if held:
                held.close()

    def _free(self, places: Sequence[int]) -> IO[str] | None:
        for place in places:
            file = (self._folder / str(place)).open("a")
            if take(file):
                return file
            file.close()
        return None
