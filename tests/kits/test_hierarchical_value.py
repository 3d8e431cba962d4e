"""Values on the way save episodes on long tasks, as far as they are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.records import Verdict
from tests.kits.playing import functions, gap, verdict

KIT, SEEDS = "hierarchical_value", 8


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_a_learned_value_saves_episodes_on_long_tasks_and_hardly_on_short_ones() -> None:
    arms = ("learned", "outcome")
    assert gap(KIT, arms, "episodes_needed", SEEDS) < -120
    assert gap(KIT, arms, "episodes_needed", SEEDS, horizon=9) > -70
    assert gap(KIT, arms, "right_share", SEEDS) > 0.12


def test_the_verdict_turns_on_a_task_hardly_longer_than_one_stretch() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, horizon=9) is not Verdict.SUPPORTED


def test_a_learned_value_gets_most_of_what_an_exact_one_would() -> None:
    reachable = gap(KIT, ("oracle", "outcome"), "right_share", SEEDS)
    assert gap(KIT, ("learned", "outcome"), "right_share", SEEDS) > 0.6 * reachable


def test_shorter_stretches_help_an_exact_value_and_errors_undo_it() -> None:
    arms, metric = ("oracle", "outcome"), "right_share"
    short = gap(KIT, arms, metric, SEEDS, interval=1)
    assert short > gap(KIT, arms, metric, SEEDS, interval=40) + 0.05
    wrong = {"interval": 1, "critic_error": 5.0}
    assert gap(KIT, ("flawed", "oracle"), metric, SEEDS, **wrong) < -0.2
    assert gap(KIT, ("flawed", "outcome"), metric, SEEDS, **wrong) < -0.05


def test_the_exact_value_is_what_walks_reach_on_average() -> None:
    luck, world = np.random.default_rng(1), np.random.default_rng(2)
    ease = part("landscape")(world, 30, 0.9)
    right = world.integers(part("ACTIONS"), size=part("CUES"))
    chance = part("chances")(0.5 * world.normal(size=(part("CUES"), part("ACTIONS"))))
    share = chance[np.arange(part("CUES")), right].mean()
    _, _, places = part("walk")(luck, chance, right, ease, 2000)
    table = part("exact")(ease, share)
    assert places[-1].mean() == pytest.approx(table[0, 0], abs=0.15)
    middle = places[:, places[10] == 2]
    assert middle[-1].mean() == pytest.approx(table[10, 2], abs=0.3)
