"""Time jobs in turn, so that a slow moment of the machine hits all of them."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence


def command(line: Sequence[str]) -> Callable[[], None]:
    """A job that runs a command to its end."""

    def run() -> None:
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return run


def medians(jobs: Mapping[str, Callable[[], None]], rounds: int = 9) -> dict[str, float]:
    """Median seconds of each job over interleaved rounds, one warm-up first."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            began = time.perf_counter()
            job()
            if number:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def show(found: Mapping[str, float], baseline: str) -> None:
    """Each median in milliseconds, and as a ratio to the baseline."""
    for name, value in found.items():
        print(f"{name:<34} {value * 1000:8.1f} ms   {value / found[baseline]:5.2f}x")
