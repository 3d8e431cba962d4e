"""Explorers carry further than watchers unless everything was shown; screens trap some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "self_directed", 6


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_exploring_carries_further_than_watching_unless_all_is_shown_and_time_is_short() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is Verdict.REFUTED
    assert gap(KIT, ("disagreement", "demonstrations"), "novel_success", SEEDS) > 0.12


def test_watching_is_surer_for_what_was_shown_while_experience_is_short() -> None:
    arms = ("demonstrations", "disagreement")
    assert gap(KIT, arms, "shown_success", SEEDS, episodes=9) > 0.5
    assert gap(KIT, ("mixed", "disagreement"), "shown_success", SEEDS, episodes=9) > 0.5


def test_a_screen_traps_those_who_seek_errors_and_not_those_who_seek_disagreement() -> None:
    assert gap(KIT, ("error_seeking", "disagreement"), "screen_time", 4) > 0.3
    assert gap(KIT, ("error_seeking", "disagreement"), "known", 4) < -0.2
    without = gap(KIT, ("error_seeking", "disagreement"), "known", 4, screens=0.0)
    assert abs(without) < 0.05


def test_chance_gets_less_far_the_deeper_the_world() -> None:
    assert average(KIT, "random", "shown_success", 4, depth=2) > 0.9
    assert average(KIT, "random", "shown_success", 4, depth=8) < 0.3


def test_every_room_can_be_reached_and_whoever_knows_all_doors_reaches_it() -> None:
    rng = np.random.default_rng(6)
    doors = part("build")(rng, 5)
    rooms = np.arange(1, len(doors))
    assert all(part("distances")(doors, goal)[0] == 1 + (goal - 1) // 4 for goal in rooms)
    memory = part("empty")(rng, len(doors))
    screens = np.ones(len(doors), dtype=bool)
    for room in range(len(doors)):
        for action in range(5):
            sight, _ = part("act")(rng, doors, screens, room, action)
            part("learn")(memory, rng, room, action, sight)
    assert part("reach")(rng, memory, doors, screens, rooms, 5) == 1.0
