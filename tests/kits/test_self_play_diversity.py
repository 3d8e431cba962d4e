"""What pays in an economy of learners: when policies part, and when that helps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from tests.kits.playing import average, gap, verdict

NAME, N = "self_play_diversity", 6
ARMS = ("both", "total")


def space() -> dict[str, Any]:
    """What the kit defines."""
    found: dict[str, Any] = {"__name__": "kit"}
    exec(compile(kits.load(NAME).code, NAME, "exec"), found)
    return found


def test_telling_each_agent_its_own_part_pays_for_slow_learners_and_not_for_bold_ones() -> None:
    assert verdict(NAME, N) == "refuted"
    assert kits.load(NAME).turning == {"rate": 1.0}
    assert verdict(NAME, N, rate=1.0) == "supported"
    assert gap(NAME, ARMS, "divergence", N, rate=1.0) > 0.5


def test_parting_pays_only_where_practice_has_returns() -> None:
    assert gap(NAME, ("different", "total"), "output", N, rate=1.0) > 0.05
    assert gap(NAME, ("different", "total"), "output", N, rate=1.0, returns=0.0) < -0.05
    assert gap(NAME, ("different", "earnings"), "waste", N, rate=1.0, returns=0.0) > 0.04


def test_own_sales_suffice_to_make_policies_part() -> None:
    assert gap(NAME, ("earnings", "total"), "divergence", N, rate=1.0) > 0.5
    assert abs(gap(NAME, ("earnings", "both"), "output", N)) < 0.03


def test_pay_for_what_others_lack_leaves_less_lacking_than_pay_for_own_sales() -> None:
    assert gap(NAME, ("scarce", "earnings"), "waste", N) < -0.01
    assert gap(NAME, ("scarce", "earnings"), "scarcest", N) > 0.02


def test_specialists_need_large_markets() -> None:
    small, large = (average(NAME, "both", "output", N, market=size) for size in (2, 60))
    assert large > small + 0.2


def test_goods_are_neither_made_nor_lost_by_trade() -> None:
    kit, rng = space(), np.random.default_rng(3)
    steps = rng.multinomial(kit["STEPS"], [0.5, 0.3, 0.2], size=11)
    made = kit["produce"](steps, np.ones((11, 3)), 1.0)
    made, used, given, received, others, size = kit["trade"](made, 1.0, 4, rng)
    assert given.sum(axis=0) == pytest.approx(received.sum(axis=0))
    assert (used + given <= made + 1e-9).all()
    assert (used + received <= 1.0 + 1e-9).all()
    assert set(size.ravel()) == {5, 6}
    supply = np.minimum(made + others, size) / size
    assert (used + received).sum(axis=0) == pytest.approx(supply.sum(axis=0))


def test_a_scarce_good_pays_what_the_market_would_lose_without_its_maker() -> None:
    kit, rng = space(), np.random.default_rng(4)
    steps = rng.multinomial(kit["STEPS"], [0.6, 0.2, 0.2], size=6)
    policy = np.full((6, 3), 1 / 3)
    traded = kit["trade"](kit["produce"](steps, np.ones((6, 3)), 1.0), 1.0, 6, rng)
    made = traded[0]
    pay = kit["reward"]("scarce", policy, steps, *traded)
    for agent in range(6):
        without = np.minimum(np.delete(made, agent, 0).sum(axis=0), 6).sum()
        assert pay[agent] == pytest.approx(np.minimum(made.sum(axis=0), 6).sum() - without)


def test_divergence_is_none_among_the_alike_and_the_whole_choice_among_specialists() -> None:
    divergence = space()["divergence"]
    assert divergence(np.full((8, 4), 0.25)) == pytest.approx(0.0, abs=1e-9)
    assert divergence(np.tile(np.eye(4), (2, 1))) == pytest.approx(2.0)
