"""Following values, moving them, and telling the two apart."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kits import playing
from tests.kits.playing import average, gap, verdict

NAME = "recursive_alignment"
FEW = 6


def test_following_pleases_more_where_values_drift_and_not_where_they_stay() -> None:
    assert verdict(NAME, 8) == "supported"
    assert verdict(NAME, 8, drift=0.0) == "refuted"
    fast = gap(NAME, ("tracker", "once"), "satisfaction", FEW, drift=0.12)
    assert fast > gap(NAME, ("tracker", "once"), "satisfaction", FEW) + 0.05


def test_an_assistant_without_influence_moves_nobody() -> None:
    for arm in ("once", "tracker", "steering"):
        assert average(NAME, arm, "moved", 4, influence=0.0) == 0.0
    assert average(NAME, "tracker", "moved", 4, influence=0.0, drift=0.12) == 0.0


def test_stronger_influence_carries_people_further_and_hides_it_in_their_satisfaction() -> None:
    assert gap(NAME, ("tracker", "once"), "satisfaction", FEW, influence=0.1) < 0.06
    strong = average(NAME, "tracker", "moved", FEW, influence=0.1)
    assert strong > average(NAME, "tracker", "moved", FEW) + 0.3
    assert gap(NAME, ("tracker", "once"), "twin_satisfaction", FEW) > 0.08


def test_holding_on_to_old_values_moves_people_too_when_they_drift_by_themselves() -> None:
    assert gap(NAME, ("once", "tracker"), "moved", FEW) > 0.05
    assert gap(NAME, ("anchored", "tracker"), "moved", FEW) > 0.02


def test_a_tracker_leaves_people_further_from_where_they_began_though_nearer_to_their_twins() -> (
    None
):
    assert gap(NAME, ("tracker", "once"), "strayed", FEW) > 0.04
    assert gap(NAME, ("tracker", "once"), "moved", FEW) < -0.05


def test_logs_alone_mistake_their_own_lag_for_pull_and_an_over_corrector_pleases_less() -> None:
    arms = ("logs", "discounted")
    assert gap(NAME, arms, "pull_error", FEW, drift=0.0) > 0.01
    assert gap(NAME, arms, "satisfaction", FEW, drift=0.0) < -0.08
    assert gap(NAME, arms, "moved", FEW, drift=0.0) < -0.05


def test_steering_gains_satisfaction_by_moving_people_further() -> None:
    arms, strong = ("steering", "tracker"), {"influence": 0.1}
    assert gap(NAME, arms, "satisfaction", FEW, **strong) > 0.03
    assert gap(NAME, arms, "moved", FEW, **strong) > 0.05
    assert gap(NAME, arms, "twin_satisfaction", FEW, **strong) < -0.03


def test_discounting_its_own_pull_moves_people_less_than_plain_tracking() -> None:
    assert gap(NAME, ("discounted", "tracker"), "moved", FEW, influence=0.1) < -0.1
    assert gap(NAME, ("discounted", "tracker"), "twin_satisfaction", FEW, influence=0.1) > 0.03


def test_a_lot_reveals_the_pull_that_errors_of_the_estimate_imitate() -> None:
    kit, rng = playing.functions(NAME), np.random.default_rng(7)
    size, influence = 60_000, 0.1
    values = kit["unit"](rng.normal(size=(size, kit["SIZE"])))
    belief = values + 0.3 * rng.normal(size=values.shape)
    way = kit["unit"](rng.normal(size=values.shape)) - belief
    served = rng.random((size, 1)) < 0.5
    moved = values + influence * (belief + way - values) * served
    doubt = np.tile(0.1 * np.eye(kit["SIZE"]), (size, 1, 1))
    surprise = kit["listen"](rng, moved, belief, doubt, 0.2, way)[2]
    seen = np.array([surprise[group].sum(axis=0) for group in (served[:, 0], ~served[:, 0])])
    assert seen[0, 0] / seen[0, 1] > influence + 0.05
    slopes = seen[:, 0] / seen[:, 1]
    assert slopes[0] - slopes[1] == pytest.approx(influence, abs=0.04)


def test_what_is_believed_comes_as_close_as_the_ratings_allow() -> None:
    kit, rng = playing.functions(NAME), np.random.default_rng(8)
    size = kit["SIZE"]
    values = rng.normal(size=(500, size)) / np.sqrt(size)
    belief, doubt = np.zeros_like(values), np.tile(np.eye(size) / size, (500, 1, 1))
    for _ in range(20):
        belief, doubt, _ = kit["listen"](rng, values, belief, doubt, 0.3)
    promised = np.trace(doubt, axis1=1, axis2=2).mean()
    assert ((belief - values) ** 2).sum(axis=1).mean() == pytest.approx(promised, rel=0.15)
