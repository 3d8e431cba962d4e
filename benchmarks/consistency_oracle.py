"""Which assertions cannot all hold, found by trying: no rule and no scope algebra is asked.

Every setting of a small grid of worlds and parameters is visited. Where a set of assertions
holds, all true numbers of a fine grid are tried; the set is at odds if none of them will do.
Scopes end at whole numbers and margins are coarse, so that the grids miss nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy import stats

from scientist.records import Assertion, Interval, Scope

UNLIKELY = 1e-4  # data this far out contradict what is said
WORLDS = ("kit_a", "kit_b", "elsewhere")
XS = tuple(number / 2 for number in range(-2, 11))  # scopes end at 0 ... 4
LAWS = ("linear", "cubic", "another")
SETTINGS = tuple(itertools.product(WORLDS, XS, (-0.5, 0.0, 0.5, 1.0, 1.5), LAWS))
FINE = np.arange(-1500, 1501, 5) / 1000  # true numbers, in steps of half a rounded digit
COARSE = np.arange(-32, 33) / 40  # true values of arms, in quarters of the least margin
Sets = set[frozenset[str]]
NEAR = 0.06  # sets as close to the critical distance as this share of it are not asked about


class Doubtful(Exception):
    """The grid is too coarse to tell."""


def conflicts(assertions: Sequence[Assertion]) -> Sets:
    """The smallest sets of these that cannot all hold."""
    holds = {one.id: frozenset(where(one.scope)) for one in assertions}
    found: Sets = set()
    for size in range(1, len(assertions) + 1):
        for members in itertools.combinations(assertions, size):
            ids = frozenset(one.id for one in members)
            if any(smaller <= ids for smaller in found):
                continue
            shared = frozenset.intersection(*(holds[one.id] for one in members))
            if shared and impossible(members):
                found.add(ids)
    return found


def where(scope: Scope) -> Iterator[int]:
    """The settings, by number, at which a scope holds."""
    for number, (world, x, y, law) in enumerate(SETTINGS):
        at: dict[str, Any] = {"x": x, "y": y, "law": law}
        if scope.world in ("", world) and all(_met(scope, name, at[name]) for name in at):
            yield number


def _met(scope: Scope, name: str, value: float | str) -> bool:
    texts = scope.values.get(name)
    if texts is not None and not any(_same(text, value) for text in texts):
        return False
    ends = scope.ranges.get(name)
    if ends is None or (ends.low is None and ends.high is None):
        return True
    if isinstance(value, str):
        return False
    above = ends.low is None or (value > ends.low if ends.open_low else value >= ends.low)
    below = ends.high is None or (value < ends.high if ends.open_high else value <= ends.high)
    return above and below


def _same(text: str, value: float | str) -> bool:
    return text == value if isinstance(value, str) else float(text) == value


def impossible(members: Sequence[Assertion]) -> bool:
    """Whether these cannot all hold at one setting."""
    if len(members) == 1:
        return _wrong_itself(members[0])
    if len(members) == 2 and (_misquote(*members) or _misquote(*reversed(members))):
        return True
    if any(one.says == "attribute" for one in members):
        return _no_word(
            members, "attribute", {" ".join(m.attribute.lower().split()) for m in members}
        )
    if any(one.says == "status" for one in members):
        return _no_word(members, "status", {"supported", "refuted"})
    arms = sorted({arm for one in members for arm in (one.treatment, one.control) if arm})
    if len(members) > 2:
        return _no_values(members, arms)
    if any(one.says == "text" or not _speaks(one) or not _whole(one) for one in members):
        return False
    about = {_about(one) for one in members}
    return len(about) == 1 and not _some_number(members)


def _speaks(one: Assertion) -> bool:
    return one.says != "comparison" or one.way is not None


def _whole(one: Assertion) -> bool:
    """Whether it is said what the number is: of which arms, or of what subject."""
    if one.says == "comparison":
        return bool(one.treatment and one.control and one.metric)
    return bool(one.metric and (one.treatment or one.subject))


def _about(one: Assertion) -> tuple[str, ...]:
    if one.control:
        return (
            "difference",
            one.metric,
            min(one.treatment, one.control),
            max(one.treatment, one.control),
        )
    return ("value", one.metric, one.treatment or f"subject {one.subject}")


def _no_word(members: Sequence[Assertion], kind: str, words: set[str]) -> bool:
    """Whether no truth about the subject fits: one attribute, or a verdict that stands."""
    first = members[0]
    same = all(
        (m.says, m.subject, m.metric) == (kind, first.subject, first.metric) for m in members
    )

    def fits(one: Assertion, truth: str) -> bool:
        said = " ".join(one.attribute.lower().split())
        return said == truth or (kind == "status" and said not in words)

    return same and not any(all(fits(one, truth) for one in members) for truth in words)


def _some_number(members: Sequence[Assertion]) -> bool:
    """Whether some true number is allowed by all, and no further from the data than chance."""
    allowed = np.ones(len(FINE), bool)
    squares, pairs, measured = np.zeros(len(FINE)), list[int](), False
    for one in members:
        sign = -1 if one.control and one.treatment > one.control else 1
        allowed &= _allowed(one, sign * FINE)
        if one.interval and one.interval.confidence < 1:
            center = _center(one, one.interval)
            error = (one.interval.high - one.interval.low) / 2
            error /= stats.norm.ppf(0.5 + one.interval.confidence / 2)
            squares += ((sign * FINE - center) / error) ** 2
            measured, pairs = True, [*pairs, one.pairs]
    if not allowed.any() or not measured:
        return bool(allowed.any())
    nearest, limit = (
        float(np.sqrt(squares[allowed].min())),
        _limit(min(filter(None, pairs), default=0)),
    )
    if abs(nearest / limit - 1) < NEAR:
        raise Doubtful
    return nearest < limit


@cache
def _limit(pairs: int) -> float:
    return float(stats.t.isf(UNLIKELY / 2, pairs - 1) if pairs else stats.norm.isf(UNLIKELY / 2))


def _center(one: Assertion, interval: Interval) -> float:
    return one.value if one.value is not None else (interval.low + interval.high) / 2


def _allowed(one: Assertion, number: Any) -> Any:
    """Which numbers (treatment minus control, or the quantity) an assertion allows."""
    number, margin = np.round(number, 6), one.margin
    allowed = np.ones(np.shape(number), bool)
    if one.says == "comparison":
        big = number >= margin if margin else number > 0
        small = number <= -margin if margin else number < 0
        ways = {
            "increase": big,
            "decrease": small,
            "not increase": ~big,
            "not decrease": ~small,
            "same": np.abs(number) <= margin,
            "different": np.abs(number) > margin,
        }
        allowed = ways[str(one.way)]
    elif one.value is not None and (margin or one.interval is None):
        digits = len(repr(one.value).split(".")[1])
        reach = margin or 0.5 * 10**-digits
        allowed = np.abs(number - one.value) <= reach + 1e-9
    if one.interval and one.interval.confidence == 1:
        low, high = one.interval.low, one.interval.high
        allowed = allowed & (number >= low) & (number <= high)
    return allowed


def _wrong_itself(one: Assertion) -> bool:
    """Whether an assertion is at odds with its own numbers."""
    if one.says not in ("comparison", "quantity") or not _speaks(one):
        return False
    interval, value = one.interval, one.value
    if interval and (interval.low > interval.high or not 0 < interval.confidence <= 1):
        return True
    if interval and value is not None and not interval.low <= value <= interval.high:
        return True
    if one.says == "quantity":
        return False
    if value is not None and not _allowed(one, np.array([value]))[0]:
        return True
    numbers = np.array([0.0]) if one.treatment == one.control else FINE
    within = np.ones(len(numbers), bool)
    if interval:
        within = (numbers >= interval.low) & (numbers <= interval.high)
    shown = _allowed(one.model_copy(update={"interval": None}), numbers)
    return not (shown & within).any() and bool(within.any())


def _misquote(claim: Assertion, finding: Assertion) -> bool:
    """Whether what is said to be shown by a finding is not what it shows."""
    if finding.source.kind != "finding" or claim.source.kind == "finding":
        return False
    if claim.subject != finding.source.address:
        return False
    if claim.says == finding.says == "status":
        return claim.attribute != finding.attribute
    if not (claim.control and finding.control) or _about(claim) != _about(finding):
        return False
    sign = 1 if claim.treatment == finding.treatment else -1
    if claim.value is not None and finding.value is not None:
        digits = len(repr(claim.value).split(".")[1])
        if round(sign * finding.value, digits + 6) != claim.value:
            reach = 0.5 * 10**-digits
            if abs(sign * finding.value - claim.value) > reach + 1e-9:
                return True
    if claim.says != "comparison":
        return False
    possible = _allowed(finding, FINE)
    if finding.interval:
        possible &= (finding.interval.low <= FINE) & (finding.interval.high >= FINE)
    return bool((possible & ~_allowed(claim, sign * FINE)).any())


def _no_values(members: Sequence[Assertion], arms: Sequence[str]) -> bool:
    """Whether no values of the arms fit. Without stated values only differences count."""
    if len({one.metric for one in members}) > 1:
        return False  # any smaller set of these was asked about already
    anchored = any(not one.control for one in members)
    free = list(arms) if anchored else list(arms)[1:]
    axes = np.ix_(*([COARSE] * len(free)))
    values: dict[str, Any] = dict(zip(free, axes, strict=True))
    allowed: Any = np.array(True)
    for one in members:
        other = values.get(one.control, 0.0) if one.control else 0.0
        allowed = allowed & _allowed(one, values.get(one.treatment, 0.0) - other)
    return not bool(np.any(allowed))
