"""Ends what would go on for minutes: a bound far above what linear work needs, so no timing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

PROCESSOR_SECONDS = 40


@contextmanager
def watched() -> Iterator[None]:
    """Fail instead of hanging when the work grows with the square of its input."""

    def bark(_number: int, _frame: object) -> None:
        raise AssertionError(f"it went on for more than {PROCESSOR_SECONDS} processor seconds")

    before = signal.signal(signal.SIGPROF, bark)
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
