"""Independent questions to one model server, as many under way as it is worth, answers in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

from scientist import interrupts
from scientist.llm.client import Client

T = TypeVar("T")


def together(client: Client, jobs: Sequence[Callable[[Client], T]]) -> Iterator[T]:
    """What each job gives that is handed a client, in their order.

    Each comes as soon as it and those before it are there. Who stops early, or an error,
    ends what has not begun yet. Where one at a time is best, they run here, one after the other.
    """
    count = min(len(jobs), client.capacity.most) if len(jobs) > 1 else 1
    if count == 1:
        yield from (job(client) for job in jobs)
        return
    stopped = Event()
    free: SimpleQueue[Client] = SimpleQueue()

    def one(job: Callable[[Client], T]) -> T:
        mine = free.get()
        try:
            return job(mine)
        finally:
            free.put(mine)

    with ExitStack() as held:
        for _ in range(count):
            free.put(held.enter_context(client.twin(stopped)))
        pool = ThreadPoolExecutor(count)
        asked: list[Future[T]] = []
        held.callback(_end, pool, asked)
        held.callback(stopped.set)
        interrupts.held(lambda: asked.extend(pool.submit(one, job) for job in jobs))
        for promised in asked:
            yield interrupts.result(promised)


def _end(pool: ThreadPoolExecutor, asked: Sequence[Future[T]]) -> None:
    """Begin nothing more, and wait for what has begun."""
    interrupts.held(pool.shutdown, wait=False, cancel_futures=True)
    for promised in interrupts.held(lambda: [one for one in asked if not one.done()]):
        with suppress(Exception):  # what went wrong first is told
            interrupts.result(promised)
