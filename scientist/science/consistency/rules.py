"""The exact rules: what cannot hold together, each time with a proof that can be read.

`alone` holds an assertion against itself, `pair` two against each other where their scopes
overlap, `quoted` what is said about a finding against that finding, `around` a cycle of
assertions about several arms. No rule guesses: disjoint scopes never clash, and measured
numbers do so only beyond chance. `index` finds which assertions to compare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from scientist.records import Assertion, Says, Scope, Verdict, Way
from scientist.science.consistency import stance as stances
from scientist.science.consistency.scope import EVERY, Span, describe, overlap
from scientist.science.consistency.stance import Datum, Stance

SIGN_FLIP = "sign flip"
DENIED = "denied effect"
EQUIVALENCE = "equivalence"
DISJOINT = "disjoint values"
AGAINST_DATA = "way against data"
CYCLE = "order cycle"
OWN_DATA = "own data"
MISQUOTED = "misquoted finding"
STATUS = "status"
ATTRIBUTE = "attribute"

RULES = {
    SIGN_FLIP: "what raises a metric somewhere does not lower it there",
    DENIED: "an effect cannot be there and be excluded",
    EQUIVALENCE: "what lies within a margin does not lie beyond it",
    DISJOINT: "one quantity has one value: two that are further apart than rounding and chance "
    f"explain (data so far off come once in {round(1 / stances.LEVEL):,} times) cannot both hold",
    AGAINST_DATA: "what is said must lie within chance of what was measured (data so far off come "
    f"once in {round(1 / stances.LEVEL):,} times)",
    CYCLE: "an order has no cycle: the differences around one add up to 0",
    OWN_DATA: "what an assertion says must fit its own numbers",
    MISQUOTED: "what is said of a finding must be what the finding shows",
    STATUS: "a hypothesis cannot be both supported and refuted",
    ATTRIBUTE: "attributes that exclude each other cannot both be had",
}
_OPPOSED = {str(Verdict.SUPPORTED), str(Verdict.REFUTED)}
_DIRECTED = {Way.INCREASE, Way.DECREASE}


@dataclass(frozen=True, slots=True)
class Clash:
    """Assertions that cannot all hold, in the order of their ids, the rule, and the proof."""

    rule: str
    members: tuple[str, ...]
    proof: tuple[str, ...]


def clash(rule: str, members: Sequence[Assertion], proof: Sequence[str]) -> Clash:
    """A clash in its one form, whichever member came first."""
    ids = tuple(sorted((one.id for one in members), key=natural))
    return Clash(rule, ids, (*proof, f"Rule: {RULES[rule]}."))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts F10 after F9."""
    words = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(w), "") if w[0] in "0123456789" else (1, 0, w) for w in words)


def alone(one: Assertion) -> Clash | None:
    """What an assertion says against its own numbers."""
    found = stances.of(one)
    if found is None:
        return None
    interval, value, problem = one.interval, one.value, ""
    regions = (
        stances.allowed(one.way, one.margin) if one.way and one.says is Says.COMPARISON else ()
    )
    if interval and not stances.sound(interval):
        problem = (
            f"{_number(interval.low)} to {_number(interval.high)} at confidence "
            f"{_number(interval.confidence)} is no interval: its ends must be in order and its "
            "confidence a chance above 0"
        )
    elif interval and value is not None and not interval.low <= value <= interval.high:
        problem = f"its value {_number(value)} lies outside its interval {_interval(one)}"
    elif regions and interval and not stances.within(regions, (Span(interval.low, interval.high),)):
        problem = f"no number of its interval {_interval(one)} is one"
    elif regions and value is not None and not stances.within(regions, (Span(value, value),)):
        problem = f"its value {_number(value)} is none"
    elif not found.regions and one.treatment == one.control != "":
        problem = f"{one.treatment} is compared with itself, so the difference is 0"
    elif not found.regions:
        problem = "no number fits both what it says and its interval"
    if not problem:
        return None
    return clash(OWN_DATA, (one,), (reading(one), f"But {problem}."))


