"""Paired statistics on differences (treatment minus control on one seed), by scipy.

What scipy lacks is here: sign-flip p-values finer than resampling gives, Holm's correction.
`evalue`, `online` and `power` stand beside this. The order of the differences matters to no
result that is reported, provided callers give them in order of seed: resampling is seeded, so
that the same trials give the same numbers to the last digit. Differences that do not vary have
their own exact answers, and any finite ones have finite answers.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from scientist.records import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Alternative = Literal["two-sided", "greater", "less"]
MOST_EXACT = 40  # pairs: half of them have 2 ** 20 sign patterns, which is quick to sort
MOST_ROUNDED = 2000  # pairs: beyond, a grid is too coarse and too slow
GRID = 2**20
_TIE = 1e-13  # of the sum of sizes: sums that differ by less are equal but for rounding


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, rounded once; so it never lies outside the values."""
    return float(sum(map(Fraction, values)) / len(values))


def constant(differences: Sequence[float]) -> bool:
    """Whether the differences vary by no more than rounding does."""
    low, high = min(differences), max(differences)
    return high - low <= 1e-12 * max(abs(low), abs(high))


def standardized(differences: Sequence[float]) -> float | None:
    """The mean in standard deviations of the differences (d_z); None if they do not vary."""
    if len(differences) < 2 or constant(differences):
        return None
    scaled, _ = _scaled(differences)
    return mean(scaled) / _deviation(scaled)


def deviation(differences: Sequence[float]) -> float:
    """The standard deviation of the differences, with n - 1; 0 if they do not vary."""
    if len(differences) < 2:
        raise ValueError("one difference has no deviation")
    if constant(differences):
        return 0.0
    scaled, exponent = _scaled(differences)
    try:
        return math.ldexp(_deviation(scaled), exponent)
    except OverflowError:
        return sys.float_info.max


def _deviation(values: Sequence[float]) -> float:
    center = mean(values)
    return math.sqrt(math.fsum((v - center) ** 2 for v in values) / (len(values) - 1))


def interval(
    differences: Sequence[float], confidence: float, resamples: int, seed: int
) -> Interval:
    """Bootstrap interval of the mean, bias-corrected and accelerated (Efron 1987).

    Where BCa has no answer (one far outlier in a few pairs) the percentile interval
    stands in, and the method says so.
    """
    if constant(differences):
        only = mean(differences)
        return Interval(low=only, high=only, confidence=confidence, method="degenerate")
    scaled, exponent = _scaled(differences)
    for method in ("BCa", "percentile"):
        low, high = _bootstrap(tuple(scaled), confidence, resamples, seed, method)
        if math.isfinite(low) and math.isfinite(high) and low <= high:
            break
    # rounding may carry a mean past the largest value, where the largest float is no more
    low, high = (math.ldexp(min(max(x, min(scaled)), max(scaled)), exponent) for x in (low, high))
    return Interval(low=low, high=high, confidence=confidence, method=method)


@lru_cache(maxsize=1024)  # each is asked for again when a finding is held against its trials
def _bootstrap(
    differences: tuple[float, ...], confidence: float, resamples: int, seed: int, method: str
) -> tuple[float, float]:
    import numpy as np
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of degenerate data: the caller looks at the answer
        result = stats.bootstrap(
            (np.asarray(differences, dtype=float),),
            np.mean,
            confidence_level=confidence,
            n_resamples=resamples,
            method=method,
            vectorized=True,
            rng=np.random.default_rng(seed),
        )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def sign_flip(
    differences: Sequence[float], alternative: Alternative, resamples: int, seed: int
) -> float:
    """p of the mean if each difference were as likely to have the other sign (Fisher 1935).

    Exact up to MOST_EXACT pairs; up to MOST_ROUNDED exact for sizes rounded to a grid, where
    what rounding may hide is counted against the effect. Beyond, from `resamples` random
    patterns with the observed one counted in. So it is never zero.
    """
    toward, _ = _scaled(differences)
    if alternative == "less" or (alternative == "two-sided" and math.fsum(toward) < 0):
        toward = [-d for d in toward]
    share = _share_reaching(toward, resamples, seed)
    return min(1.0, 2 * share) if alternative == "two-sided" else share


