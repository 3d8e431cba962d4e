"""How many pairs to measure: a sample size from the few differences of a smoke run.

Only their spread is used. Their mean would be a poor guess of the effect, and a plan that
follows it is a look at the result. The few also make a poor guess of the spread, so an upper
bound of it stands in. `protocol` seals the number that comes out.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from scientist.science import statistics

WANTED = 0.8  # of runs that reach a verdict
CAUTION = 0.8  # how surely the true spread lies below the bound, if differences are normal
LIKELY = 1.5  # times the smallest effect of interest: one of just that size is as measured
# too small half of the time, however many pairs there are
_MOST_SHIFT = 30.0  # standard errors beyond which the noncentral t is no longer reliable


@dataclass(frozen=True)
class Sizing:
    """How many pairs, why, and what they can show; None where the spread is not known.

    `sd` is the upper bound of the standard deviation, `power` the chance of a verdict.
    """

    pairs: int
    sd: float | None
    power: float | None
    reason: str


def power(pairs: int, sd: float, effect: float, alpha: float) -> float:
    """The chance that a one-sided paired test at level alpha notices a true effect.

    By the noncentral t distribution, for normal differences; sign flips come close to it, but
    never below 2 ** -pairs.
    """
    from scipy import stats

    if pairs < 2 or _fewest(alpha) > pairs:
        return 0.0
    shift = _in_errors(effect, sd, pairs)
    critical = float(stats.t.isf(alpha, pairs - 1))
    if abs(shift) > _MOST_SHIFT:  # chi is close to normal where it matters for such a shift
        spread = math.sqrt(1 + critical**2 / (2 * pairs - 2))
        return float(stats.norm.sf((critical * (1 - 1 / (4 * pairs - 4)) - shift) / spread))
    return float(stats.nct.sf(critical, pairs - 1, shift))


def pairs_needed(
    smoke_differences: Sequence[float],
    smallest_effect: float,
    alpha: float,
    *,
    least: int,
    most: int,
    confidence: float = 0.95,
) -> Sizing:
    """The fewest pairs, from least to most, that reach a verdict as often as is wanted.

    Both ways count: an effect of LIKELY times the smallest of interest is supported (at level
    alpha, and measured as at least the smallest), and no effect at all is refuted (the smallest
    lies above the interval at that confidence). The rarer of the two sets the number.
    """
    fewest = max(least, _fewest(alpha), 2)
    if fewest > most:
        raise ValueError(f"{most} pairs can decide nothing at level {alpha:g}: it takes {fewest}")
    if not (smallest_effect > 0 and math.isfinite(smallest_effect)):
        raise ValueError(f"the smallest effect must be positive, not {smallest_effect}")
    count = len(smoke_differences)
    if count < 2:
        reason = (
            f"{most} pairs: a smoke run of {count} pairs shows no spread, so as many as allowed"
        )
        return Sizing(pairs=most, sd=None, power=None, reason=reason)
    sd = _upper(smoke_differences)
    if sd == 0:
        reason = (
            f"{fewest} pairs: all {count} smoke pairs differ by the same, so the fewest that "
            "can decide"
        )
        return Sizing(pairs=fewest, sd=sd, power=1.0, reason=reason)

    def chance(pairs: int) -> float:
        return _verdict(pairs, sd, smallest_effect, alpha, confidence)

    options = range(fewest, most + 1)
    place = bisect_left(options, WANTED, key=chance)
    pairs = options[min(place, len(options) - 1)]
    reached = chance(pairs)
    reason = (
        f"{pairs} pairs: {count} smoke pairs differ by a standard deviation of {sd:.3g} at most "
        f"({sd / smallest_effect:.3g} times the smallest effect of interest), so {LIKELY:g} times "
        f"the smallest would be told from none in at least {_percent(reached)}% of runs"
    )
    if place == len(options):
        reason += f"; {WANTED:.0%} would take more than the {most} pairs allowed"
    return Sizing(pairs=pairs, sd=sd, power=reached, reason=reason)


def _percent(chance: float) -> int:
    """A chance in whole percent that it is not below; nothing is certain."""
    return min(99, math.floor(100 * chance))


def _verdict(pairs: int, sd: float, smallest: float, alpha: float, confidence: float) -> float:
    """The chance of the rarer of the two verdicts, each where it is the right one."""
    from scipy import stats

    large_enough = float(stats.norm.cdf(_in_errors((LIKELY - 1) * smallest, sd, pairs)))
    supported = min(power(pairs, sd, LIKELY * smallest, alpha), large_enough)
    return min(supported, power(pairs, sd, smallest, (1 - confidence) / 2))


def _upper(differences: Sequence[float]) -> float:
    """An upper confidence bound of the standard deviation of normal differences."""
    from scipy import stats

    freedom = len(differences) - 1
    factor = math.sqrt(freedom / float(stats.chi2.ppf(1 - CAUTION, freedom)))
    return statistics.deviation(differences) * factor


def _in_errors(effect: float, sd: float, pairs: int) -> float:
    """An effect in standard errors; without any spread it is beyond all of them."""
    if sd == 0:
        return math.copysign(math.inf, effect) if effect else 0.0
    return effect / sd * math.sqrt(pairs)


def _fewest(alpha: float) -> int:
    """The fewest pairs whose rarest sign pattern is rare enough."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not at {alpha}")
    return math.ceil(-math.log2(alpha) - 1e-12)
