"""Which of many claims to hold: the time of each step, and whether fixing changes the answer.

    python benchmarks/belief_selection.py [--claims 100000] [--beside 10000] [--seed 1]

A store as a long-running workspace would have it: most claims in no conflict or in chains of a
few, knots of thirty that oppose much of one another, two wide webs with many judged ones,
cycles of three. Then a smaller store, with smaller knots, is solved twice: by the project, and by
giving all of it to HiGHS at once. Exits with 1 if the two differ in value or if the large store
takes more than ten seconds of one core.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from statistics import median
from typing import Any

from scientist.science.consistency import hitting, solve
from scientist.science.consistency.fixing import Program
from scientist.science.consistency.solve import gain, price, select

LIMIT, ROUNDS = 10.0, 3
SOURCES = ((0.3, 0.3), (0.35, 0.15), (0.7, 0.05), (0.0, 0.5))  # weight (0: measured), share
KNOT, SMALL_KNOT = 30, 14  # claims; HiGHS alone takes minutes for many of the larger ones
LONE, KNOTTED = 0.35, 0.06  # shares of the claims; the rest is in small groups or in a web
WEBS = ((0.17, 1.2), (0.03, 2.5))  # share of the claims, conflicts for each of them
Hard = list[tuple[str, ...]]
Soft = list[tuple[tuple[str, ...], float]]
Store = tuple[dict[str, float], Hard, Soft]


def store(count: int, seed: int, knot: int = KNOT) -> Store:
    """Claims with weights as sources give them, and conflicts of every size and shape."""
    chance = random.Random(seed)
    weights: dict[str, float] = {}
    kinds, shares = zip(*SOURCES, strict=True)
    for number in range(count):
        kind = chance.choices(kinds, shares)[0]
        weights[f"A{number}"] = kind or min(max(chance.gauss(0.9, 0.1), 0.5), 0.99)
    names = list(weights)
    chance.shuffle(names)
    parts: list[list[str]] = []
    for share in (LONE, KNOTTED, *(share for share, _ in WEBS)):
        parts.append(names[: round(count * share)])
        del names[: len(parts[-1])]
    knotted, webs, small = parts[1], parts[2:], names
    hard, soft = Hard(), Soft()
    for start in range(0, len(knotted) - knot, knot):
        tied = knotted[start : start + knot]
        hard += [tuple(chance.sample(tied, 2)) for _ in range(chance.choice((2, 5, 10)) * knot)]
        hard += [tuple(chance.sample(tied, 3)) for _ in range(knot // 3)]
    for web, (_, density) in zip(webs, WEBS, strict=True):
        for _ in range(round(len(web) * density)):
            pair = tuple(chance.sample(web, 2))
            if chance.random() < 0.5:
                hard.append(pair)
            else:
                soft.append((pair, chance.uniform(0.5, 0.99)))
    while len(small) > 8:
        group = [small.pop() for _ in range(chance.randint(2, 8))]
        size = 3 if len(group) > 2 and chance.random() < 0.15 else 2
        hard += [tuple(chance.sample(group, size)) for _ in range(len(group))]
    return weights, hard, soft


def whole(claims: Store, seconds: float) -> tuple[float, float]:
    """The value of the same program given to HiGHS in one piece, and how far it may be off."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    weights, hard, soft = claims
    place = {name: number for number, name in enumerate(weights)}
    costs = [gain(weight) for weight in weights.values()]
    everything = sum(costs)
    sets = [[place[name] for name in members] for members in hard]
    for members, chance in soft:
        if price(chance):
            sets.append([*(place[name] for name in members), len(costs)])
            costs.append(price(chance))
    rows = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    columns = np.concatenate([np.array(one) for one in sets])
    hits = csr_array((np.ones(len(columns)), (rows, columns)), (len(sets), len(costs)))
    found = milp(
        np.array(costs),
        constraints=LinearConstraint(hits, lb=1),
        integrality=np.ones(len(costs)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0, "time_limit": seconds},
    )
    assert found.x is not None, found.message
    return everything - found.fun, found.fun - found.mip_dual_bound