def pair(one: Assertion, other: Assertion) -> Clash | None:
    """Two assertions about the same thing against each other."""
    if (topic := subject(one)) is None or topic != subject(other):
        return None
    shared = overlap(one.scope, other.scope)
    if shared is None:
        return None
    first, second = sorted((one, other), key=lambda assertion: natural(assertion.id))
    if one.says in (Says.STATUS, Says.ATTRIBUTE):
        return _words(first, second, shared)
    here, there = stances.of(first), stances.of(second)
    if here is None or there is None or not (found := _apart(first, second, here, there)):
        return None
    rule, why = found
    return clash(rule, (first, second), (reading(first), reading(second), _where(shared), why))


def quoted(claim: Assertion, finding: Assertion) -> Clash | None:
    """What is said to be shown by a finding (its subject) against what the finding asserts."""
    if claim.subject != finding.source.address or finding.source.kind != "finding":
        return None
    shared = overlap(claim.scope, finding.scope)
    if shared is None or claim.source.kind == "finding":
        return None
    problem = ""
    if claim.says is Says.STATUS and finding.says is Says.STATUS:
        if fold(claim.attribute) != fold(finding.attribute):
            problem = f"{finding.source.address} is {finding.attribute}, not {claim.attribute}"
    elif _about_arms(claim) and subject(claim) == subject(finding):
        problem = _misquotes(claim, finding)
    if not problem:
        return None
    lines = (reading(claim), reading(finding), _where(shared), f"But {problem}.")
    return clash(MISQUOTED, (claim, finding), lines)


def around(members: Sequence[Assertion], shared: Scope, steps: Sequence[str], total: str) -> Clash:
    """A cycle: each member with the step that it implies, and what the steps add up to."""
    lines = [f"{reading(one)} So {step}." for one, step in zip(members, steps, strict=True)]
    return clash(CYCLE, members, (*lines, _where(shared), total))


def subject(one: Assertion) -> tuple[str, ...] | None:
    """What an assertion is about; only those about the same can clash. None: nothing exact.

    Arms come in alphabetical order. A quantity without arms is named by its subject.
    """
    if one.says in (Says.COMPARISON, Says.QUANTITY) and _about_arms(one):
        return ("difference", one.metric, *sorted((one.treatment, one.control)))
    if one.says is Says.QUANTITY and not one.control and one.metric:
        if one.treatment:
            return "value", one.metric, one.treatment
        return ("quantity", one.metric, one.subject) if one.subject else None
    if one.says is Says.STATUS and one.subject and one.attribute.strip():
        return "status", one.subject
    if one.says is Says.ATTRIBUTE and one.subject and one.attribute.strip():
        return "attribute", one.metric, one.subject
    return None


def excludes(says: Says, one: str, other: str) -> bool:
    """Whether two attributes, or two verdicts, cannot both be had."""
    if says is Says.STATUS:
        return {fold(one), fold(other)} == _OPPOSED
    return fold(one) != fold(other)


def fold(attribute: str) -> str:
    """An attribute without regard to case and spacing."""
    return " ".join(attribute.casefold().split())


def reading(one: Assertion) -> str:
    """How an assertion is read: what it says in its typed fields, with its numbers."""
    source = f"{one.source.kind} {one.source.address}".rstrip()
    return f"{one.id} says ({source}): {_said(one)}."


def _about_arms(one: Assertion) -> bool:
    return bool(one.treatment and one.control and one.metric)


def _words(first: Assertion, second: Assertion, shared: Scope) -> Clash | None:
    if not excludes(first.says, first.attribute, second.attribute):
        return None
    rule = STATUS if first.says is Says.STATUS else ATTRIBUTE
    return clash(rule, (first, second), (reading(first), reading(second), _where(shared)))


def _apart(
    first: Assertion, second: Assertion, here: Stance, there: Stance
) -> tuple[str, str] | None:
    """Why two stances cannot both be taken; None if they can."""
    if not here.regions or not there.regions:
        return None  # one of them is at odds with itself already
    data = [one.datum for one in (here, there) if one.datum]
    both = stances.within(here.regions, there.regions)
    if not both:
        return _by_regions(first, second), "No number is in both."
    if not stances.beyond_chance(away := stances.distance(both, data), data):
        return None
    if len(data) == 2 and stances.beyond_chance(between := stances.distance((EVERY,), data), data):
        return DISJOINT, _chance("the two measured numbers lie", between, data)
    rule = EQUIVALENCE if Way.SAME in (first.way, second.way) else AGAINST_DATA
    whose = "what was measured lies" if len(data) == 1 else "what was measured lies, together,"
    return rule, _chance(whose, away, data, " from the nearest number that both allow")


