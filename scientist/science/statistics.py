"""Paired statistics by scipy, with the degenerate cases spelled out.

Differences are treatment minus control on the same seed. All randomness is seeded, so
that the same trials give the same numbers to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scientist.records import Interval, Trial

SEED = 20240229


def paired(
    trials: Sequence[Trial], treatment: str, control: str, metric: str
) -> list[tuple[float, float]]:
    """(treatment, control) values of every seed that has both, in order of seed."""
    values: dict[tuple[str, int], float] = {
        (trial.arm, trial.seed): trial.metrics[metric]
        for trial in trials
        if metric in trial.metrics
    }
    both = sorted(seed for arm, seed in values if arm == treatment and (control, seed) in values)
    return [(values[treatment, seed], values[control, seed]) for seed in both]


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, summed without rounding surprises."""
    return math.fsum(values) / len(values)


def standardized(differences: Sequence[float]) -> float | None:
    """Mean difference in standard deviations of the differences; None when they do not vary."""
    import numpy as np

    deviation = float(np.std(differences, ddof=1))
    return mean(differences) / deviation if deviation > 0 else None


def interval(differences: Sequence[float], confidence: float, resamples: int) -> Interval:
    """BCa bootstrap interval of the mean difference (Efron 1987)."""
    import numpy as np
    from scipy import stats

    if max(differences) == min(differences):
        only = differences[0]
        return Interval(low=only, high=only, confidence=confidence, method="all differences equal")
    result = stats.bootstrap(
        (np.asarray(differences),),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        method="BCa",
        vectorized=True,
        rng=np.random.default_rng(SEED),
    )
    low, high = (float(bound) for bound in result.confidence_interval)
    if not (np.isfinite(low) and np.isfinite(high)):
        result = stats.bootstrap(
            (np.asarray(differences),),
            np.mean,
            confidence_level=confidence,
            n_resamples=resamples,
            method="percentile",
            vectorized=True,
            rng=np.random.default_rng(SEED),
        )
        low, high = (float(bound) for bound in result.confidence_interval)
        return Interval(low=low, high=high, confidence=confidence, method="percentile bootstrap")
    return Interval(low=low, high=high, confidence=confidence, method="BCa bootstrap")


def sign_flip(differences: Sequence[float], resamples: int) -> float:
    """p of a mean difference at least this large if signs were arbitrary (Fisher 1935).

    One-sided towards positive differences; exact when all flips fit into `resamples`.
    """
    import numpy as np
    from scipy import stats

    result = stats.permutation_test(
        (np.asarray(differences, dtype=float),),
        np.mean,
        permutation_type="samples",
        alternative="greater",
        n_resamples=resamples,
        vectorized=True,
        rng=np.random.default_rng(SEED),
    )
    return float(result.pvalue)
