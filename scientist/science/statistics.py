"""Paired statistics on differences (treatment minus control on one seed), by scipy.

The order of the differences matters to no result that is reported, provided callers
give them in order of seed: resampling is seeded, so that the same trials give the same
numbers to the last digit. Differences that do not vary have their own exact answers, and
any finite ones have finite answers.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from scientist.records import Interval

Alternative = Literal["two-sided", "greater", "less"]


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
    center = mean(scaled)
    variance = math.fsum((d - center) ** 2 for d in scaled) / (len(scaled) - 1)
    return center / math.sqrt(variance)


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
        low, high = _bootstrap(scaled, confidence, resamples, seed, method)
        if math.isfinite(low) and math.isfinite(high) and low <= high:
            break
    # rounding may carry a mean past the largest value, where the largest float is no more
    low, high = (math.ldexp(min(max(x, min(scaled)), max(scaled)), exponent) for x in (low, high))
    return Interval(low=low, high=high, confidence=confidence, method=method)


def _bootstrap(
    differences: Sequence[float], confidence: float, resamples: int, seed: int, method: str
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

    Exact when there are no more sign patterns than `resamples`, else from that many
    random ones, with the observed one counted in; so it is never zero.
    """
    import numpy as np
    from scipy import stats

    result = stats.permutation_test(
        (np.asarray(_scaled(differences)[0], dtype=float),),
        np.mean,
        permutation_type="samples",
        alternative=alternative,
        n_resamples=resamples,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(result.pvalue))


def _scaled(values: Sequence[float]) -> tuple[list[float], int]:
    """The values over a power of two that brings the largest below 1, and its exponent.

    Squares and sums of these neither overflow nor vanish. Dividing so is exact, but for
    values too small beside the largest to matter.
    """
    exponent = math.frexp(max(map(abs, values)))[1]
    return [math.ldexp(value, -exponent) for value in values], exponent
