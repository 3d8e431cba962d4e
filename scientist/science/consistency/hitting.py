"""Hitting: which claims to drop so that every conflict loses one, at the least cost.

`solve` hands over what `fixing` left, piece by piece. A small piece is searched through; a large
one is a 0/1 program for HiGHS. A piece that is out of time gets the best answer found so far
together with how far from the best possible it can be, never the answer alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scientist.science.consistency.fixing import Program

SMALL = 120  # claims: pieces up to this size are searched through ...
STEPS = 4000  # ... in at most so many steps
UNIT = 1 << 40  # the smallest cost that counts; below it lie the preferences between equals
MILLION = 10**6  # units of cost in one unit of gain


@dataclass(frozen=True)
class Answer:
    """What to drop of one piece, and a bound that no answer can be below."""

    dropped: frozenset[int]
    gap: float  # in units of gain; 0 if nothing can be better


def components(sets: Iterable[Sequence[int]], count: int) -> list[list[int]]:
    """The numbers below `count` grouped by which sets connect them; each group is sorted."""
    above = list(range(count))

    def top(number: int) -> int:
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    for members in sets:
        first = top(members[0])
        for member in members[1:]:
            other = top(member)
            if other != first:
                first, other = min(first, other), max(first, other)
                above[other] = first
    groups: dict[int, list[int]] = {}
    for number in range(count):
        groups.setdefault(top(number), []).append(number)
    return list(groups.values())


def search(
    costs: Sequence[int], conflicts: Sequence[frozenset[int]], steps: int = STEPS
) -> frozenset[int] | None:
    """The least costly set that hits every conflict, by trying; None if that takes too long.

    Claims are tried from the costliest on; of claims that all oppose one another at most one
    can be kept, which bounds what is still to be had. Sets of claims are bits of integers.
    """
    order = sorted(range(len(costs)), key=lambda claim: -costs[claim])
    bit = {claim: 1 << place for place, claim in enumerate(order)}
    worth = [costs[claim] for claim in order]
    opposed, larger = [0] * len(order), [list[int]() for _ in order]
    for members in conflicts:
        mask = sum(bit[member] for member in members)
        for member in members:
            place = bit[member].bit_length() - 1
            if len(members) == 2:
                opposed[place] |= mask ^ bit[member]
            else:
                larger[place].append(mask ^ bit[member])
    free = (1 << len(order)) - 1
    for members in conflicts:
        if len(members) == 1:
            free &= ~bit[next(iter(members))]
    best, best_kept = -1, 0

    def follow(left: int, kept: int, value: int) -> None:
        nonlocal best, best_kept, steps
        steps -= 1
        if value > best:
            best, best_kept = value, kept
        for place, bound in reversed(_bounds(left, opposed, worth)):
            if steps < 0 or value + bound <= best:
                return
            rest = left & ~opposed[place] & ~(1 << place)
            together = kept | 1 << place
            for mask in larger[place]:
                missing = mask & ~together
                if missing and not missing & (missing - 1):
                    rest &= ~missing
            follow(rest, together, value + worth[place])
            left &= ~(1 << place)

    follow(free, 0, 0)
    if steps < 0:
        return None
    return frozenset(claim for claim in range(len(costs)) if not best_kept & bit[claim])


def _bounds(left: int, opposed: Sequence[int], worth: Sequence[int]) -> list[tuple[int, int]]:
    """The claims left, each with the most to be had of it and those before it in the list."""
    found, most = list[tuple[int, int]](), 0
    while left:
        group = left
        lowest = left & -left
        most += worth[lowest.bit_length() - 1]  # the costliest of a group that oppose each other
        while group:
            lowest = group & -group
            place = lowest.bit_length() - 1
            found.append((place, most))
            left ^= lowest
            group &= opposed[place]
    return found


def _least(costs: Sequence[int], conflicts: Iterable[frozenset[int]]) -> int:
    """A cost that hitting them needs at least: that of conflicts that share no claim."""
    total, used = 0, set[int]()
    for members in conflicts:
        if used.isdisjoint(members):
            used |= members
            total += min(costs[member] for member in members)
    return total


def solve(costs: Sequence[int], conflicts: Sequence[frozenset[int]], seconds: float) -> Answer:
    """The same by HiGHS within a time limit; the gap is 0 if the answer is the best there is."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    worth = np.array([cost // UNIT for cost in costs], dtype=float) / MILLION
    rows = np.repeat(np.arange(len(conflicts)), [len(members) for members in conflicts])
    columns = np.array([member for members in conflicts for member in sorted(members)])
    hits = csr_array((np.ones(len(columns)), (rows, columns)), (len(conflicts), len(costs)))
    result = milp(
        worth,
        constraints=LinearConstraint(hits, lb=1),
        integrality=np.ones(len(costs)),
        bounds=Bounds(0, 1),
        options={"time_limit": max(seconds, 0.01), "mip_rel_gap": 0.0},
    )
    found = [greedy(costs, conflicts)]
    if result.x is not None:
        chosen = frozenset(np.flatnonzero(result.x > 0.5).tolist())
        if all(chosen & members for members in conflicts):  # what rounding must not break
            found.append(chosen)
    dropped = min((polish(one, costs, conflicts) for one in found), key=lambda d: total(d, costs))
    reached = worth[sorted(dropped)].sum()
    if result.status == 0 and reached <= result.fun + 1e-6 * max(1.0, abs(result.fun)):
        return Answer(dropped, 0.0)
    bounds = [_least(costs, sorted(conflicts, key=sorted)) // UNIT / MILLION]
    if result.mip_dual_bound is not None and np.isfinite(result.mip_dual_bound):
        bounds.append(float(result.mip_dual_bound))
    return Answer(dropped, max(float(reached) - max(bounds), 0.0))


def total(dropped: Iterable[int], costs: Sequence[int]) -> int:
    """What dropping these costs."""
    return sum(costs[claim] for claim in dropped)


def greedy(costs: Sequence[int], conflicts: Sequence[frozenset[int]]) -> frozenset[int]:
    """A set that hits every conflict, near the best: each conflict pays what is left to pay."""
    left, dropped = list(costs), set[int]()
    for members in conflicts:
        if dropped.isdisjoint(members):
            paid = min(left[member] for member in members)
            for member in members:
                left[member] -= paid
            dropped.add(min(members, key=lambda member: (left[member], costs[member])))
    return frozenset(dropped)


def polish(
    dropped: frozenset[int], costs: Sequence[int], conflicts: Sequence[frozenset[int]]
) -> frozenset[int]:
    """The same set or a less costly one, by taking claims back, alone or for others.

    Between two that cost the same, the one that is preferred is taken back.
    """
    chosen, at = set(dropped), dict[int, list[frozenset[int]]]()
    for members in conflicts:
        for member in members:
            at.setdefault(member, []).append(members)
    for claim in sorted(dropped, key=lambda one: -costs[one]):
        instead = set[int]()
        for members in at.get(claim, ()):
            if not (members & chosen) - {claim} and not members & instead:
                others = members - {claim}
                if not others:
                    break
                instead.add(min(others, key=lambda other: (costs[other], other)))
        else:
            if total(instead, costs) < costs[claim]:
                chosen = (chosen - {claim}) | instead
    return frozenset(chosen)


def settle(program: Program, seconds: float) -> dict[int, float]:
    """Decide all that fixing left of a program; the gap of each piece, by a claim of it.

    `seconds` is for all pieces together, shared by their size.
    """
    from time import perf_counter

    numbers = {claim: place for place, claim in enumerate(program.left())}
    claims = list(numbers)
    edges = [sorted(numbers[m] for m in members) for members in program.conflicts.values()]
    pieces = components(edges, len(claims))
    home = {number: place for place, piece in enumerate(pieces) for number in piece}
    inside: list[list[list[int]]] = [[] for _ in pieces]
    for edge in edges:
        inside[home[edge[0]]].append(edge)
    gaps: dict[int, float] = {}
    until = perf_counter() + seconds
    waiting = len(claims)
    for piece, own in sorted(zip(pieces, inside, strict=True), key=lambda both: len(both[0])):
        local = {number: place for place, number in enumerate(piece)}
        costs = [program.costs[claims[number]] for number in piece]
        conflicts = sorted({frozenset(local[n] for n in edge) for edge in own}, key=sorted)
        searched = search(costs, conflicts) if len(piece) <= SMALL else None
        if searched is not None:
            answer = Answer(searched, 0.0)
        else:
            answer = solve(costs, conflicts, (until - perf_counter()) * len(piece) / waiting)
        waiting -= len(piece)
        for number in piece:
            program.kept[claims[number]] = local[number] not in answer.dropped
        if answer.gap:
            gaps[claims[piece[0]]] = answer.gap
    return gaps
