"""What an assertion lets a number be: the region that it states and the data that it shows.

For a comparison the number is treatment minus control, with the arms in alphabetical order.
Whether two assertions can both hold is one question: is there a number in the regions of both
from which the data of both lie no further than chance takes them? `rules` puts it in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from statistics import NormalDist
from typing import cast

from scientist.records import Assertion, Interval, Says, Way
from scientist.science.consistency.scope import EVERY, Span, meet

LEVEL = 1e-4  # data this unlikely beside what is stated, or beside other data, contradict it
_SHARPEST = 1e-9  # of the numbers at hand: no standard error is smaller
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Datum:
    """A measured number with its standard error and the count of pairs behind it (0: unknown)."""

    value: float
    error: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Stance:
    """The numbers that an assertion allows; `regions` is empty if it allows none."""

    regions: tuple[Span, ...]
    datum: Datum | None = None


def of(assertion: Assertion) -> Stance | None:
    """The stance of an assertion about a number; None if it says nothing about one."""
    turned = bool(assertion.control) and assertion.treatment > assertion.control
    regions: tuple[Span, ...] = (EVERY,)
    if assertion.says is Says.COMPARISON:
        if assertion.way is None:
            return None
        regions = allowed(assertion.way, assertion.margin)
    elif assertion.says is not Says.QUANTITY:
        return None
    elif assertion.value is not None and (assertion.margin or assertion.interval is None):
        regions = (stated(assertion.value, assertion.margin),)
    elif assertion.interval is None:
        return None
    if assertion.treatment == assertion.control != "":
        regions = within(regions, (Span(0.0, 0.0),))
    interval = assertion.interval
    if interval and interval.confidence == 1:
        regions = within(regions, (Span(interval.low, interval.high),))
    datum = _datum(assertion) if interval else None
    if turned:
        regions = tuple(turn(span) for span in reversed(regions))
        datum = Datum(-datum.value, datum.error, datum.pairs) if datum else None
    return Stance(regions, datum)


def allowed(way: Way, margin: float) -> tuple[Span, ...]:
    """The differences, treatment minus control, of which a comparison may speak so.

    A difference counts as one from the margin on, or, without a margin, beyond 0.
    """
    rise = Span(margin, math.inf, margin == 0, True)
    no_rise = Span(-math.inf, margin, True, margin > 0)
    match way:
        case Way.INCREASE:
            return (rise,)
        case Way.DECREASE:
            return (turn(rise),)
        case Way.NOT_INCREASE:
            return (no_rise,)
        case Way.NOT_DECREASE:
            return (turn(no_rise),)
        case Way.SAME:
            return (Span(-margin, margin),)
        case Way.DIFFERENT:
            above = Span(margin, math.inf, True, True)
            return (turn(above), above)


def stated(value: float, margin: float = 0.0) -> Span:
    """The numbers of which one may say this value: within the margin, else as it is rounded."""
    exact = Decimal(repr(value))
    half = Decimal(repr(margin)) if margin else Decimal(1).scaleb(_places(exact)) / 2
    return Span(float(exact - half), float(exact + half))


def turn(span: Span) -> Span:
    """The same of control minus treatment."""
    return Span(-span.high, -span.low, span.open_high, span.open_low)


def within(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span, ...]:
    """What two sets of spans have in common."""
    others = tuple(other)
    found = (meet(first, second) for first in one for second in others)
    return tuple(cast(Span, span) for span in found if span is not None)


def sound(interval: Interval) -> bool:
    """Whether an interval can be one: its ends in order, its confidence a chance."""
    return interval.low <= interval.high and 0 < interval.confidence <= 1


def distance(regions: Iterable[Span], data: list[Datum]) -> float:
    """How many standard errors the data lie, together, from the nearest number allowed."""
    regions = tuple(regions)
    if not regions:
        return math.inf
    if not data:
        return 0.0
    ends = [end for span in regions for end in (span.low, span.high) if math.isfinite(end)]
    least = _SHARPEST * max(abs(number) for number in (*ends, *(one.value for one in data), 1e-290))
    sharp = [(one.value, max(one.error, least)) for one in data]
    unit = min(error for _, error in sharp)
    weights = [(unit / error) ** 2 for _, error in sharp]
    middle = math.fsum(w * v for w, (v, _) in zip(weights, sharp, strict=True)) / math.fsum(weights)
    return min(
        math.hypot(*((min(max(middle, span.low), span.high) - v) / e for v, e in sharp))
        for span in regions
    )


def beyond_chance(standard_errors: float, data: list[Datum]) -> bool:
    """Whether data lie further off than all but `LEVEL` of data would."""
    if standard_errors <= critical(0):  # Student's t is wider for any count of pairs
        return False
    return standard_errors > most(data)


def most(data: list[Datum]) -> float:
    """How many standard errors chance may take these data: those with the fewest pairs decide."""
    return critical(min((one.pairs for one in data if one.pairs), default=0))


@cache
def critical(pairs: int) -> float:
    """The two-sided quantile at `LEVEL`: Student's, or the normal one where pairs are unknown."""
    if not pairs:
        return _NORMAL.inv_cdf(1 - LEVEL / 2)
    from scipy.special import stdtrit  # scipy is slow to import

    return float(stdtrit(max(pairs - 1, 1), 1 - LEVEL / 2))


End = tuple[float, int]  # a number, and -1 or 1 for what lies just below or above it


def core(stance: Stance) -> tuple[End, End] | None:
    """Ends of the numbers so near to a stance that it agrees with any whose core holds one.

    Each of two takes at most half of the squared distance that chance allows them together.
    None if these numbers are no single span.
    """
    if len(stance.regions) != 1:
        return None
    (region,) = stance.regions
    low, high = (region.low, int(region.open_low)), (region.high, -int(region.open_high))
    if stance.datum is not None:
        reach = critical(0) / math.sqrt(2) * stance.datum.error
        low = max(low, (stance.datum.value - reach, 0))
        high = min(high, (stance.datum.value + reach, 0))
    return (low, high) if low <= high else None


@cache
def _quantile(confidence: float) -> float:
    return _NORMAL.inv_cdf(0.5 + confidence / 2)


def _datum(assertion: Assertion) -> Datum | None:
    interval, value = assertion.interval, assertion.value
    if interval is None or not sound(interval) or interval.confidence == 1:
        return None
    low, high = interval.low, interval.high
    middle = low / 2 + high / 2
    center = value if value is not None and low <= value <= high else middle
    error = (high / 2 - low / 2) / _quantile(interval.confidence)
    return Datum(center, error, assertion.pairs)


def _places(exact: Decimal) -> int:
    """The power of ten of the last digit written; a whole number is taken to be one to a tenth."""
    exponent = exact.normalize().as_tuple().exponent
    return min(cast(int, exponent), -1)
