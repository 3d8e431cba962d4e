"""Preferences from company: what order, habit, flattery and a flawed score do to them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kits import playing
from tests.kits.playing import average, gap, verdict

NAME = "developmental_preferences"
FEW = 8


def test_a_score_unsettles_more_than_company_only_if_what_is_wrong_with_it_is_written_anew() -> (
    None
):
    assert verdict(NAME, 16) == "refuted"
    assert verdict(NAME, 16, flaw=0.6, inherited=0.0) == "supported"
    assert gap(NAME, ("at_once", "scored"), "unsettled", FEW, flaw=0.6, inherited=1.0) > 0.01


def test_where_nobody_differs_and_all_is_inherited_replacing_people_changes_nothing() -> None:
    same = {"individuality": 0.0, "inherited": 1.0}
    for arm in ("staged", "at_once", "scored"):
        assert average(NAME, arm, "unsettled", 4, **same) == pytest.approx(0.0, abs=1e-9), arm
    assert average(NAME, "scored", "unsettled", 4, individuality=0.0) > 0.005


def test_stages_help_where_adults_do_what_they_would_not_praise_and_not_where_they_act_well() -> (
    None
):
    stages = {"treatment": "staged", "control": "at_once", "metric": "misfit"}
    assert verdict(NAME, 16, **stages) == "supported"
    assert gap(NAME, ("staged", "at_once"), "misfit", FEW, habit=0.0) > -0.03


def test_gaze_is_not_worth_its_third_of_the_scenes() -> None:
    assert gap(NAME, ("unwatched", "staged"), "misfit", FEW) < 0.01


def test_ending_on_habits_undoes_what_praise_has_taught() -> None:
    assert gap(NAME, ("reversed", "staged"), "misfit", FEW) > 0.08
    assert gap(NAME, ("reversed", "staged"), "misfit", FEW, habit=2.0) > 0.15


def test_imitation_is_the_best_teacher_of_all_where_adults_have_no_bad_habits() -> None:
    assert gap(NAME, ("imitation", "at_once"), "misfit", FEW, habit=0.0) < -0.005
    assert gap(NAME, ("imitation", "staged"), "misfit", FEW) > 0.1


def test_a_written_score_is_best_if_right_and_worst_if_beside_the_point() -> None:
    assert gap(NAME, ("scored", "staged"), "misfit", FEW, flaw=0.0) < -0.02
    assert gap(NAME, ("scored", "staged"), "misfit", FEW, flaw=0.8) > 0.3


def test_flattery_spoils_praise_and_leaves_imitation_alone() -> None:
    spoiled = average(NAME, "staged", "misfit", FEW, flattery=0.6)
    assert spoiled > average(NAME, "staged", "misfit", FEW) + 0.05
    imitated = average(NAME, "imitation", "misfit", FEW, flattery=0.6)
    assert imitated == average(NAME, "imitation", "misfit", FEW)


def test_the_more_caregivers_differ_the_worse_preferences_fit_the_next_ones() -> None:
    alike = average(NAME, "staged", "new_company_misfit", FEW, individuality=0.0)
    assert average(NAME, "staged", "new_company_misfit", FEW, individuality=1.2) > alike + 0.2
    unsettled = average(NAME, "staged", "unsettled", FEW, individuality=1.2)
    assert unsettled > average(NAME, "staged", "unsettled", FEW, individuality=0.0) + 0.1


def test_misfit_is_nothing_for_the_values_themselves_one_for_chance_and_two_for_the_reverse() -> (
    None
):
    misfit = playing.functions(NAME)["misfit"]
    rng = np.random.default_rng(9)
    people, scenes = rng.normal(size=(3, 12)), rng.normal(size=(4000, 4, 12))
    own = people.mean(axis=0)
    other = rng.normal(size=12)
    other -= own * (other @ own) / (own @ own)
    assert misfit(own, scenes, people) == 0.0
    assert misfit(other, scenes, people) == pytest.approx(1.0, abs=0.05)
    assert misfit(-own, scenes, people) == pytest.approx(2.0, abs=0.05)


def test_every_upbringing_has_the_same_signals_and_only_their_order_differs() -> None:
    kit = playing.functions(NAME)
    staged, mixed = (kit["signals"]("staged", 240, in_turn) for in_turn in (False, True))
    assert (staged[0], staged[-1]) == ("gaze", "praise")
    assert mixed[:3] == ["gaze", "imitation", "praise"]
    assert sorted(mixed) == sorted(staged) == sorted(kit["signals"]("reversed", 240, False))