def _share_reaching(differences: Sequence[float], resamples: int, seed: int) -> float:
    """The share of sign patterns whose sum is no smaller than the observed one."""
    import numpy as np

    sizes = np.sort(np.abs(np.asarray(differences, dtype=float)))
    least = math.fsum(differences) - _TIE * math.fsum(sizes)
    if len(sizes) <= MOST_EXACT:
        return _exact(sizes, least)
    if len(sizes) <= MOST_ROUNDED:
        return _rounded(sizes, least)
    from scipy import stats

    result = stats.permutation_test(
        (np.asarray(differences, dtype=float),),
        np.sum,
        permutation_type="samples",
        alternative="greater",
        n_resamples=resamples,
        batch=100,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def _exact(sizes: NDArray[np.float64], least: float) -> float:
    """Each half of the pairs has few sums; those that join to enough are counted, not listed.

    Horowitz and Sahni (1974) meet in the middle so; Pagano and Tritchler (1983) showed that
    exact permutation p-values need no listing of all patterns.
    """
    import numpy as np

    one, other = (np.sort(_sums(half)) for half in (sizes[::2], sizes[1::2]))
    missing = np.searchsorted(one, least - other, side="left")
    reached = int((len(one) - missing).sum())
    return math.ldexp(reached, -len(sizes))


def _sums(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of every sign pattern of some sizes."""
    import numpy as np

    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate((sums - size, sums + size))
    return sums


def _rounded(sizes: NDArray[np.float64], least: float) -> float:
    """The distribution of the sum of sizes rounded to a grid (Pagano and Tritchler 1983).

    Rounding moves a sum by half a step a pair at most; that much is taken off what a pattern
    has to reach, so that p is never too small. It is too large by about a thousandth of itself
    at 50 pairs, and by a tenth at 2000.
    """
    import numpy as np

    total = math.fsum(sizes)
    if total == 0:
        return 1.0
    steps = np.rint(sizes / total * GRID).astype(int)
    whole = int(steps.sum())
    # a pattern's sum is twice the sum of its positive sizes less the sum of all
    needed = math.ceil((least / total * GRID - len(steps) / 2 - 1 + whole) / 2)
    if needed <= 0:
        return 1.0
    shares = np.zeros(whole + 1)
    shares[0] = 1.0
    end = 1
    for step in steps:
        moved = shares[:end].copy()
        end += int(step)
        shares[step:end] += moved
        shares[:end] /= 2
    return min(1.0, max(float(shares[needed:].sum()), sys.float_info.min))


def equivalence(
    differences: Sequence[float],
    bound: float,
    alternative: Alternative,
    resamples: int,
    seed: int,
) -> float:
    """p of an effect at or beyond a bound, by sign flips about it (Schuirmann 1987).

    Small p: the effect is below +bound ("less"), above -bound ("greater"), or between both
    ("two-sided": two one-sided tests, of which the larger p counts). Under the null each
    difference is symmetric about the bound.
    """
    if not (bound > 0 and math.isfinite(bound)):
        raise ValueError(f"the bound must be positive and finite, not {bound}")
    *scaled, limit = _scaled([*differences, bound])[0]  # so that no difference overflows
    p_values = []
    if alternative != "greater":
        p_values.append(sign_flip([d - limit for d in scaled], "less", resamples, seed))
    if alternative != "less":
        p_values.append(sign_flip([d + limit for d in scaled], "greater", resamples, seed))
    return max(p_values)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, each in its place (Holm 1979).

    All that are at most alpha hold together with an error of alpha, however they depend.
    """
    if bad := [p for p in p_values if not 0 <= p <= 1]:
        raise ValueError(f"{bad[0]} is no p-value")
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


def _scaled(values: Sequence[float]) -> tuple[list[float], int]:
    """The values over a power of two that brings the largest below 1, and its exponent.

    Squares and sums of these neither overflow nor vanish. Dividing so is exact, but for
    values too small beside the largest to matter.
    """
    exponent = math.frexp(max(map(abs, values)))[1]
    return [math.ldexp(value, -exponent) for value in values], exponent
