"""The journal and its index, each held by the one thread that may use them.

Pages that may take long have a thread of their own, so that the others need not wait for them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from scientist.audit.tracing.trail import Trail
from scientist.journal import Journal
from scientist.journal.index import Index
from scientist.journal.places import segments
from scientist.workspace import Workspace

T = TypeVar("T")
Told = Callable[[int], None]


@dataclass(frozen=True)
class Opened:
    """What a page is made from."""

    place: Workspace
    journal: Journal
    index: Index

    def trail(self) -> Trail:
        """The means to find events."""
        return Trail(self.journal, self.index)


class Desk:
    """One thread with a journal and an index of its own, in step with the files."""

    def __init__(self, place: Workspace, told: Told | None = None) -> None:
        self._place = place
        self._told = told
        self._thread = ThreadPoolExecutor(1, "record")
        self._opened: Opened | None = None

    async def ask(self, job: Callable[[Opened], T]) -> T:
        """The answer to something, from the record as it is now."""
        return await asyncio.wrap_future(self._thread.submit(self._do, job))

    def open(self) -> None:
        """Open the record now, before anybody asks."""
        self._thread.submit(self._do, lambda opened: opened).result()

    def close(self) -> None:
        """End the thread and give back the descriptors."""
        self._thread.submit(self._shut).result()
        self._thread.shutdown()

    def _do(self, job: Callable[[Opened], T]) -> T:
        if self._opened is None:
            folder = self._place.journal
            self._opened = Opened(self._place, Journal(folder), Index(folder, self._told))
        else:
            self._opened.index.refresh()
        return job(self._opened)

    def _shut(self) -> None:
        if self._opened is not None:
            self._opened.index.close()
            self._opened.journal.close()


class Record:
    """Two desks: one for what is quick, one for what reads much."""

    def __init__(self, place: Workspace, told: Told | None = None) -> None:
        self.place = place
        self.quick = Desk(place, told)
        self.thorough = Desk(place)
        self.ending = threading.Event()

    def size(self) -> int:
        """How many bytes the journal has: whether something happened."""
        return sum(file.stat().st_size for file in segments(self.place.journal))

    def close(self) -> None:
        """End both."""
        self.quick.close()
        self.thorough.close()
