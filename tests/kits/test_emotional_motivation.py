"""Frustration makes a wrong weight of the bonus bearable; beside the best one it adds nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "emotional_motivation", 4


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_feelings_earn_what_the_best_constant_bonus_does_and_bear_a_wrong_one_better() -> None:
    arms = ("emotional", "recency")
    assert abs(gap(KIT, arms, "pay", SEEDS)) < 1.5
    assert gap(KIT, arms, "pay", SEEDS, eagerness=2.0) > 6


def test_the_verdict_turns_where_the_bonus_is_too_large() -> None:
    assert verdict(KIT, 8) is Verdict.REFUTED
    assert verdict(KIT, 8, eagerness=2.0) is Verdict.SUPPORTED


def test_signals_at_the_wrong_time_lose_the_gain() -> None:
    assert gap(KIT, ("emotional", "shuffled"), "pay", SEEDS) > 4
    assert gap(KIT, ("emotional", "shuffled"), "delay", SEEDS) < -15


def test_frustration_costs_pay_where_the_best_place_pays_seldom() -> None:
    arms = ("emotional", "counted")
    assert gap(KIT, arms, "pay", SEEDS) > 1
    assert gap(KIT, arms, "pay", SEEDS, reliability=0.2) < -1


def test_a_larger_bonus_finds_sooner_and_earns_less() -> None:
    found, paid = (
        [average(KIT, "recency", metric, SEEDS, eagerness=size) for size in (0.5, 1.0, 2.0)]
        for metric in ("delay", "pay")
    )
    assert found[0] > found[1] + 8 > found[2] + 8
    assert paid[0] < paid[1] - 1 > paid[2] + 8


def test_without_any_bonus_an_agent_hardly_finds_what_is_far() -> None:
    assert gap(KIT, ("extrinsic", "counted"), "pay", SEEDS) < -10


def test_a_step_always_leads_to_an_adjoining_cell() -> None:
    for size in (4, 7, 12):
        ways = part("neighbours")(size)
        row, column = np.divmod(np.arange(size * size), size)
        away = abs(row[ways] - row[:, None]) + abs(column[ways] - column[:, None])
        assert (away == 1).all()


def test_the_good_cell_hides_far_from_where_it_was_and_never_on_another() -> None:
    size, free = 7, np.arange(5, 49)
    goals = part("hide")(np.random.default_rng(1), free, size, 5)
    places = [0, *goals[np.sort(np.unique(goals, return_index=True)[1])]]
    assert len(goals) == part("STEPS")
    assert set(goals) <= set(free)
    steps = [abs(a // size - b // size) + abs(a % size - b % size) for a, b in pairwise(places)]
    assert min(steps) >= 4
