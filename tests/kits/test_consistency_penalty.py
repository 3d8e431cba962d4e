"""Agreement helps up to a point, and only where it is agreement on the right reply."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT = "consistency_penalty"
ARMS = ("penalised", "plain")
SEEDS = 12


def test_a_penalty_on_contradictions_helps_in_unseen_contexts_and_too_much_of_it_harms() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is Verdict.REFUTED


def test_contradictions_go_on_falling_after_the_error_has_begun_to_rise() -> None:
    strengths = (3.0, 10.0, 100.0)
    settings = [
        {metric: average(KIT, "penalised", metric, SEEDS, strength=strength) for metric in
         ("unseen_error", "contradictions")}
        for strength in strengths
    ]  # fmt: skip
    assert settings[0]["contradictions"] > settings[1]["contradictions"] + 0.01
    assert settings[1]["contradictions"] > settings[2]["contradictions"] + 0.02
    assert settings[2]["unseen_error"] > settings[0]["unseen_error"] + 0.08
    assert gap(KIT, ("counted", "chosen"), "unseen_error", SEEDS) > 0.05


def test_agreement_harms_where_the_right_answer_depends_on_the_context() -> None:
    assert gap(KIT, ARMS, "unseen_error", SEEDS, relevance=1.5) > 0.03
    assert gap(KIT, ("blind", "plain"), "unseen_error", SEEDS, relevance=1.5) > 0.1
    assert gap(KIT, ("blind", "plain"), "unseen_error", SEEDS) < -0.03


def test_a_learner_that_cannot_see_the_context_is_what_the_strongest_penalty_makes_of_any() -> None:
    """If nothing is blurred; then counting contradictions is no bad rule, either."""
    clear = {"blur": 0.0, "strength": 100.0}
    assert abs(gap(KIT, ("penalised", "blind"), "unseen_error", SEEDS, **clear)) < 0.02
    assert average(KIT, "blind", "contradictions", SEEDS, blur=0.0) == 0.0
    assert gap(KIT, ("counted", "plain"), "unseen_error", SEEDS, blur=0.0) < -0.03


def test_with_a_wrong_majority_agreement_spreads_the_error_to_contexts_that_had_it_right() -> None:
    assert gap(KIT, ARMS, "sound_trick_error", SEEDS) < -0.01
    assert gap(KIT, ARMS, "sound_trick_error", SEEDS, misled=0.7) > 0.03


def test_the_penalty_is_the_mean_squared_difference_and_weighs_as_much_as_it_says() -> None:
    space: dict[str, Any] = functions(KIT)
    rng = np.random.default_rng(1)
    seen, weights = rng.normal(size=(4, 30, 5)), rng.normal(size=5)
    replies = seen @ weights
    pairs = (replies[:, None] - replies[None, :]) ** 2  # every ordered pair of contexts
    spread = space["differences"](seen)
    assert 2.0 * weights @ spread @ weights == pytest.approx(pairs.mean())

    part = (rng.normal(size=(50, 5)), np.sign(rng.normal(size=50)))
    found = space["fit"]([part], 0.7, 2.0, spread)

    def loss(weights: Any) -> float:
        wrong = np.mean((part[0] @ weights - part[1]) ** 2)
        return float(wrong + 2.0 * weights @ spread @ weights + 0.7 / 50 * weights @ weights)

    assert all(loss(found) < loss(found + 0.01 * rng.normal(size=5)) for _ in range(50))
