"""What pays in an economy of learners: when policies part, and when that helps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from tests.kits.playing import average, functions, gap, verdict

NAME, N = "self_play_diversity", 6
ARMS = ("both", "total")


def space() -> dict[str, Any]:
    """What the kit defines."""
    return functions(NAME)


def test_telling_each_agent_its_own_part_pays_in_few_days_and_not_in_many() -> None:
    assert verdict(NAME, N) == "refuted"
    assert kits.load(NAME).turning == {"days": 40}
    assert verdict(NAME, N, days=40) == "supported"
    assert gap(NAME, ARMS, "divergence", N, days=40) > 0.5


def test_a_shared_reward_teaches_more_than_chance_does_though_not_at_once() -> None:
    assert gap(NAME, ("total", "lot"), "output", 4) > 0.04
    assert gap(NAME, ("total", "lot"), "output", 4, days=20, uneven=0.0) < 0.04


def test_parting_by_chance_is_worth_most_where_all_goods_are_needed_alike() -> None:
    alike = gap(NAME, ("total", "lot"), "output", 4, uneven=0.0)
    assert gap(NAME, ("total", "lot"), "output", 4) > alike + 0.03


def test_pay_for_what_others_lack_beats_mere_difference_which_overdoes_it() -> None:
    assert gap(NAME, ("different", "scarce"), "divergence", 4) > 0.2
    assert gap(NAME, ("different", "scarce"), "output", 4) < -0.03
    assert gap(NAME, ("scarce", "earnings"), "waste", 4) < -0.02


def test_difference_is_worth_less_where_practice_has_no_returns() -> None:
    rich = gap(NAME, ("different", "earnings"), "output", 4)
    assert gap(NAME, ("different", "earnings"), "output", 4, returns=0.0) < rich - 0.03


def test_a_small_economy_misses_those_who_leave_more_than_a_large_one_does() -> None:
    small, large = (average(NAME, "scarce", "recovered", 6, agents=size) for size in (10, 120))
    assert small < large - 0.015


def test_specialists_need_large_markets() -> None:
    small, large = (average(NAME, "both", "output", 3, market=size) for size in (2, 20))
    assert large > small + 0.2


def test_goods_are_neither_made_nor_lost_by_trade() -> None:
    kit, rng = space(), np.random.default_rng(3)
    steps = rng.multinomial(kit["STEPS"], [0.5, 0.3, 0.2], size=11)
    made, need = kit["produce"](steps, np.ones((11, 3)), 1.0), np.array([0.5, 1.0, 1.5])
    made, used, given, received, others, wanted = kit["trade"](made, need, 1.0, 2, rng)
    assert given.sum(axis=0) == pytest.approx(received.sum(axis=0))
    assert (used + given <= made + 1e-9).all()
    assert (used + received <= need + 1e-9).all()
    size = (wanted / need)[:, 0]
    assert set(size.round(9)) == {5, 6}
    supply = np.minimum(made + others, wanted) / size[:, None]
    assert (used + received).sum(axis=0) == pytest.approx(supply.sum(axis=0))


def test_a_scarce_good_pays_what_the_market_would_lose_without_its_maker() -> None:
    kit, rng = space(), np.random.default_rng(4)
    steps = rng.multinomial(kit["STEPS"], [0.6, 0.2, 0.2], size=6)
    policy = np.full((6, 3), 1 / 3)
    need = np.array([0.5, 1.0, 1.5])
    traded = kit["trade"](kit["produce"](steps, np.ones((6, 3)), 1.0), need, 1.0, 1, rng)
    made = traded[0]
    pay = kit["reward"]("scarce", policy, steps, *traded)
    for agent in range(6):
        without = np.minimum(np.delete(made, agent, 0).sum(axis=0), 6 * need).sum()
        whole = np.minimum(made.sum(axis=0), 6 * need).sum()
        assert pay[agent] == pytest.approx(whole - without)


def test_divergence_is_none_among_the_alike_and_the_whole_choice_among_specialists() -> None:
    divergence = space()["divergence"]
    assert divergence(np.full((8, 4), 0.25)) == pytest.approx(0.0, abs=1e-9)
    assert divergence(np.tile(np.eye(4), (2, 1))) == pytest.approx(2.0)
