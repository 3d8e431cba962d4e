"""Orders that bite their own tail: A above B, B above C, and C above A.

Every assertion about two arms, or about the value of one, bounds a difference from below;
around a cycle the bounds may not add up to more than 0. The graph of arms keeps the highest
bound of each step, whatever its scope: where even those close no cycle, no assertion is
looked at. Cycles of two arms are pairs, which `rules` compares directly.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from scientist.records import Assertion, Says
from scientist.science.consistency import rules
from scientist.science.consistency.axes import Entry
from scientist.science.consistency.rules import Clash
from scientist.science.consistency.scope import Parts, build, join

MOST_ARMS = 6  # a cycle through more is not looked for
MOST_CYCLES = 50  # of those that one assertion closes, so many are given
ORIGIN = "0"  # against it stand the arms whose value is stated
_SLACK = 1e-9  # floats guide the search, fractions decide

Bound = tuple[float, bool]  # a difference is at least this, or (True) above it
Node = tuple[str, str]  # what kind of node, and its name
Steps = dict[str, dict[Node, dict[Node, list[Bound]]]]
_ZERO: Node = (ORIGIN, "")


@dataclass(frozen=True, slots=True)
class Step:
    """What an entry says of two nodes: the first is above the second by the bound."""

    entry: Entry
    upper: Node
    lower: Node
    bound: Bound

    def words(self) -> str:
        """The step as a sentence's end."""
        upper, lower = (node[1] or "0" for node in (self.upper, self.lower))
        amount = f"{self.bound[0]:.6g}"
        return f"{upper} minus {lower} is {'above' if self.bound[1] else 'at least'} {amount}"


@dataclass(slots=True)
class Graph:
    """For each metric, the bounds between its arms: by the upper one and by the lower one."""

    down: Steps = field(default_factory=dict)
    up: Steps = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        for step in steps(entry):
            metric = entry.assertion.metric
            below = self.down.setdefault(metric, {}).setdefault(step.upper, {})
            above = self.up.setdefault(metric, {}).setdefault(step.lower, {})
            bounds = below.setdefault(step.lower, [])
            above[step.upper] = bounds  # one list, seen from either arm
            insort(bounds, step.bound)

    def remove(self, entry: Entry) -> None:
        metric = entry.assertion.metric
        for step in steps(entry):
            bounds = self.down[metric][step.upper][step.lower]
            del bounds[bisect_left(bounds, step.bound)]
            if not bounds:
                del self.down[metric][step.upper][step.lower]
                del self.up[metric][step.lower][step.upper]

    def closed_by(
        self, entry: Entry, near: Callable[[Entry, Node, Node, Parts], list[Entry]]
    ) -> Iterator[Clash]:
        """The cycles that an entry closes; `near` finds the entries of a step in a scope."""
        for first in steps(entry):
            metric = entry.assertion.metric
            best = self._best(metric, first.upper)
            walk = _Walk(self.down.get(metric, {}), best, first.upper, near)
            for cycle, shared in walk.extend((first,), entry.parts):
                yield _prove(cycle, shared)

    def _best(self, metric: str, goal: Node) -> list[dict[Node, Bound]]:
        """By steps left: the most that bounds from a node to the goal add up to."""
        above = self.up.get(metric, {})
        best: list[dict[Node, Bound]] = [{goal: (0.0, False)}]
        fresh = {goal}
        for _ in range(MOST_ARMS - 1):
            nodes = dict(best[-1])
            changed: set[Node] = set()
            for lower in sorted(fresh):
                for upper, bounds in above.get(lower, {}).items():
                    total = _sum(bounds[-1], best[-1][lower])
                    if upper not in nodes or total > nodes[upper]:
                        nodes[upper] = total
                        changed.add(upper)
            best.append(nodes)
            fresh = changed
        return best


