"""Disagreement tells more than stated confidence away from home, and no more at home."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "knowing_limits", 7


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_at_equal_refusal_disagreement_removes_more_errors_only_away_from_home() -> None:
    arms = ("disagreement", "stated")
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is Verdict.REFUTED
    assert gap(KIT, arms, "error", SEEDS) < -0.012
    assert abs(gap(KIT, arms, "familiar_error", SEEDS)) < 0.015


def test_a_limit_set_at_home_lets_fewer_errors_pass_silently_but_is_worth_no_more() -> None:
    arms = ("disagreement", "stated")
    assert gap(KIT, arms, "silent_errors", SEEDS) < -0.02
    assert abs(gap(KIT, arms, "worth", SEEDS)) < 0.03


def test_any_sense_of_doubt_beats_chance_and_distance_is_poor_at_home_and_good_away() -> None:
    assert gap(KIT, ("stated", "random"), "familiar_error", 4) < -0.03
    assert gap(KIT, ("novelty", "stated"), "familiar_error", 4) > 0.01
    assert gap(KIT, ("novelty", "stated"), "error", 4) < -0.01


def test_questions_go_farthest_where_doubt_and_stakes_meet() -> None:
    assert gap(KIT, ("stakes", "random"), "harm", 4) < -0.04
    assert gap(KIT, ("combined", "stakes"), "harm", 4, shift=0.0) < -0.005
    few = average(KIT, "combined", "harm", 4, questions=0.01)
    assert few > average(KIT, "combined", "harm", 4, questions=0.3) + 0.05


def test_the_dearer_a_mistake_the_more_doubt_is_worth() -> None:
    cheap, dear = (gap(KIT, ("novelty", "stated"), "worth", 4, price=p) for p in (0.0, 10.0))
    assert cheap < -0.1
    assert dear > 0.1


def test_networks_learn_a_straight_border_and_the_least_doubted_are_kept() -> None:
    rng = np.random.default_rng(2)
    seen = rng.normal(size=(60, 4))
    told = (seen[:, 0] > 0).astype(float)
    chances = part("answer")(part("train")(rng, seen, told, 3), seen)
    assert chances.shape == (3, 60)
    assert np.all(np.mean((chances > 0.5) == (told > 0.5), axis=1) > 0.95)
    kept = part("first")(np.array([0.3, 0.1, 0.9, 0.5]), 0.75)
    assert sorted(kept.tolist()) == [0, 1, 3]
    assert np.mean(chances) == pytest.approx(told.mean(), abs=0.05)
