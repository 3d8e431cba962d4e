"""Pretraining pays as far as the new task is alike; a carried value misleads where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS, FEW, VALUE = "transfer_values", 6, 4, ("pretrained_value", "scratch_value")


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_pretraining_helps_the_more_the_closer_the_new_environment() -> None:
    near, usual, far = (
        gap(KIT, VALUE, "zero_shot_distance", FEW, shift=shift) for shift in (0.0, 40.0, 180.0)
    )
    assert near < usual - 0.1 < -0.4
    assert far > 0.7


def test_the_verdict_turns_where_the_compass_is_reversed() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, shift=180.0) is Verdict.REFUTED


def test_a_value_speeds_up_learning_with_and_without_pretraining() -> None:
    assert gap(KIT, ("scratch_value", "scratch"), "final_distance", SEEDS) < -0.03
    assert gap(KIT, ("pretrained_value", "pretrained"), "learning_distance", SEEDS) < -0.04


def test_a_carried_value_is_harmless_at_home_and_misleads_if_something_else_pays() -> None:
    arms, metric = ("pretrained_value", "fresh_value"), "learning_distance"
    assert abs(gap(KIT, arms, metric, SEEDS)) < 0.04
    assert gap(KIT, arms, metric, FEW, displacement=3.0) > 0.15


def test_narrow_training_undoes_earlier_tasks_and_rehearsal_keeps_them() -> None:
    near, far = (
        average(KIT, "pretrained_value", "forgotten", FEW, displacement=away) for away in (0.0, 2.0)
    )
    assert 0.0 < near < far - 0.3
    kept = {"displacement": 2.0, "rehearsal": 0.5}
    assert average(KIT, "pretrained_value", "forgotten", FEW, **kept) < 0.5 * far


def test_a_walker_that_always_aims_right_gets_as_near_as_its_strides_allow() -> None:
    luck, count, stride = np.random.default_rng(3), part("DIRECTIONS_OF_STEPS"), part("STRIDE")
    angles = 2 * np.pi * np.arange(count) / count
    aiming = 60.0 * np.array([np.cos(angles), np.sin(angles), np.zeros(count)])
    states, *_, left = part("walk")(luck, aiming, (np.zeros(1), np.zeros(2)), 500)
    start = np.hypot(*states[0].T)
    far = start > (part("STEPS") + 1) * stride
    short = start[far] - left[far]
    assert short.mean() == pytest.approx(part("STEPS") * stride * np.sinc(1 / count), rel=0.03)
    assert left[~far].mean() < stride
