"""How many requests at once a model server is worth, in one place.

What is known counts first: the setting, the slots that llama.cpp tells, the flags of a vLLM that
`scientist model serve` started. Up to there, and where nothing is known, the number is felt out
(`pace.py`): it falls when the server refuses, is late, or when requests stand in its queue,
whoever sent them. Where the number is known, the processes of a user share turns (`turns.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from threading import Condition, Event
from typing import Any

from scientist.errors import EndpointError
from scientist.llm.endpoint import Endpoint
from scientist.llm.pace import Pace
from scientist.llm.serving import figures, records
from scientist.llm.streaming import reaching
from scientist.llm.turns import Stopped, Turns
from scientist.settings import Settings

MOST = 32  # more answers than one process can read and keep at a time
START, VLLM_START = 4, 16
EMBEDDED = 1  # one request keeps every core of this machine busy
ASK_SECONDS = 3.0
LOOK_SECONDS = 0.5
WAIT_SECONDS = 0.05
FULL = 0.95  # of the cache for prompts and answers
SEQUENCES = "--max-num-seqs"


@dataclass(frozen=True)
class Room:
    """What is known before anything is sent: the most requests, and how many to start with.

    `shared`: all processes of the user share them, and batches leave `kept` of them to others.
    `look`: the server's own metrics count.
    """

    most: int
    start: int
    shared: bool = False
    kept: int = 0
    look: bool = False


def room(endpoint: Endpoint, settings: Settings) -> Room:
    """How many requests at once a server takes, by the first that says it."""
    if settings.concurrency:
        return Room(settings.concurrency, settings.concurrency, shared=True)
    if endpoint.kind == "embedded":
        return Room(EMBEDDED, EMBEDDED)
    if ours := records.at(endpoint.url):
        return _told(_sequences(ours[1].command), VLLM_START)
    return _told(_slots(endpoint), START)


def _told(count: int | None, start: int) -> Room:
    """The room at a server that tells how many requests it works on, or does not."""
    if count is None or count > MOST:
        return Room(MOST, start, look=True)
    return Room(count, count, shared=True, kept=min(1, count - 1), look=True)


def _sequences(command: tuple[str, ...]) -> int | None:
    """What a vLLM was told by its command line, the last word counts."""
    words = [part for word in command for part in word.split("=", 1)]
    found = [after for word, after in pairwise(words) if word == SEQUENCES]
    return int(found[-1]) if found and found[-1].isdecimal() and int(found[-1]) else None


def _slots(endpoint: Endpoint) -> int | None:
    """The slots of a llama.cpp server; None if it is none, or does not say."""
    import httpx2

    place = f"{endpoint.url.rstrip('/').removesuffix('/v1')}/props"
    headers = {"Authorization": f"Bearer {endpoint.api_key}"}
    try:
        answer = httpx2.get(place, headers=headers, timeout=ASK_SECONDS, **reaching(endpoint.url))
        told: Any = answer.json()
    except (httpx2.HTTPError, ValueError):
        return None
    slots = told.get("total_slots") if isinstance(told, dict) else None
    return slots if isinstance(slots, int) and slots > 0 else None


@dataclass
class Sending:
    """A request under way, and what became of it if it failed."""

    began: float = field(default_factory=time.monotonic)
    failed: bool = False
    refused: bool = False


class Capacity:
    """The requests of one process to one server: who may send now, and what is learned from it."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._free = Condition()
        self._flying = 0
        self._waiting = 0
        self._look_at = 0.0
        self._queued = False

    @cached_property
    def room(self) -> Room:
        """What is known of the server; asked for once."""
        return room(self._endpoint, self._settings)

    @cached_property
    def pace(self) -> Pace:
        """What is felt out."""
        return Pace(self.room.start, self.most)

    @property
    def most(self) -> int:
        """The most requests of a batch."""
        return self.room.most - self.room.kept

    @contextmanager
    def turn(self, several: bool = False, stopped: Event | None = None) -> Iterator[Sending]:
        """Send one request within; it is one of a batch, or stands alone and hardly waits."""
        turns = self._turns.one(several, stopped) if self._turns else nullcontext()
        with self._place(stopped) if several else nullcontext(), turns:
            sending = Sending()
            yield sending
            if sending.refused:
                self._refused(sending.began)
        if several and not sending.failed:
            self._answered()

    @cached_property
    def _turns(self) -> Turns | None:
        known = self.room
        return Turns(self._endpoint.url, known.most, known.kept) if known.shared else None

    @contextmanager
    def _place(self, stopped: Event | None) -> Iterator[None]:
        """One of the requests that may be under way in this process."""
        with self._free:
            if not self._flying:
                self.pace.begin(time.monotonic())
            self._waiting += 1
            try:
                while self._flying >= self.pace.level:
                    self._free.wait(WAIT_SECONDS)
                    if stopped and stopped.is_set():
                        raise Stopped
            finally:
                self._waiting -= 1
            self._flying += 1
        try:
            yield
        finally:
            with self._free:
                self._flying -= 1
                self._free.notify_all()

    def _refused(self, began: float) -> None:
        with self._free:
            self.pace.refused(began, time.monotonic())

    def _answered(self) -> None:
        now = time.monotonic()
        with self._free:
            self.pace.answered(now, wanted=self._waiting > 0 and not self._queued)
            look = self.room.look and now >= self._look_at
            if look:
                self._look_at = float("inf")  # one looks at a time
        if look:
            self._look()

    def _look(self) -> None:
        """Step back when a queue stands for two looks: requests that just came also count in it."""
        try:
            told = figures.read(self._endpoint.url, self._endpoint.api_key)
        except EndpointError:  # it has none, or is down, which the next request will tell
            return
        queued = bool(told.waiting) or (told.cache_used or 0.0) > FULL
        now = time.monotonic()
        if queued and self._queued:
            self._refused(now)
        self._queued, self._look_at = queued, now + LOOK_SECONDS
