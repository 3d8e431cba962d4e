"""Pleasing a judge and doing well: when they part, and what keeps them together."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kits import playing
from tests.kits.playing import average, gap, verdict

NAME = "reward_hacking"
FEW = 6


def test_true_score_rises_with_pressure_and_then_falls_while_judged_score_goes_on() -> None:
    light, some, heavy = (
        average(NAME, "average", "true_score", FEW, pressure=p) for p in (5, 20, 120)
    )
    assert light < some - 0.3
    assert heavy < light - 2.0
    assert average(NAME, "average", "flattery", FEW, pressure=120) > 8.0


def test_the_lowest_of_scales_outdoes_their_mean_only_if_the_policy_may_stray() -> None:
    assert verdict(NAME, 16) == "supported"
    assert verdict(NAME, 10, tether=0.3) == "refuted"
    assert abs(gap(NAME, ("lowest", "average"), "win_rate", FEW, pressure=10)) < 0.02


def test_suspicion_between_scales_does_not_postpone_the_fall() -> None:
    assert gap(NAME, ("lowest", "average"), "turning_point", 16) < 0.1


def test_one_judge_of_all_scales_is_no_worse_than_the_lowest_of_three() -> None:
    assert verdict(NAME, 10, "lowest", "single", tether=0.3) == "refuted"
    assert gap(NAME, ("lowest", "single"), "win_rate", 16) < 0.02


def test_suspicion_costs_score_where_nothing_can_do_harm() -> None:
    assert gap(NAME, ("lowest", "average"), "true_score", 8, harm=0.0) < -0.1


def test_a_tether_protects_where_no_judge_does() -> None:
    free, held = (average(NAME, "single", "win_rate", FEW, tether=t) for t in (0.0, 0.3))
    assert held > free + 0.15


def test_fresh_labels_protect_better_than_any_combination_of_old_ones() -> None:
    for arm in ("single", "copies", "split", "lowest"):
        assert gap(NAME, ("refreshed", arm), "win_rate", FEW) > 0.1, arm
    assert average(NAME, "refreshed", "turning_point", FEW) > 0.9


def test_three_suspicious_judges_are_flattered_less_than_one_when_labels_are_noisy() -> None:
    for arm in ("copies", "split"):
        assert gap(NAME, (arm, "single"), "flattery", FEW, label_noise=2.0) < -2.0, arm


def test_parts_of_ordinary_answers_spread_alike_on_every_scale() -> None:
    kit, rng = playing.functions(NAME), np.random.default_rng(5)
    answers = rng.normal(size=(4000, kit["STEPS"], kit["SIZE"]))
    for parts, scale in zip(kit["views"](answers), kit["SCALES"], strict=True):
        assert parts.shape[1] * scale == kit["STEPS"]
        assert parts.std() == pytest.approx(1.0, abs=0.03)


def test_a_judge_with_many_exact_labels_is_right_about_ordinary_answers_without_harm() -> None:
    kit, rng = playing.functions(NAME), np.random.default_rng(6)
    truth = kit["world"](rng, 0.0, 2.0)
    origin = np.zeros((kit["STEPS"], kit["SIZE"]))
    seen = kit["examples"](rng, truth, origin, 2000, 0.0)
    judge = kit["train"]("single", [kit["draw_kinks"](rng)] * 3, seen)
    answers, scores = kit["examples"](rng, truth, origin, 300, 0.0)
    assert np.abs(judge(answers) - scores).max() < 0.3
    assert scores.std() == pytest.approx(1.0, abs=0.12)
