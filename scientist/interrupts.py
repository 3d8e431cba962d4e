"""Ctrl-C, held back while work is handed to threads, and let through where it can do no harm.

A KeyboardInterrupt that strikes inside `concurrent.futures` may leave a lock taken: a worker waits
for it, this thread waits for the worker, and no further Ctrl-C gets them out. What hands work to
threads is therefore called by `held`; what it calls in turn, and may take long, by `through`. A
press that was held back strikes where the next `through` begins, or where `held` ends. One that
strikes while a library calls back into Python may be swallowed, or come out as an error of that
library: it ends the work all the same.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from types import FrameType
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
Handler = Callable[[int, FrameType | None], object]

LOOK_SECONDS = 0.2
_END = object()
_waiting: list[int] = []
_struck: list[int] = []


def held(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work gives; until it ends, Ctrl-C strikes only in what it calls by `through`."""
    before = _handler()
    if before is None:
        return work(*args, **kwargs)

    def press(number: int, frame: FrameType | None) -> None:
        if _lets_through(frame):
            try:
                before(number, frame)
            except KeyboardInterrupt:
                _struck.append(number)
                raise
        else:
            _waiting.append(number)

    signal.signal(signal.SIGINT, press)
    try:
        return work(*args, **kwargs)
    except KeyboardInterrupt:
        _waiting.clear()  # it ends as it was asked to
        raise
    finally:
        signal.signal(signal.SIGINT, before)
        _strike(before, sys._getframe().f_back)


def each(steps: Iterator[T]) -> Iterator[T]:
    """What an iterator gives, one by one, each taken by `held`, as is its end."""
    try:
        while (step := held(lambda: next(steps, _END))) is not _END:
            yield cast(T, step)
    finally:
        if isinstance(steps, Generator):
            held(steps.close)


def through(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work gives; Ctrl-C strikes in it, although its caller is `held`.

    Where it struck, it also ends the work: what a library made of it in between does not count.
    """
    handler = _handler()
    if handler is None:
        return work(*args, **kwargs)
    try:
        _strike(handler, sys._getframe())
        given = work(*args, **kwargs)
    except Exception as fault:
        if _struck:
            raise KeyboardInterrupt from fault
        raise
    else:
        if _struck:
            raise KeyboardInterrupt
        return given
    finally:
        _struck.clear()


def result(promised: Future[T]) -> T:
    """What a future gives; Ctrl-C ends the waiting, and no lock is left behind."""
    while not held(wait, [promised], LOOK_SECONDS).done:
        pass
    return held(promised.result)


def _handler() -> Handler | None:
    """What a press does now; None where it never strikes, or does nothing."""
    if threading.current_thread() is not threading.main_thread():
        return None
    found = signal.getsignal(signal.SIGINT)
    return found if callable(found) else None


def _strike(handler: Handler, frame: FrameType | None) -> None:
    while _waiting:
        handler(_waiting.pop(), frame)


def _lets_through(frame: FrameType | None) -> bool:
    """Whether the innermost call of either kind is one of `through`."""
    while frame is not None:
        if frame.f_code in (held.__code__, through.__code__):
            return frame.f_code is through.__code__
        frame = frame.f_back
    return True