def steps(claims: Store) -> dict[str, float]:
    """The seconds that each step of a selection takes, by the same parts that `select` calls."""
    weights, hard, soft = claims
    taken: dict[str, float] = {}
    place = {name: number for number, name in enumerate(weights)}
    costs = [solve._cost(gain(weight)) for weight in weights.values()]
    sets = [tuple(place[name] for name in members) for members in hard]
    for members, chance in soft:
        if price(chance):
            sets.append((*(place[name] for name in members), len(costs)))
            costs.append(solve._cost(price(chance)))
    began = time.process_time()
    groups = hitting.components(sets, len(costs))
    taken["components"] = time.process_time() - began
    began = time.process_time()
    program = Program(costs, sets)
    program.fix()
    taken["fixing"] = time.process_time() - began
    left = [claim for claim in program.left() if claim < len(weights)]
    taken["HiGHS"], alone = 0.0, hitting.solve

    def timed(*given: Any) -> hitting.Answer:
        began = time.process_time()
        answer = alone(*given)
        taken["HiGHS"] += time.process_time() - began
        return answer

    hitting.solve = timed
    began = time.process_time()
    hitting.settle(program, LIMIT)
    taken["search"] = time.process_time() - began - taken["HiGHS"]
    hitting.solve = alone
    sizes = [len(group) for group in groups if len(group) > 1]
    print(
        f"  {len(sizes)} components of two and more, the largest of {max(sizes)}; fixing settles "
        f"{1 - len(left) / len(weights):.2%} of the claims and leaves {len(left)}"
    )
    return taken


def describe(claims: Store) -> str:
    weights, hard, soft = claims
    return f"{len(weights)} claims, {len(hard)} hard conflicts, {len(soft)} judged ones"


def large(count: int, seed: int) -> bool:
    """Whether a large store is solved in time."""
    claims = store(count, seed)
    print(describe(claims))
    began, clock = time.process_time(), time.perf_counter()
    found = select(*claims)
    total, wall = time.process_time() - began, time.perf_counter() - clock
    for step, seconds in steps(claims).items():
        print(f"  {step:<18} {seconds:6.2f} s")
    print(
        f"  whole selection    {total:6.2f} s of one core ({wall:.2f} s by the clock); dropped "
        f"{len(found.dropped)}, gap {found.gap:g}"
    )
    return total < LIMIT and found.optimal


def beside(count: int, seed: int, seconds: float) -> bool:
    """Whether a smaller store has the same value by HiGHS alone, and how much longer that takes."""
    claims = store(count, seed, SMALL_KNOT)
    print(f"{describe(claims)}: beside HiGHS alone")
    ours, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):
        began = time.process_time()
        found = select(*claims)
        ours.append(time.process_time() - began)
        began = time.process_time()
        value, off = whole(claims, seconds)
        theirs.append(time.process_time() - began)
    inside = {name for part in found.parts for name in part.claims}
    free = sum(gain(weight) for name, weight in claims[0].items() if name not in inside)
    apart = found.value + free - value
    same = found.optimal and -1e-6 * count <= apart <= off + 1e-6 * count
    print(
        f"  this way {median(ours):.2f} s, HiGHS alone {median(theirs):.2f} s "
        f"({median(theirs) / median(ours):.1f}x); values {found.value + free:.4f} and {value:.4f}"
        f" (may be off by {off:.1g}): {'equal' if same else 'NOT EQUAL'}"
    )
    return same


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--claims", type=int, default=100_000)
    options.add_argument("--beside", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--seconds", type=float, default=60.0, help="for HiGHS alone")
    chosen = options.parse_args()
    passed = [
        large(chosen.claims, chosen.seed),
        beside(chosen.beside, chosen.seed + 1, chosen.seconds),
    ]
    sys.exit(0 if all(passed) else 1)
