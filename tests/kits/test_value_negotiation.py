"""Bargains against aggregates: what each leaves the worst-off, costs, and yields to a liar."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from tests.kits.playing import average, functions, gap, play, verdict

NAME = "value_negotiation"
N = 10
ARMS = ("nash", "mean")


def space() -> dict[str, Any]:
    """What the kit defines."""
    return functions(NAME)


def test_a_bargain_lifts_the_worst_off_where_values_divide_and_not_where_they_agree() -> None:
    assert verdict(NAME, N) == "supported"
    assert kits.load(NAME).turning == {"division": 0.1}
    assert verdict(NAME, N, division=0.1) == "refuted"
    assert gap(NAME, ARMS, "worst_off", N) > 0.02
    assert -0.02 < gap(NAME, ARMS, "total", N) < 0


def test_conceding_at_one_pace_comes_near_the_best_for_the_worst_off_and_costs_more() -> None:
    assert abs(gap(NAME, ("concession", "maximin"), "worst_off", N)) < 0.02
    assert gap(NAME, ("concession", "nash"), "worst_off", N) > 0.01
    assert gap(NAME, ("concession", "nash"), "total", N) < -0.01


def test_the_product_of_gains_stands_between_the_sum_and_the_worst_off() -> None:
    for metric in ("worst_off", "total"):
        middle = average(NAME, "nash", metric, N)
        ends = sorted(average(NAME, arm, metric, N) for arm in ("mean", "maximin"))
        assert ends[0] < middle < ends[1]


def test_shouting_moves_sums_and_whispering_maximin_but_no_bargain() -> None:
    for arm in ("mean", "maximin"):
        loud = average(NAME, arm, "manipulation", 6, loudness=5.0)
        assert loud > average(NAME, arm, "manipulation", 6, loudness=1.0) + 0.02
    for arm in ("nash", "concession", "majority"):
        alike = play(NAME, arm, "manipulation", 6, loudness=5.0)
        assert alike == pytest.approx(play(NAME, arm, "manipulation", 6, loudness=1.0), abs=1e-9)


def test_a_vote_is_hardest_to_manipulate_and_serves_the_outvoted_worst() -> None:
    assert gap(NAME, ("majority", "nash"), "manipulation", N) < -0.05
    assert gap(NAME, ("majority", "mean"), "worst_off", N, bloc=1.0) < -0.1
    assert gap(NAME, ("majority", "mean"), "worst_off", N, bloc=0.0) > -0.1


def test_coalitions_leave_only_while_leaving_is_cheap() -> None:
    assert average(NAME, "mean", "blocking", N, leaving_cost=1.0) < 0.02
    assert average(NAME, "mean", "blocking", N, leaving_cost=0.0) > 0.2
    assert gap(NAME, ("maximin", "mean"), "blocking", N) > 0.04


def test_the_sum_and_the_worst_off_are_each_best_served_by_their_own_rule() -> None:
    for other in ("majority", "nash", "concession"):
        for best, metric in (("mean", "total"), ("maximin", "worst_off")):
            pairs = zip(play(NAME, best, metric, N), play(NAME, other, metric, N), strict=True)
            assert all(one >= two - 1e-6 for one, two in pairs)


def test_every_rule_finds_the_package_that_plain_enumeration_finds() -> None:
    kit, rng = space(), np.random.default_rng(5)
    values = kit["society"](rng, 3, 2, 0.9, 0.3)
    worth = kit["packages"](values)
    choices = list(product(range(kit["OPTIONS"]), repeat=2))
    plain = [[sum(v[i][o] for i, o in enumerate(choice)) for choice in choices] for v in values]
    assert worth == pytest.approx(np.array(plain))
    least = 0.5 * worth.mean(axis=1, keepdims=True)
    gain = worth - least
    assert gain.min(axis=0).max() > 0
    product_of_gains = np.where(gain.min(axis=0) > 0, gain.prod(axis=0), 0.0)
    pace = (gain / (worth.max(axis=1, keepdims=True) - least)).min(axis=0)
    for arm, score in (("nash", product_of_gains), ("concession", pace)):
        views = [kit["view"](arm, own[None]) for own in values]
        reached = kit["outcome"](arm, views, worth)[0]
        assert reached == pytest.approx(worth[:, score.argmax()])


def test_a_majority_of_two_against_one_gets_its_way_on_every_issue() -> None:
    kit = space()
    alike = kit["society"](np.random.default_rng(9), 2, 3, 0.0, 0.0)
    opposed = kit["scaled"](-alike[:1], alike[:1].max(axis=-1))
    values = np.concatenate([alike, opposed])
    views = [kit["view"]("majority", own[None]) for own in values]
    reached = kit["outcome"]("majority", views, kit["packages"](values))[0]
    assert reached == pytest.approx([1.0, 1.0, 0.0])
