"""Raiders who learn: which institution keeps the peace, when it matters, and what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from tests.kits.playing import average, functions, gap, play, verdict

NAME, N = "balance_of_power", 6
ARMS = ("together", "alone")
METRICS = tuple(kits.load(NAME).metrics)


def space() -> dict[str, Any]:
    """What the kit defines."""
    return functions(NAME)


def test_joint_defence_saves_output_while_attack_is_cheap_and_not_where_it_is_dear() -> None:
    assert verdict(NAME, N) == "supported"
    assert kits.load(NAME).turning == {"attack_cost": 1.5}
    assert verdict(NAME, N, attack_cost=1.5) == "refuted"
    assert gap(NAME, ARMS, "raids", N) < -0.06


def test_the_dearer_the_attack_the_fewer_the_raids() -> None:
    raids = [average(NAME, "alone", "raids", N, attack_cost=cost) for cost in (0.0, 0.3, 1.5)]
    assert raids[0] > raids[1] + 0.04 > raids[2] + 0.1


def test_help_counts_for_more_where_the_greater_force_wins_more_surely() -> None:
    assert gap(NAME, ARMS, "output", N, decisiveness=6.0) > 0.25
    assert gap(NAME, ARMS, "output", N, decisiveness=0.5) < 0.15


def test_half_of_the_world_defends_less_well_than_all_of_it() -> None:
    assert gap(NAME, ("together", "blocs"), "output", N) > 0.1
    assert gap(NAME, ("blocs", "alone"), "output", N, agents=12) > 0.1
    assert gap(NAME, ("blocs", "alone"), "output", N, attack_cost=1.5) < -0.03


def test_a_tax_buys_peace_and_too_much_of_it_costs_more_than_the_raids_do() -> None:
    assert gap(NAME, ("rule", "alone"), "raids", N) < -0.03
    assert gap(NAME, ("rule", "alone"), "raids", N, tax=0.4) < -0.1
    assert gap(NAME, ("rule", "alone"), "output", N, tax=0.4) < -0.1
    assert gap(NAME, ("rule", "alone"), "output", N, agents=12) > 0.02


def test_a_large_lead_gathers_wealth_in_one_hand() -> None:
    assert gap(NAME, ("hegemon", "alone"), "largest_share", N, lead=5.0) > 0.01
    assert gap(NAME, ("hegemon", "together"), "largest_share", N) > 0.1


def test_a_pair_has_nobody_to_help_it_and_a_promise_of_nothing_is_none() -> None:
    for arm in ("blocs", "together"):
        for metric in METRICS:
            for given in ({"agents": 2}, {"commitment": 0.0}):
                alone = play(NAME, "alone", metric, 2, **given)
                assert play(NAME, arm, metric, 2, **given) == pytest.approx(alone)


def test_everyone_visits_one_other_and_is_visited_by_one() -> None:
    kit = space()
    for visited, visitor in list(kit["meetings"](np.random.default_rng(1), 5))[:10]:
        places = np.arange(visited.size).reshape(visited.shape)
        assert not (visited == places).any()
        assert (visited // 5 == places // 5).all()
        assert (np.take(visitor, visited) == places).all()


def test_whoever_is_called_to_every_host_at_once_is_little_help_to_any() -> None:
    crowded = gap(NAME, ARMS, "raids", N, attack_cost=0.0)
    assert gap(NAME, ARMS, "raids", N) < crowded - 0.02


def test_allies_are_never_the_raider_or_the_victim_and_blocs_stand_against_outsiders() -> None:
    alliances, outside = space()["alliances"], space()["outside"](5)
    joint, blocs = (alliances(arm, 5, 0.5) * outside for arm in ("together", "blocs"))
    assert joint[0, 1].tolist() == [0, 0, 0.5, 0.5, 0.5]
    for agent in range(5):
        assert not joint[agent, :, agent].any()
        assert not joint[:, agent, agent].any()
    assert not blocs[0, 2].any()
    assert blocs[0, 1].tolist() == [0, 0, 0, 0.5, 0]


def test_untroubled_wealth_settles_where_the_peace_is_reckoned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = {"CURIOSITY": 0.0, "ROUNDS": 400, "LEARNING": 300, "chance": np.zeros_like}
    for name, value in changed.items():
        monkeypatch.setitem(space(), name, value)
    calm = space()["trial"]("together", 1)
    assert calm["raids"] == calm["destroyed"] == 0.0
    assert calm["output"] == pytest.approx(1.0, abs=0.002)
    assert calm["worst_off"] == pytest.approx(1.0, abs=0.002)
    assert calm["largest_share"] == pytest.approx(0.2, abs=0.002)
