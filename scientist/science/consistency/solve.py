"""Solve: which claims to hold when not all can be held, at the least loss.

The claims come with weights from `weigh`, the conflicts from the rules and from judged relations.
`fixing` settles most of it, `hitting` the rest. What is gained is in units of log chance: see
`gain` and `price`. Nothing here knows what a claim says.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
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
) -> Selection:
    """The claims that are worth most together, with no hard conflict kept whole.

    Of choices that are worth the same, the one is taken that keeps claims named earlier in
    `weights`: give them by stronger source, then by age. Pinned claims are always kept. Gains
    count to a millionth. The answer is the best there is unless `gap` is above 0.
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
    kept, gaps = _solve(gains, conflicts, held, seconds)
    return Selection(
        kept=frozenset(name for name, stays in zip(names, kept, strict=True) if stays),
        dropped=tuple(name for name, stays in zip(names, kept, strict=True) if not stays),
        parts=tuple(_parts(names, gains, conflicts, kept, gaps)),
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


def _solve(
    gains: Sequence[float], conflicts: Sequence[_Conflict], held: set[int], seconds: float
) -> tuple[list[bool], dict[int, float]]:
    """Which claims are kept; and the gap of each piece that is not proven best, by a claim of it.

    Paying the price of a soft conflict is one more member of it that can be dropped.
    """
    count = len(gains)
    costs = [_cost(one) + count - number for number, one in enumerate(gains)]
    sets: list[tuple[int, ...]] = []
    for conflict in conflicts:
        free = tuple(number for number in conflict.members if number not in held)
        if free and conflict.price:
            free = (*free, len(costs))
            costs.append(_cost(conflict.price))
        if free:
            sets.append(free)
    program = Program(costs, sets)
    program.fix()
    gaps = hitting.settle(program, seconds)
    kept = program.finish()[:count]
    return kept, {number: gap for number, gap in gaps.items() if gap}


def _cost(worth: float) -> int:
    return round(worth * hitting.MILLION) * hitting.UNIT


def _parts(
    names: Sequence[str],
    gains: Sequence[float],
    conflicts: Sequence[_Conflict],
    kept: Sequence[bool],
    gaps: Mapping[int, float],
) -> Iterable[Part]:
    """What each group of connected claims comes to."""
    groups = hitting.components([one.members for one in conflicts], len(names))
    home = {number: place for place, group in enumerate(groups) for number in group}
    paid, concerned = [0.0] * len(groups), set[int]()
    for conflict in conflicts:
        where = home[conflict.members[0]]
        concerned.add(where)
        if conflict.price and all(kept[number] for number in conflict.members):
            paid[where] += conflict.price
    off = [0.0] * len(groups)
    for number, gap in gaps.items():
        off[home[number]] += gap
    for where in sorted(concerned):
        group = groups[where]
        yield Part(
            claims=tuple(names[number] for number in group),
            dropped=tuple(names[number] for number in group if not kept[number]),
            value=math.fsum(gains[number] for number in group if kept[number]) - paid[where],
            gap=off[where],
        )
