"""Exact rules on typed claims: what they find against an oracle that tries every world.

Sets of two (and for cycles three or four) claims with known answers; then, with --scale, what
one more claim costs in a store of many, beside comparing it with all of its bucket.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from consistency_oracle import Doubtful, conflicts
from consistency_sets import FAMILIES, assertion, cycles, pairs

from scientist.records import Assertion, Range, Says, Scope, Way
from scientist.science.consistency import rules
from scientist.science.consistency.index import Index
from scientist.science.consistency.scope import overlap


@dataclass
class Score:
    """Sets asked about, and conflicts: there, found, and found rightly."""

    sets: int = 0
    doubtful: int = 0
    there: int = 0
    found: int = 0
    right: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0


def measure(sets: Iterator[tuple[str, list[Assertion]]]) -> dict[str, Score]:
    """Hold every set against itself, claim by claim, and compare with the oracle."""
    scores: dict[str, Score] = {}
    for name, members in sets:
        score = scores.setdefault(name, Score())
        try:
            there = conflicts(members)
        except Doubtful:
            score.doubtful += 1
            continue
        index = Index()
        clashes = [clash for one in members for clash in index.add(one)]
        found = [frozenset(clash.members) for clash in clashes]
        score.sets += 1
        score.there += len(there)
        score.found += len(found)
        score.right += len(there & set(found))
        score.rules.update(clash.rule for clash in clashes)
        if sorted(map(sorted, found)) != sorted(map(sorted, there)):
            score.wrong.append(_told(members, there, found))
    return scores


def _told(members: list[Assertion], there: object, found: object) -> str:
    lines = [one.model_dump_json(exclude_defaults=True) for one in members]
    return "\n  ".join([f"there {there}, found {found}", *lines])


def show(scores: dict[str, Score]) -> bool:
    print(f"{'family':<22}{'sets':>6}{'conflicts':>11}{'found':>7}{'precision':>11}{'recall':>8}")
    total = Score()
    for name, one in scores.items():
        print(
            f"{name:<22}{one.sets:>6}{one.there:>11}{one.found:>7}"
            f"{one.precision:>11.4f}{one.recall:>8.4f}"
        )
        for key in ("sets", "doubtful", "there", "found", "right"):
            setattr(total, key, getattr(total, key) + getattr(one, key))
        total.rules.update(one.rules)
        total.wrong += one.wrong
    print(
        f"{'all':<22}{total.sets:>6}{total.there:>11}{total.found:>7}"
        f"{total.precision:>11.4f}{total.recall:>8.4f}"
    )
    print(f"left out because the oracle's grid is too coarse to tell: {total.doubtful}")
    for rule in rules.RULES:
        print(f"  {rule:<22}{total.rules[rule]:>6}")
    for line in total.wrong[:5]:
        print(line, file=sys.stderr)
    return not total.wrong


def claim(chance: random.Random, number: int, skewed: bool) -> Assertion:
    """One of many: a fifth about one comparison at ever other points, the rest spread out."""
    arms = sorted(chance.sample(range(6), 2)) if not skewed else [0, 1]
    kit = 0 if skewed else 1 + chance.randrange(200)
    point = round(chance.uniform(0, 1000), 3)
    ranges = {"x": Range(low=point, high=point), "samples": Range(low=100, high=100)}
    kind = chance.random()
    if kind < 0.05:
        ranges["x"] = Range(low=point, high=round(point + chance.uniform(0, 2), 3))
    elif kind < 0.051 and not skewed:
        ranges = {}
    low = arms[0] < arms[1]
    return assertion(
        f"A{number}",
        Says.COMPARISON,
        Scope(world=f"kit{kit}", ranges=ranges),
        metric=f"m{kit}" if not skewed else "m0",
        treatment=f"arm{arms[0]}",
        control=f"arm{arms[1]}",
        way=Way.INCREASE if low != (chance.random() < 0.02) else Way.DECREASE,
    )


def naive(store: list[Assertion], one: Assertion) -> int:
    """Compare with everything about the same, one by one."""
    topic, found = rules.subject(one), 0
    for other in store:
        if rules.subject(other) == topic and overlap(one.scope, other.scope):
            found += rules.pair(one, other) is not None
    return found


def scale(count: int, checks: int = 500) -> None:
    chance = random.Random(7)
    index, bucket = Index(), list[Assertion]()
    clashes, began = 0, time.perf_counter()
    for number in range(count):
        skewed = number % 5 == 0
        one = claim(chance, number, skewed)
        clashes += len(index.add(one))
        if skewed:
            bucket.append(one)
    seconds = time.perf_counter() - began
    print(f"{count:,} claims in {seconds:.1f} s ({count / seconds:,.0f}/s), {clashes:,} clashes")
    more = [claim(chance, count + number, number % 2 == 0) for number in range(checks)]
    times = _times(more, index.check)
    slow = [one for one in more[:20] if one.scope.world == "kit0"]
    scanned = statistics.median(_times(slow, lambda one: naive(bucket, one)))
    in_bucket = statistics.median(
        seconds for one, seconds in zip(more, times, strict=True) if one.scope.world == "kit0"
    )
    times.sort()
    print(f"one more claim, {checks} times: median {times[checks // 2] * 1000:.3f} ms, ", end="")
    print(f"95 % below {times[int(checks * 0.95)] * 1000:.3f} ms, most {times[-1] * 1000:.3f} ms")
    print(
        f"in the bucket of {len(bucket):,}: median {in_bucket * 1000:.3f} ms, "
        f"scan of the bucket {scanned * 1000:.1f} ms, {scanned / in_bucket:,.0f} times as long"
    )


def _times(claims: list[Assertion], job: Callable[[Assertion], object]) -> list[float]:
    found = []
    for one in claims:
        began = time.perf_counter()
        job(one)
        found.append(time.perf_counter() - began)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=720 * len(FAMILIES))
    parser.add_argument("--cycles", type=int, default=400)
    parser.add_argument("--scale", type=int, default=0, help="claims in the store")
    chosen = parser.parse_args()
    if chosen.scale:
        scale(chosen.scale)
    else:
        right = show({**measure(pairs(chosen.pairs)), **measure(cycles(chosen.cycles))})
        raise SystemExit(0 if right else 1)
