"""A sigmoid foretells a climb that has begun; where progress is smooth a power law does as well."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "scaling_curves", 6
TIMES = np.arange(1, 41) / 40


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_a_sigmoid_foretells_breakthroughs_but_a_power_law_smooth_progress() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is Verdict.REFUTED
    assert gap(KIT, ("sigmoid", "power"), "final_error", SEEDS) < -0.06
    assert gap(KIT, ("power", "sigmoid"), "curve_error", SEEDS, needed=1) < -0.004


def test_the_more_is_seen_the_better_every_curve_foretells() -> None:
    for arm in ("power", "sigmoid"):
        little, half, most = (average(KIT, arm, "final_error", 3, seen=s) for s in (0.1, 0.5, 0.9))
        assert little > half + 0.2
        assert half > most + 0.02


def test_before_the_climb_no_curve_knows_of_it() -> None:
    for arm in ("last", "power", "sigmoid", "average"):
        assert average(KIT, arm, "final_error", 3, seen=0.1) > 0.4


def test_trusting_what_foretold_well_before_beats_no_change_and_the_power_law() -> None:
    assert gap(KIT, ("average", "last"), "final_error", SEEDS) < -0.08
    assert gap(KIT, ("average", "power"), "final_error", SEEDS) < -0.04


def test_each_family_is_recovered_from_a_curve_of_its_own() -> None:
    steady = 0.8 / (1 + (0.4 / TIMES) ** 5)
    falling = 0.9 - 0.7 * (1 + TIMES / 0.2) ** -1.3
    for name, whole in (("sigmoid", steady), ("power", falling)):
        found = part("fit")(part(name), TIMES, whole[:28])
        assert found == pytest.approx(whole, abs=0.02), name


def test_a_score_is_how_often_all_choices_that_tasks_need_are_right() -> None:
    rng = np.random.default_rng(4)
    habits, needs = rng.normal(size=(2, 10, 3)), part("tasks")(rng, 3, 0.5)
    assert sorted(set(needs.sum(axis=1).tolist())) == [1, 2, 3]
    chances = part("softmax")(habits)
    choices = (rng.random((40_000, 10, 1)) > chances[1].cumsum(axis=1)[:, :-1]).sum(axis=2)
    solved = [np.mean(np.all(choices[:, need] == 0, axis=1)) for need in needs]
    assert part("score")(habits, needs)[1] == pytest.approx(np.mean(solved), abs=0.01)
