"""What a gate stops, what it costs, and which reference serves against which danger."""

from __future__ import annotations

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import functions, gap, verdict

KIT = "safe_deployment"
ARMS = ("gate", "open")
ERROR = "final_error"


def test_a_gate_beats_training_on_the_trusted_set_if_the_stream_is_poisoned_and_only_then() -> None:
    assert verdict(KIT, 7) is Verdict.SUPPORTED
    assert verdict(KIT, 7, **kits.load(KIT).turning) is Verdict.REFUTED


def test_a_gate_beats_accepting_everything_on_a_poisoned_stream_and_harms_on_a_clean_one() -> None:
    assert verdict(KIT, 7, control="open") is Verdict.SUPPORTED
    assert gap(KIT, ARMS, ERROR, 6, poison=0.0) > 0.02
    assert gap(KIT, ARMS, ERROR, 6, poison=0.0, drift=0.0) < 0.01


def test_training_on_the_trusted_set_as_well_is_worth_something() -> None:
    assert gap(KIT, ("rehearse", "open"), "running_error", 6) < -0.03
    assert gap(KIT, ("rehearse", "frozen"), ERROR, 6, poison=0.0) < -0.05


def test_a_gate_costs_honest_interactions_and_the_rare_requests_it_does_not_cover() -> None:
    assert gap(KIT, ARMS, "honest_lost", 6, poison=0.0) > 0.02
    assert gap(KIT, ARMS, "rare_error", 6, poison=0.0) > 0.03


def test_unfiltered_learning_ends_worse_than_not_learning_only_if_the_stream_is_bad() -> None:
    assert gap(KIT, ("open", "frozen"), ERROR, 6, poison=0.3) > 0.1
    assert gap(KIT, ("open", "frozen"), ERROR, 6, poison=0.0) < -0.05


def test_returning_to_good_weights_helps_but_less_than_keeping_poison_out() -> None:
    assert gap(KIT, ("rollback", "open"), "running_error", 6) < -0.02
    assert gap(KIT, ("rollback", "gate"), "running_error", 6) > 0.03


def test_yesterday_as_reference_follows_the_world_and_lets_slow_poison_pass() -> None:
    """The release as reference does the opposite of both."""
    clean, slow = {"poison": 0.0, "drift": 1.0}, {"poison": 0.3, "drift": 0.0, "slowness": 1.0}
    assert gap(KIT, ARMS, ERROR, 4, refresh=1.0, **clean) < 0.06
    assert gap(KIT, ARMS, ERROR, 4, refresh=0.2, **clean) > 0.03
    assert gap(KIT, ARMS, ERROR, 4, refresh=0.0, **clean) > 0.15
    arms = ("gate", "frozen")
    assert gap(KIT, arms, ERROR, 4, refresh=1.0, **slow) > 0.1
    assert gap(KIT, arms, ERROR, 4, refresh=0.0, **slow) < 0.03


def test_a_gate_judges_each_interaction_by_the_step_it_would_make() -> None:
    space = functions(KIT)
    rng = np.random.default_rng(2)
    world = space["new_world"](rng, 0.0, 0.0)
    reference = space["honest"](rng, world, 0, 50, 0.0, 0.0)
    inputs, answers = space["honest"](rng, world, 0, 40, 0.3, 0.1)
    weights = space["release"](*space["honest"](rng, world, 0, 150, 0.0, 0.0))
    passed = space["passed"](weights, inputs, answers, reference, 0.0005)
    for one in range(40):
        moved = weights - space["RATE"] * space["slope"](
            weights, inputs[[one]], answers[[one]]
        ).sum(axis=0)
        rise = space["loss"](moved, reference) - space["loss"](weights, reference)
        assert passed[one] == (rise <= 0.0005)
    assert 0 < passed.sum() < 40
    nudge = 1e-6 * np.eye(len(weights))
    exact = [space["loss"](weights + n, reference) - space["loss"](weights - n, reference)
             for n in nudge]  # fmt: skip
    slope = space["slope"](weights, *reference).mean(axis=0)
    assert slope == pytest.approx(np.array(exact) / 2e-6, abs=1e-5)
