"""What the record asserts without anybody saying so: findings in typed fields, and reflections.

Nothing here is stored. A finding asserts what its verdict allows and no more; a reflection
says of a range what several findings say of points in it, unless one of them disagrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from scientist.records import (
    Assertion,
    Direction,
    Finding,
    Hypothesis,
    Interval,
    Says,
    Scope,
    Source,
    Verdict,
    Way,
)
from scientist.science import statement
from scientist.science.consistency import rules, stance, standing, weigh
from scientist.science.consistency.scope import Parts, Span, build, is_point, meets, parts, point

CODE, DATA = "code", "data"  # scope names of what a measurement was made with
SHARE = 0.9  # a reflection weighs this much of the weakest finding that it rests on
_TURNED = {
    Way.INCREASE: Way.DECREASE,
    Way.DECREASE: Way.INCREASE,
    Way.NOT_INCREASE: Way.NOT_DECREASE,
    Way.NOT_DECREASE: Way.NOT_INCREASE,
}
_VERBS = {
    Way.INCREASE: "raises {m} compared with {c}",
    Way.DECREASE: "lowers {m} compared with {c}",
    Way.SAME: "leaves {m} within {s} of what {c} has",
    Way.DIFFERENT: "moves {m} by more than {s} compared with {c}",
    Way.NOT_INCREASE: "does not raise {m} by {s} compared with {c}",
    Way.NOT_DECREASE: "does not lower {m} by {s} compared with {c}",
}


def of_finding(hypothesis: Hypothesis, finding: Finding, code_hash: str) -> tuple[Assertion, ...]:
    """What a finding asserts at the point where it was measured, and the status that it implies.

    An inconclusive one gives only its interval as data; an infeasible one asserts nothing.
    """
    judgement = finding.judgement
    if judgement.effect is None or judgement.interval is None:
        return ()
    if judgement.verdict is Verdict.INFEASIBLE:
        return ()
    way, margin = _way(finding, judgement.interval)
    measured = Assertion(
        id=finding.id,
        says=Says.QUANTITY if way is None else Says.COMPARISON,
        text=statement.plain(hypothesis, judgement),
        source=Source(kind="finding", address=finding.id),
        scope=setting(hypothesis, code_hash),
        treatment=finding.treatment,
        control=finding.control,
        metric=finding.metric,
        way=way,
        value=judgement.effect,
        interval=_around(judgement.interval, judgement.effect),
        margin=margin,
        pairs=judgement.pairs,
        weight=weigh.of_finding(finding),
    )
    status = Assertion(
        id=f"{finding.id}{standing.STATUS}",
        says=Says.STATUS,
        text=f"{finding.hypothesis} is {judgement.verdict} ({finding.id}).",
        source=measured.source,
        scope=measured.scope,
        subject=finding.hypothesis,
        attribute=str(judgement.verdict),
        weight=measured.weight,
    )
    return measured, status


def setting(hypothesis: Hypothesis, code_hash: str) -> Scope:
    """The point at which a hypothesis is measured: its world, every parameter, code and data."""
    world = hypothesis.kit or code_hash or hypothesis.code_hash
    marks = {CODE: code_hash if hypothesis.kit else "", DATA: hypothesis.data_hash}
    return point(world, hypothesis.parameters, marks)


class _Told(NamedTuple):
    """A finding's comparison taken apart, its way as if the arms stood in alphabetical order."""

    assertion: Assertion
    where: Parts
    way: Way
    regions: tuple[Span, ...]


_Points = list[tuple[float, list[Assertion]]]
_Place = tuple[str, ...]


@dataclass
class Reflected:
    """What was generalised before: each assertion taken apart, and what each topic came to."""

    told: dict[str, tuple[Assertion, tuple[_Place, _Told] | None]] = field(default_factory=dict)
    of: dict[_Place, tuple[list[_Told], tuple[Assertion, ...]]] = field(default_factory=dict)


def generalise(
    assertions: Iterable[Assertion], before: Reflected | None = None
) -> tuple[Assertion, ...]:
    """Reflections: the way in which findings that differ in one parameter agree, for its range.

    The range is closed and reaches from the first to the last of at least two points. Where a
    finding inside says otherwise, the range is split: otherwise is what neither follows from
    the reflection nor has it follow. Topics without change are as they were `before`.
    """
    known = before or Reflected()
    topics: dict[_Place, list[_Told]] = {}
    for one in assertions:
        last = known.told.get(one.id)
        if last is None or last[0] is not one:
            last = known.told[one.id] = (one, _taken_apart(one))
        if last[1] is not None:
            place, told = last[1]
            topics.setdefault(place, []).append(told)
    found: list[Assertion] = []
    for place, group in sorted(topics.items()):
        same = place in known.of and [*map(id, known.of[place][0])] == [*map(id, group)]
        if not same:
            known.of[place] = (group, tuple(_of_topic(group)))
        found += known.of[place][1]
    return tuple({one.text: one for one in found}.values())


