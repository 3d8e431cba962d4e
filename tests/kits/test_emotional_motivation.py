"""Frustration leaves decoys behind; without decoys, or with unreliable pay, it has no use."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from scientist.records import Verdict
from tests.kits.playing import _trial, gap, verdict

KIT, SEEDS = "emotional_motivation", 6


def part(name: str) -> Any:
    """A function of the kit."""
    return _trial(KIT).__globals__[name]


def test_feelings_leave_decoys_sooner_than_a_constant_wish_for_the_unvisited() -> None:
    arms = ("emotional", "recency")
    assert gap(KIT, arms, "delay", SEEDS) < -3
    assert abs(gap(KIT, arms, "delay", SEEDS, decoy=0.0)) < 4


def test_the_verdict_turns_where_nothing_deceives() -> None:
    assert verdict(KIT, 10) is Verdict.SUPPORTED
    assert verdict(KIT, 10, decoy=0.0) is Verdict.REFUTED


def test_signals_at_the_wrong_time_lose_the_gain() -> None:
    assert gap(KIT, ("emotional", "shuffled"), "pay", SEEDS) > 4
    assert gap(KIT, ("emotional", "shuffled"), "delay", SEEDS) < -15


def test_frustration_costs_pay_where_the_best_place_pays_seldom() -> None:
    arms = ("emotional", "counted")
    assert gap(KIT, arms, "pay", SEEDS) > 1
    assert gap(KIT, arms, "pay", SEEDS, reliability=0.2) < -1


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
