"""Practice prevents the harm that it contained, as far as its world is like the real one."""

from __future__ import annotations

import numpy as np

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import _trial, average, gap, verdict

KIT = "learning_sandbox"
ARMS = ("ended", "removed")
SEEDS = 7


def test_practice_with_hazards_prevents_harm_unless_it_leaves_most_kinds_out() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is not Verdict.SUPPORTED
    assert gap(KIT, ARMS, "early_harm", SEEDS) < -10


def test_any_practice_is_better_than_none_and_more_kinds_of_hazard_are_better_than_few() -> None:
    assert gap(KIT, ("removed", "none"), "harm", 4) < -5
    few, all_kinds = (average(KIT, "ended", "early_harm", 4, fidelity=f) for f in (0.2, 1.0))
    assert few > all_kinds + 6


def test_variety_beats_a_copy_that_is_wrong_and_not_one_that_is_right() -> None:
    arms = ("varied", "ended")
    assert gap(KIT, arms, "early_harm", 4, mismatch=1.0) < -3
    assert gap(KIT, arms, "harm", 4, mismatch=0.0) > 1
    assert gap(KIT, arms, "success", 4) < -0.1


def test_a_copy_without_any_kind_of_hazard_is_the_copy_with_hazards_removed() -> None:
    assert gap(KIT, ARMS, "harm", 1, fidelity=0.0) == 0.0
    assert gap(KIT, ("continued", "removed"), "duration", 1, fidelity=0.0) == 0.0


def test_worlds_have_the_hazards_that_were_asked_for_and_moves_stay_inside() -> None:
    space = _trial(KIT).__globals__
    worlds = space["draw_worlds"](np.random.default_rng(1), 2000, 0.3)
    assert not worlds[:, [0, -1]].any()
    assert abs((worlds[:, 1:-1] > 0).mean() - 0.3) < 0.02
    shares = np.bincount(worlds[worlds > 0])[1:] / (worlds > 0).sum()
    assert np.abs(shares - space["KIND_SHARES"]).max() < 0.02
    around = space["neighbours"]()
    side = space["SIDE"]
    assert around[0].tolist() == [0, side, 0, 1]
    assert around[-1].tolist() == [side**2 - 1 - side, side**2 - 1, side**2 - 2, side**2 - 1]