@dataclass(frozen=True, slots=True)
class _Walk:
    """A search for ways down from the lower end of a first step back to its upper end."""

    down: dict[Node, dict[Node, list[Bound]]]
    best: list[dict[Node, Bound]]
    goal: Node
    near: Callable[[Entry, Node, Node, Parts], list[Entry]]

    def extend(
        self, path: tuple[Step, ...], shared: Parts
    ) -> Iterator[tuple[tuple[Step, ...], Parts]]:
        left = MOST_ARMS - len(path)
        here = path[-1].lower
        if not left or not self._hopeful(path, here, left):
            return
        seen = {step.upper for step in path} - {self.goal}
        for lower, bounds in sorted(self.down.get(here, {}).items()):
            if lower in seen or (lower == self.goal and len(path) < 2):
                continue
            if not self._hopeful(path, lower, left - 1, bounds[-1]):
                continue
            for entry in self.near(path[0].entry, here, lower, shared):
                yield from self._take(path, shared, entry, here, lower)

    def _take(
        self, path: tuple[Step, ...], shared: Parts, entry: Entry, here: Node, lower: Node
    ) -> Iterator[tuple[tuple[Step, ...], Parts]]:
        for step in steps(entry):
            if (step.upper, step.lower) != (here, lower):
                continue
            longer = (*path, step)
            common = join(shared, entry.parts)
            if common is None or not self._hopeful(longer, lower, MOST_ARMS - len(longer)):
                continue
            if lower != self.goal:
                yield from self.extend(longer, common)
            elif _positive(longer):
                yield longer, common

    def _hopeful(
        self, path: tuple[Step, ...], node: Node, left: int, more: Bound = (0.0, False)
    ) -> bool:
        """Whether the best that may follow could still close a cycle above 0."""
        rest = self.best[left].get(node)
        if rest is None:
            return False
        bounds = [*(step.bound for step in path), more, rest]
        scale = max(abs(bound) for bound, _ in bounds)
        total = math.fsum(bound for bound, _ in bounds)
        return total >= -_SLACK * scale if scale else any(above for _, above in bounds)


def steps(entry: Entry) -> list[Step]:
    """The bounds that an entry sets from below: one, two, or none."""
    one = entry.assertion
    topic = rules.subject(one)
    if topic is None or entry.stance is None or len(entry.stance.regions) != 1:
        return []
    if topic[0] == "difference":
        upper, lower = ("arm", topic[2]), ("arm", topic[3])
    elif topic[0] == "value":
        upper, lower = ("arm", topic[2]), _ZERO
    else:
        return []
    (region,) = entry.stance.regions
    found = []
    if upper != lower and math.isfinite(region.low):
        found.append(Step(entry, upper, lower, (region.low, region.open_low)))
    if upper != lower and math.isfinite(region.high):
        found.append(Step(entry, lower, upper, (-region.high, region.open_high)))
    return found


def topic(metric: str, one: Node, other: Node) -> tuple[str, ...]:
    """What assertions about two nodes are about, as `rules.subject` tells it."""
    if _ZERO in (one, other):
        return "value", metric, one[1] or other[1]
    return ("difference", metric, *sorted((one[1], other[1])))


def _positive(path: tuple[Step, ...]) -> bool:
    total = _exact(path)
    return total > 0 or (total == 0 and any(step.bound[1] for step in path))


def _exact(path: tuple[Step, ...]) -> Fraction:
    """The sum of the bounds as they are written in decimals."""
    return sum((Fraction(repr(step.bound[0])) for step in path), Fraction(0))


def _sum(one: Bound, other: Bound) -> Bound:
    return one[0] + other[0], one[1] or other[1]


def _prove(path: tuple[Step, ...], shared: Parts) -> Clash:
    """The cycle, told from its first member by id."""
    members: list[Assertion] = [step.entry.assertion for step in path]
    start = min(range(len(path)), key=lambda at: rules.natural(members[at].id))
    turned = (*path[start:], *path[:start])
    total = f"{float(_exact(path)):.6g}"
    strict = "above" if any(step.bound[1] for step in path) else "at least"
    around = " to ".join(step.upper[1] or "0" for step in (*turned, turned[0]))
    return rules.around(
        [step.entry.assertion for step in turned],
        build(shared),
        [step.words() for step in turned],
        f"From {around} these differences add up to {strict} {total}, but it must be 0.",
    )


def takes_part(assertion: Assertion) -> bool:
    """Whether an assertion can be a step of a cycle."""
    return assertion.says in (Says.COMPARISON, Says.QUANTITY)
