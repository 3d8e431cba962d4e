"""Waiting for what others do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 15, pause: float = 0.02) -> None:
    """Wait for something that must come; a look that costs much takes a longer pause."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(pause)