def _by_regions(first: Assertion, second: Assertion) -> str:
    """The rule by which regions without a common number are at odds."""
    here, there = (stances.of(one.model_copy(update={"interval": None})) for one in (first, second))
    if here is None or there is None or stances.within(here.regions, there.regions):
        return DISJOINT
    ways = {first.way, second.way}
    if None in ways:
        return DISJOINT
    if Way.SAME in ways:
        return EQUIVALENCE
    return SIGN_FLIP if ways <= _DIRECTED else DENIED


def _chance(what: str, away: float, data: list[Datum], beyond: str = " apart") -> str:
    limit = f"chance allows {stances.most(data):.3g}"
    return f"{what[0].upper()}{what[1:]} {away:.3g} standard errors{beyond}; {limit}."


def _misquotes(claim: Assertion, finding: Assertion) -> str:
    """What a finding does not show of what is claimed of it; empty if it shows all of it."""
    says, shows = stances.of(claim), stances.of(finding)
    if says is None or shows is None:
        return ""
    turned = (claim.treatment, claim.control) != (finding.treatment, finding.control)
    if claim.value is not None and finding.value is not None:
        value = -finding.value if turned else finding.value
        rounded = stances.stated(claim.value, claim.margin if claim.says is Says.QUANTITY else 0.0)
        if not rounded.low <= value <= rounded.high:
            return f"{finding.id} measured {_number(value)}, not {_number(claim.value)}"
    if claim.says is not Says.COMPARISON or claim.way is None:
        return ""
    shown = shows.regions
    if finding.interval:
        ends = Span(finding.interval.low, finding.interval.high)
        swapped = finding.treatment > finding.control
        shown = stances.within(shown, (stances.turn(ends) if swapped else ends,))
    if all(
        any(stances.within((span,), (one,)) == (span,) for one in says.regions) for span in shown
    ):
        return ""
    return f"{finding.id} does not show that the difference {_meant(claim.way, claim.margin)}"


def _where(shared: Scope) -> str:
    return f"Where all of this is to hold: {describe(shared)}."


def _said(one: Assertion) -> str:
    """An assertion's typed fields in words."""
    if one.says is Says.STATUS:
        return f"{one.subject} is {one.attribute}"
    if one.says is Says.ATTRIBUTE:
        return f"{one.metric or 'the attribute'} of {one.subject} is {one.attribute}"
    name = f"{one.treatment} minus {one.control}" if one.control else one.treatment or one.subject
    parts = [f"{one.metric} of {name}" if one.metric else name]
    if one.says is Says.COMPARISON and one.way:
        parts.append(_meant(one.way, one.margin))
    elif one.value is not None and not one.interval:
        span = stances.stated(one.value, one.margin)
        parts.append(f"is {_number(one.value)}, so {_number(span.low)} to {_number(span.high)}")
    numbers = []
    if one.interval:
        measured = "" if one.value is None else f"{_number(one.value)}, "
        numbers.append(f"measured {measured}interval {_interval(one)}")
    elif one.value is not None and one.says is Says.COMPARISON:
        numbers.append(f"value {_number(one.value)}")
    if one.pairs:
        numbers.append(f"{one.pairs} pairs")
    return " ".join(parts) + (f" ({', '.join(numbers)})" if numbers else "")


def _meant(way: Way, margin: float) -> str:
    """What a way says of treatment minus control."""
    size = _number(margin)
    return {
        Way.INCREASE: f"is at least {size}" if margin else "is above 0",
        Way.DECREASE: f"is at most -{size}" if margin else "is below 0",
        Way.NOT_INCREASE: f"is below {size}" if margin else "is not above 0",
        Way.NOT_DECREASE: f"is above -{size}" if margin else "is not below 0",
        Way.SAME: f"is within {size} of 0" if margin else "is 0",
        Way.DIFFERENT: f"is more than {size} from 0" if margin else "is not 0",
    }[way]


def _interval(one: Assertion) -> str:
    assert one.interval
    low, high = _number(one.interval.low), _number(one.interval.high)
    return f"{low} to {high} at {_number(100 * one.interval.confidence)} %"


def _number(value: float | Fraction) -> str:
    return f"{float(value):.6g}"