def _taken_apart(one: Assertion) -> tuple[_Place, _Told] | None:
    """A finding's comparison and its topic; nothing else can be generalised."""
    if one.way is None or one.source.kind != "finding":
        return None
    topic, where, says = rules.subject(one), parts(one.scope), stance.of(one)
    if not (topic and where and says):
        return None
    turned = one.treatment > one.control
    way = _TURNED.get(one.way, one.way) if turned else one.way
    # findings of two worlds never meet
    return (*topic, one.scope.world), _Told(one, where, way, says.regions)


def _of_topic(group: Sequence[_Told]) -> Iterator[Assertion]:
    for name in sorted({name for told in group for name in told.where}):
        lines: dict[tuple[str, ...], list[_Told]] = {}
        for told in group:
            part = told.where.get(name)
            if isinstance(part, Span) and is_point(part):
                lines.setdefault((told.way, *_beside(name, told.where)), []).append(told)
        for _, line in sorted(lines.items()):
            yield from _along(name, line, group)


def _beside(name: str, where: Parts) -> list[str]:
    """All that a scope restricts besides a name, as text to compare by."""
    others = ((key, part) for key, part in where.items() if key != name)
    return sorted(
        f"{key} {tuple(part) if isinstance(part, Span) else sorted(map(repr, part))}"
        for key, part in others
    )


def _along(name: str, line: Sequence[_Told], group: Sequence[_Told]) -> Iterator[Assertion]:
    """Reflections over stretches of points that agree, as long as no finding interrupts them."""
    points: dict[float, list[Assertion]] = {}
    for told in line:
        points.setdefault(cast(Span, told.where[name]).low, []).append(told.assertion)
    if len(points) < 2:
        return
    widest = stance.of(_reflect(name, sorted(points.items())))
    assert widest is not None
    others = [told.where for told in group if _otherwise(told.regions, widest.regions)]
    rest, stretch = line[0].where, _Points()
    for value, here in sorted(points.items()):
        low = stretch[0][0] if stretch else value
        if _met(others, {**rest, name: Span(low, value)}):
            if len(stretch) > 1:
                yield _reflect(name, stretch)
            stretch = [] if _met(others, {**rest, name: Span(value, value)}) else [(value, here)]
        else:
            stretch = [*stretch, (value, here)]
    if len(stretch) > 1:
        yield _reflect(name, stretch)


def _otherwise(one: tuple[Span, ...], other: tuple[Span, ...]) -> bool:
    """Whether neither of two stances follows from the other; ends do not matter."""
    first, second = _closed(one), _closed(other)
    return stance.within(first, second) not in (first, second)


def _closed(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(Span(span.low, span.high) for span in spans)


def _met(others: Iterable[Parts], where: Parts) -> bool:
    return any(meets(one, where) for one in others)


def _reflect(name: str, stretch: _Points) -> Assertion:
    """The reflection over points of one parameter whose findings agree."""
    findings = sorted((one for _, here in stretch for one in here), key=_by_id)
    first = findings[0]
    assert first.way is not None
    low, high = stretch[0][0], stretch[-1][0]
    directed = first.way in (Way.INCREASE, Way.DECREASE, Way.DIFFERENT)
    margin = (min if directed else max)(one.margin for one in findings)
    names = [one.id for one in findings]
    words = _VERBS[first.way] if margin or directed else _VERBS[first.way].replace(" by {s}", "")
    said = words.format(m=first.metric, c=first.control, s=f"{margin:.12g}")
    text = f"{first.treatment} {said} for {name} {low:.12g} to {high:.12g} ({', '.join(names)})"
    where = parts(first.scope) or {}
    scope = build({**where, name: Span(low, high)})
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Assertion(
        id=f"R{int(digest[:10], 16)}",
        says=Says.COMPARISON,
        text=text,
        source=Source(kind="reflection", address=",".join(names)),
        scope=scope,
        treatment=first.treatment,
        control=first.control,
        metric=first.metric,
        way=first.way,
        margin=margin,
        weight=SHARE * min(one.weight for one in findings),
    )


def _by_id(one: Assertion) -> tuple[tuple[int, int, str], ...]:
    return rules.natural(one.id)


def _way(finding: Finding, interval: Interval) -> tuple[Way | None, float]:
    """The way and the margin that a verdict allows to assert.

    A refuted prediction is asserted as the opposite or as no difference that matters where the
    interval shows it, else as what the rule excluded.
    """
    rising, smallest = finding.direction is Direction.INCREASE, finding.smallest_effect
    toward, contrary = (Way.INCREASE, Way.DECREASE) if rising else (Way.DECREASE, Way.INCREASE)
    if finding.judgement.verdict is Verdict.SUPPORTED:
        return toward, 0.0
    if finding.judgement.verdict is not Verdict.REFUTED:
        return None, 0.0
    if (interval.high < 0) if rising else (interval.low > 0):
        return contrary, 0.0
    if -smallest < interval.low and interval.high < smallest:
        return Way.SAME, smallest
    return (Way.NOT_INCREASE if rising else Way.NOT_DECREASE), smallest


def _around(interval: Interval, effect: float) -> Interval:
    """The interval with the effect in it: resampling a few skewed pairs may leave it outside."""
    low, high = min(interval.low, effect), max(interval.high, effect)
    return interval.model_copy(update={"low": low, "high": high})
