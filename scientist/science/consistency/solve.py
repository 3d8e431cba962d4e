"""Solve: which claims to hold when not all can be held, at the least loss.

The claims come with weights from `weigh`, the conflicts from the rules and from judged relations.
`fixing` settles most of it, `hitting` the rest. Claims that no conflict connects are apart: what
was solved before of them need not be solved again. What is gained is in units of log chance: see
`gain` and `price`. Nothing here knows what a claim says.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from scientist.science.consistency import hitting
from scientist.science.consistency.fixing import Program

SECONDS = 10.0  # for all that needs searching; what is not proven best by then says so


@dataclass(frozen=True)
class Part:
    """Claims that conflicts connect, with what is gained by those of them that are kept."""

    claims: tuple[str, ...]
    dropped: tuple[str, ...]
    value: float
    gap: float = 0.0  # the most by which another choice could be better


@dataclass(frozen=True)
class Selection:
    """What to hold and what not; `impossible` are the conflicts among pinned claims alone.

    `parts` are only those with a conflict: all other claims are kept.
    """

    kept: frozenset[str]
    dropped: tuple[str, ...]
    parts: tuple[Part, ...]
    impossible: tuple[tuple[str, ...], ...]

    @property
    def gap(self) -> float:
        return math.fsum(part.gap for part in self.parts)

    @property
    def optimal(self) -> bool:
        return self.gap == 0

    @property
    def value(self) -> float:
        """What is gained in all parts that have a conflict."""
        return math.fsum(part.value for part in self.parts)


@dataclass(frozen=True)
class _Conflict:
    members: tuple[int, ...]
    price: float = 0.0  # of keeping all of them; 0 if that is not to be had


@dataclass(frozen=True)
class Problem:
    """Claims that conflicts connect: all that a choice among them can depend on.

    Conflicts and pinned claims are by the places of the claims.
    """

    claims: tuple[tuple[str, float], ...]
    conflicts: tuple[tuple[tuple[int, ...], float], ...]
    pinned: frozenset[int]


Solved = MutableMapping[Problem, tuple[bool, ...]]  # which claims are kept, nothing being better


def gain(weight: float) -> float:
    """What keeping a claim gains: the log chance, with its sign changed, that it is wrong.

    So the best selection is the one whose dropped claims are the likeliest to be all wrong. A
    claim always gains something: nothing is dropped that nothing speaks against.
    """
    if not 0 < weight < 1:
        raise ValueError(f"a weight lies between 0 and 1, not at {weight}")
    return -math.log1p(-weight)


def price(chance: float) -> float:
    """What keeping both sides costs where they contradict each other with this chance: log-odds.

    Nothing at even odds or below. That sentences support each other is not rewarded: what says
    the same twice would outweigh what was measured once.
    """
    return math.log(chance / (1 - chance)) if chance > 0.5 else 0.0


def select(
    weights: Mapping[str, float],
    hard: Sequence[tuple[str, ...]],
    soft: Sequence[tuple[tuple[str, ...], float]] = (),
    pinned: Collection[str] = (),
    seconds: float = SECONDS,
    solved: Solved | None = None,
) -> Selection:
    """The claims that are worth most together, with no hard conflict kept whole.

    Of choices that are worth the same, the one is taken that keeps claims named earlier in
    `weights`: give them by stronger source, then by age. Pinned claims are always kept. Gains
    count to a millionth. The answer is the best there is unless `gap` is above 0. What `solved`
    holds is taken from there, and what is solved goes there.
    """
    names = list(weights)
    place = {name: number for number, name in enumerate(names)}
    gains = [gain(weight) for weight in weights.values()]
    held = {place[name] for name in pinned if name in place}
    conflicts = [_Conflict(_numbers(place, one)) for one in hard]
    for members, chance in soft:
        if chance >= 1:
            conflicts.append(_Conflict(_numbers(place, members)))
        elif price(chance):
            conflicts.append(_Conflict(_numbers(place, members), price(chance)))
    impossible = [c.members for c in conflicts if not c.price and held.issuperset(c.members)]
    groups = _groups(len(names), conflicts)
    problems = [_problem(weights, names, group, inside, held) for group, inside in groups]
    kept, gaps = _solve(problems, seconds, {} if solved is None else solved)
    dropped = {
        number
        for (group, _), stays in zip(groups, kept, strict=True)
        for number, one in zip(group, stays, strict=True)
        if not one
    }
    return Selection(
        kept=frozenset(name for number, name in enumerate(names) if number not in dropped),
        dropped=tuple(names[number] for number in sorted(dropped)),
        parts=tuple(
            _part(names, gains, group, inside, dropped, gap)
            for (group, inside), gap in zip(groups, gaps, strict=True)
        ),
        impossible=minimal([tuple(names[number] for number in one) for one in impossible]),
    )


def regret(
    claim: str,
    weights: Mapping[str, float],
    hard: Sequence[tuple[str, ...]],
    soft: Sequence[tuple[tuple[str, ...], float]] = (),
    pinned: Collection[str] = (),
) -> float:
    """How much less the best selection is worth if it must keep this claim."""
    free = select(weights, hard, soft, pinned)
    bound = select(weights, hard, soft, {*pinned, claim})
    if len(bound.impossible) > len(free.impossible):
        return math.inf
    return max(free.value - bound.value, 0.0)


def minimal(conflicts: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Each conflict once, and none that holds all of another; in the order given."""
    given = list(dict.fromkeys(tuple(dict.fromkeys(one)) for one in conflicts))
    found: dict[str, list[frozenset[str]]] = {}
    least: set[tuple[str, ...]] = set()
    for one in sorted(given, key=len):
        members = frozenset(one)
        if not any(other <= members for name in one for other in found.get(name, ())):
            least.add(one)
            for name in one:
                found.setdefault(name, []).append(members)
    return tuple(one for one in given if one in least)


