"""Values that follow the body's needs save lives, as long as the body is felt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS, PAIR = "affective_values", 6, ("interacting", "weighted")


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_modulated_values_save_lives_and_cost_meals_rather_than_gain_them() -> None:
    assert gap(KIT, PAIR, "deaths", SEEDS) < -5
    assert gap(KIT, PAIR, "starved", SEEDS) < -2
    assert gap(KIT, PAIR, "meals", SEEDS) < 0.02


def test_the_verdict_turns_where_feelings_are_those_of_another() -> None:
    assert verdict(KIT, 10) is Verdict.SUPPORTED
    assert verdict(KIT, 10, misfelt=1.0) is not Verdict.SUPPORTED


def test_without_its_own_body_the_modulated_agent_is_no_safer_than_one_led_by_surprise() -> None:
    arms = ("interacting", "cautious")
    assert gap(KIT, arms, "deaths", SEEDS) < -2.5
    assert abs(gap(KIT, arms, "deaths", SEEDS, misfelt=1.0)) < 2.5


def test_the_lead_is_there_where_nothing_changes_so_that_it_comes_from_needs() -> None:
    assert gap(KIT, PAIR, "deaths", SEEDS, novelty=0.0) < -4


def test_caution_that_follows_surprise_helps_by_itself() -> None:
    assert gap(KIT, ("cautious", "weighted"), "deaths", SEEDS) < -1


def test_one_scalar_that_is_learned_for_every_state_of_the_body_needs_a_long_life() -> None:
    short, long = (average(KIT, "embodied", "deaths", 3, days=days) for days in (40, 200))
    assert short > 1.4 * long


def test_more_healing_means_fewer_deaths() -> None:
    assert average(KIT, "weighted", "deaths", 4, healing=0.01) > 1.3 * average(
        KIT, "weighted", "deaths", 4, healing=0.3
    )


def test_new_worlds_change_the_share_of_sites_that_is_set_and_never_the_shelter() -> None:
    world = np.random.default_rng(1)
    food, harm = part("sites")(world)
    for novelty, count in ((0.0, 0), (1 / 3, 3), (1.0, 9)):
        new_food, new_harm = part("changed")(world, food, harm, novelty)
        assert (new_food != food).sum() == (new_harm != harm).sum() == count
        assert new_food[0] == new_harm[0] == 0.0


def test_a_confused_agent_feels_another_body_and_never_its_own() -> None:
    body = np.arange(2.0 * part("CROWD")).reshape(2, -1)
    for day in range(40):
        assert (part("sensed")(body, np.zeros(part("CROWD"), bool), day) == body).all()
        other = part("sensed")(body, np.ones(part("CROWD"), bool), day)
        assert (other != body).all()
        assert (np.sort(other) == body).all()


def test_the_state_of_the_body_has_nine_levels_from_death_to_full() -> None:
    body = np.array([[0.0, 0.5, 1.0, 0.2], [0.0, 0.5, 1.0, 0.9]])
    assert part("condition")(body) == pytest.approx([0, 4, 8, 2])
