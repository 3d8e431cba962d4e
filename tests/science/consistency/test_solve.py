from __future__ import annotations

import itertools
import math
import random
from collections.abc import Collection, Sequence

import pytest

from scientist.science.consistency import fixing, hitting
from scientist.science.consistency.solve import gain, minimal, price, regret, select

Soft = tuple[tuple[str, ...], float]
CLOSE = 1e-4  # gains count to a millionth each


def brute(
    weights: dict[str, float],
    hard: Sequence[tuple[str, ...]],
    soft: Sequence[Soft],
    pinned: Collection[str] = (),
) -> float | None:
    """The value of the best selection, by trying every one."""
    best = None
    for picks in itertools.product((False, True), repeat=len(weights)):
        kept = {name for name, pick in zip(weights, picks, strict=True) if pick}
        if not kept.issuperset(pinned) or any(kept.issuperset(one) for one in hard):
            continue
        value = sum(gain(weights[name]) for name in kept)
        value -= sum(price(chance) for members, chance in soft if kept.issuperset(members))
        best = value if best is None else max(best, value)
    return best


def worth(kept: Collection[str], weights: dict[str, float], soft: Sequence[Soft]) -> float:
    value = sum(gain(weights[name]) for name in kept)
    return value - sum(price(p) for members, p in soft if set(kept).issuperset(members))


def instance(
    chance: random.Random, most: int
) -> tuple[dict[str, float], list[tuple[str, ...]], list[Soft]]:
    """Random claims; weights repeat, so that many choices are worth the same."""
    names = [f"A{number}" for number in range(chance.randint(1, most))]
    equal = chance.random() < 0.4
    weights = {n: chance.choice((0.3, 0.6)) if equal else chance.uniform(0.02, 0.99) for n in names}

    def some() -> tuple[str, ...]:
        size = min(len(names), chance.choice((1, 2, 2, 2, 2, 2, 3, 3, 4)))
        return tuple(chance.sample(names, size))

    hard = [some() for _ in range(chance.randint(0, 2 * len(names)))]
    soft = [(some(), chance.uniform(0.3, 0.99)) for _ in range(chance.randint(0, len(names)))]
    return weights, hard, soft


def test_no_selection_of_few_claims_is_better_than_the_one_that_is_made() -> None:
    for seed in range(400):
        weights, hard, soft = instance(random.Random(seed), most=9)
        found = select(weights, hard, soft)
        assert not any(found.kept.issuperset(one) for one in hard), seed
        assert worth(found.kept, weights, soft) == pytest.approx(
            brute(weights, hard, soft), abs=CLOSE
        ), seed
        assert found.optimal
        assert found.kept.isdisjoint(found.dropped)
        assert len(found.kept) + len(found.dropped) == len(weights)


def test_neither_fixing_nor_search_nor_the_solver_is_trusted_alone() -> None:
    for seed in range(60):
        chance = random.Random(1000 + seed)
        count = chance.randint(2, 12)
        costs = [chance.randint(1, 5) * hitting.UNIT + count - n for n in range(count)]
        sets = [
            frozenset(chance.sample(range(count), chance.choice((2, 2, 3)) if count > 2 else 2))
            for _ in range(chance.randint(1, 24))
        ]
        best = min(
            hitting.total(one, costs)
            for size in range(count + 1)
            for one in itertools.combinations(range(count), size)
            if all(not members.isdisjoint(one) for members in sets)
        )
        searched = hitting.search(costs, sets)
        assert hitting.total(searched, costs) == best, seed
        solved = hitting.solve(costs, sets, 10)
        assert hitting.total(solved.dropped, costs) // hitting.UNIT == best // hitting.UNIT, seed
        program = fixing.Program(costs, sets)
        program.fix()
        assert not hitting.settle(program, 10)
        kept = program.finish()
        assert sum(c for c, stays in zip(costs, kept, strict=True) if not stays) == best, seed


def test_what_is_kept_does_not_depend_on_the_order_of_the_conflicts() -> None:
    for seed in range(40):
        weights, hard, soft = instance(random.Random(seed), most=14)
        turned = select(weights, hard[::-1], soft[::-1])
        assert select(weights, hard, soft).kept == turned.kept, seed