def _numbers(place: Mapping[str, int], members: Sequence[str]) -> tuple[int, ...]:
    unknown = [name for name in members if name not in place]
    if unknown or not members:
        raise ValueError(f"a conflict is between claims that have a weight: {members}")
    return tuple(sorted({place[name] for name in members}))


_Group = tuple[list[int], list[_Conflict]]


def _groups(count: int, conflicts: Sequence[_Conflict]) -> list[_Group]:
    """The claims that conflicts connect, each group with its conflicts."""
    groups = hitting.components([one.members for one in conflicts], count)
    home = {number: place for place, group in enumerate(groups) for number in group}
    inside: dict[int, list[_Conflict]] = {}
    for conflict in conflicts:
        inside.setdefault(home[conflict.members[0]], []).append(conflict)
    return [(groups[place], inside[place]) for place in sorted(inside)]


def _problem(
    weights: Mapping[str, float],
    names: Sequence[str],
    group: Sequence[int],
    inside: Sequence[_Conflict],
    held: set[int],
) -> Problem:
    local = {number: place for place, number in enumerate(group)}
    return Problem(
        claims=tuple((names[number], weights[names[number]]) for number in group),
        conflicts=tuple((tuple(local[one] for one in c.members), c.price) for c in inside),
        pinned=frozenset(local[number] for number in group if number in held),
    )


def _solve(
    problems: Sequence[Problem], seconds: float, solved: Solved
) -> tuple[list[tuple[bool, ...]], list[float]]:
    """Which claims of each problem are kept; and by how much another choice could be better.

    Paying the price of a soft conflict is one more member of it that can be dropped.
    """
    new = [problem for problem in dict.fromkeys(problems) if problem not in solved]
    begins: dict[Problem, int] = {}
    costs: list[int] = []
    for problem in new:
        begins[problem] = len(costs)
        size = len(problem.claims)
        costs += [_cost(gain(one)) + size - n for n, (_, one) in enumerate(problem.claims)]
    home = [problem for problem in new for _ in problem.claims]
    sets: list[tuple[int, ...]] = []
    for problem, begin in begins.items():
        for members, worth in problem.conflicts:
            free = tuple(begin + one for one in members if one not in problem.pinned)
            if free and worth:
                free = (*free, len(costs))
                costs.append(_cost(worth))
                home.append(problem)
            if free:
                sets.append(free)
    program = Program(costs, sets)
    program.fix()
    gaps = dict.fromkeys(problems, 0.0)
    for number, gap in hitting.settle(program, seconds).items():
        gaps[home[number]] += gap
    stays = program.finish()
    fresh = {
        problem: tuple(stays[begin : begin + len(problem.claims)])
        for problem, begin in begins.items()
    }
    found = [fresh[one] if one in fresh else solved[one] for one in problems]
    for problem, kept in zip(problems, found, strict=True):
        if not gaps[problem]:
            solved[problem] = kept
    return found, [gaps[problem] for problem in problems]


def _cost(worth: float) -> int:
    return round(worth * hitting.MILLION) * hitting.UNIT


def _part(
    names: Sequence[str],
    gains: Sequence[float],
    group: Sequence[int],
    inside: Sequence[_Conflict],
    dropped: set[int],
    gap: float,
) -> Part:
    """What a group of connected claims comes to."""
    paid = math.fsum(c.price for c in inside if c.price and dropped.isdisjoint(c.members))
    return Part(
        claims=tuple(names[number] for number in group),
        dropped=tuple(names[number] for number in group if number in dropped),
        value=math.fsum(gains[number] for number in group if number not in dropped) - paid,
        gap=gap,
    )
