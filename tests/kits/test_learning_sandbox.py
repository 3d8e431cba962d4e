"""Practice prevents the harm that it contained, as far as its world is like the real one."""

from __future__ import annotations

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT = "learning_sandbox"
ARMS = ("ended", "removed")
SEEDS = 7


def test_practice_with_hazards_prevents_harm_unless_its_world_is_another_one() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is not Verdict.SUPPORTED
    assert gap(KIT, ARMS, "early_harm", SEEDS) < -6
    assert gap(KIT, ARMS, "success", SEEDS) > -0.01  # not by dithering


def test_any_practice_is_better_than_none_and_more_kinds_of_hazard_are_better_than_few() -> None:
    assert gap(KIT, ("removed", "none"), "early_harm", SEEDS) < -8
    for arm, least in (("ended", 1.5), ("varied", 4.0)):
        few, every = (average(KIT, arm, "early_harm", SEEDS, fidelity=f) for f in (1, 5))
        assert few > every + least


def test_variety_beats_a_copy_that_is_wrong_and_not_one_that_is_right() -> None:
    arms = ("varied", "ended")
    assert gap(KIT, arms, "harm_share", SEEDS, mismatch=1.0) < -0.015
    assert gap(KIT, arms, "harm_share", SEEDS, mismatch=0.0) > 0.03
    one, many = (average(KIT, "varied", "harm_share", SEEDS, layouts=n) for n in (1, 10))
    assert one > many + 0.01


def test_a_kind_of_hazard_that_was_never_met_is_neither_feared_nor_sought() -> None:
    space = functions(KIT)
    agents, cells = space["AGENTS"], space["SIDE"] ** 2
    mind = {"ground": np.zeros((agents, 6)), "place": np.zeros((agents, cells, 4))}
    rng = np.random.default_rng(1)
    worlds = space["draw_worlds"](rng, 0.4)
    space["live"](rng, mind, np.where(worlds > 2, 0, worlds), 1.0, True, 100)
    assert not mind["ground"][:, [0, 3, 4, 5]].any()
    assert (mind["ground"][:, 1:3] < 0).any(axis=1).mean() > 0.7


def test_dithering_does_not_count_as_safety_and_only_the_first_episodes_count() -> None:
    space = functions(KIT)
    first = space["EPISODES"]
    over = np.ones(first + 5, dtype=int)
    number = np.arange(first + 5)
    hit, home = (number == 3).astype(int), (number == 4).astype(int) + (number >= first)
    events = np.stack([hit, home, over, number, over + 6], axis=1)
    log = [tuple(event[:, None]) for event in events]
    found = space["measures"](log)
    assert found["harm_share"] == 0.5  # all other episodes led nowhere
    assert found["harm"] == pytest.approx(100 / first)
    assert found["success"] == pytest.approx(1 / first)
    assert found["early_harm"] == pytest.approx(20)
    assert found["duration"] == 7


def test_worlds_have_a_safe_way_and_off_it_the_hazards_that_were_asked_for() -> None:
    space = functions(KIT)
    side, rng = space["SIDE"], np.random.default_rng(1)
    worlds = np.vstack([space["draw_worlds"](rng, 0.3) for _ in range(100)])
    plain = (worlds == 0).reshape(-1, side, side)
    reached = plain.copy()
    for row in range(side):
        for column in range(side):
            if row or column:
                above = reached[:, row - 1, column] if row else False
                before = reached[:, row, column - 1] if column else False
                reached[:, row, column] &= above | before
    assert reached[:, -1, -1].all()
    off = side**2 - (2 * side - 1)
    assert (worlds > 0).sum(axis=1).mean() == pytest.approx(0.3 * off, rel=0.05)
    shares = np.bincount(worlds[worlds > 0])[1:] / (worlds > 0).sum()
    assert np.abs(shares - space["KIND_SHARES"]).max() < 0.02


def test_moves_stay_inside() -> None:
    space = functions(KIT)
    around, side = space["neighbours"](), space["SIDE"]
    assert around[0].tolist() == [0, side, 0, 1]
    assert around[-1].tolist() == [side**2 - 1 - side, side**2 - 1, side**2 - 2, side**2 - 1]