def test_a_pinned_claim_is_kept_whatever_it_costs() -> None:
    for seed in range(150):
        chance = random.Random(seed)
        weights, hard, soft = instance(chance, most=8)
        pinned = chance.sample(list(weights), min(2, len(weights)))
        found = select(weights, hard, soft, pinned)
        assert found.kept.issuperset(pinned)
        among = [one for one in hard if set(pinned).issuperset(one)]
        best = brute(weights, [one for one in hard if one not in among], soft, pinned)
        assert worth(found.kept, weights, soft) == pytest.approx(best, abs=CLOSE), seed
        assert {frozenset(one) for one in found.impossible} == {
            frozenset(one) for one in minimal(among)
        }


def test_pins_that_contradict_each_other_are_named() -> None:
    weights = {"A1": 0.9, "A2": 0.6, "A3": 0.3}
    found = select(weights, [("A1", "A2"), ("A2", "A3")], pinned=("A1", "A2"))
    assert found.impossible == (("A1", "A2"),)
    assert found.kept == {"A1", "A2"}
    assert found.dropped == ("A3",)


def test_a_claim_that_nothing_speaks_against_is_kept_however_weak() -> None:
    found = select({"A1": 0.02, "A2": 0.5}, [])
    assert found.kept == {"A1", "A2"}
    assert found.parts == ()


def test_of_equal_claims_the_one_named_earlier_is_kept() -> None:
    assert select({"A1": 0.5, "A2": 0.5}, [("A1", "A2")]).kept == {"A1"}
    assert select({"A2": 0.5, "A1": 0.5}, [("A1", "A2")]).kept == {"A2"}
    triangle = [("A1", "A2"), ("A2", "A3"), ("A1", "A3")]
    assert select({"A3": 0.5, "A1": 0.5, "A2": 0.5}, triangle).kept == {"A3"}


def test_three_weak_claims_may_outweigh_a_stronger_one() -> None:
    weights = {"A1": 0.6, "A2": 0.5, "A3": 0.5, "A4": 0.5}
    found = select(weights, [("A1", other) for other in ("A2", "A3", "A4")])
    assert found.dropped == ("A1",)
    against = [("A1", other) for other in ("A2", "A3", "A4")]
    assert regret("A1", weights, against) == pytest.approx(3 * gain(0.5) - gain(0.6))
    assert regret("A2", weights, against) == 0
    assert regret("A1", weights, [("A1",)]) == math.inf


def test_an_uncertain_contradiction_is_borne_where_both_claims_are_strong() -> None:
    strong, weak = {"F1": 0.97, "F2": 0.95}, {"A1": 0.3, "A2": 0.35}
    assert select(strong, [], [(("F1", "F2"), 0.8)]).dropped == ()
    assert select(weak, [], [(("A1", "A2"), 0.8)]).dropped == ("A1",)
    assert select(weak, [], [(("A1", "A2"), 0.5)]).dropped == ()
    assert select(strong, [], [(("F1", "F2"), 1.0)]).dropped == ("F2",)


def test_what_is_out_of_time_says_how_far_from_the_best_it_may_be() -> None:
    chance = random.Random(3)
    weights = {f"A{number}": chance.uniform(0.3, 0.7) for number in range(240)}
    hard = [tuple(chance.sample(list(weights), 3)) for _ in range(1200)]
    hurried = select(weights, hard, seconds=0.0)
    assert not any(hurried.kept.issuperset(one) for one in hard)
    assert not hurried.optimal
    (part,) = (one for one in hurried.parts if one.gap)
    assert 0 < part.gap < sum(gain(weight) for weight in weights.values())
    longer = select(weights, hard, seconds=2.0)
    assert longer.value <= hurried.value + hurried.gap + CLOSE
    assert longer.gap <= hurried.gap


def test_the_value_of_the_parts_is_that_of_the_claims_in_them() -> None:
    weights, hard, soft = instance(random.Random(11), most=14)
    found = select(weights, hard, soft)
    inside = [name for part in found.parts for name in part.claims]
    assert len(inside) == len(set(inside))
    kept = [name for name in inside if name in found.kept]
    assert found.value == pytest.approx(worth(kept, weights, soft))


def test_only_the_smallest_conflicts_are_shown_and_each_once() -> None:
    given = [("A1", "A2", "A3"), ("A2", "A1"), ("A3", "A4"), ("A1", "A2"), ("A5",), ("A5", "A4")]
    assert minimal(given) == (("A2", "A1"), ("A3", "A4"), ("A5",))


def test_a_conflict_names_claims_that_exist() -> None:
    with pytest.raises(ValueError, match="A9"):
        select({"A1": 0.5}, [("A1", "A9")])
    with pytest.raises(ValueError, match="between 0 and 1"):
        select({"A1": 1.0}, [])
