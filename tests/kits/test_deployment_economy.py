"""A hack among agents that go on learning: what spreads it, what stops it, and who sees it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from tests.kits.playing import average, functions, gap, play, verdict

NAME, N = "deployment_economy", 6
ARMS = ("guarded", "unguarded")


def space() -> dict[str, Any]:
    """What the kit defines."""
    return functions(NAME)


def test_guards_hold_values_where_a_hack_can_spread_and_change_nothing_where_it_cannot() -> None:
    assert verdict(NAME, N) == "supported"
    assert kits.load(NAME).turning == {"contact": 0.0, "season": 0.0}
    assert verdict(NAME, N, contact=0.0, season=0.0) == "refuted"
    assert abs(gap(NAME, ARMS, "value_drift", N, contact=0.0)) < 0.02


def test_a_hack_shifts_values_that_failures_and_an_unprofitable_trick_do_not() -> None:
    hacked = average(NAME, "unguarded", "value_drift", N)
    assert hacked > average(NAME, "unguarded", "value_drift", N, hackers=0) + 0.1
    assert hacked > average(NAME, "unguarded", "value_drift", 4, hack_gain=0.0) + 0.1
    assert average(NAME, "unguarded", "value_drift", N, hackers=0) < 0.0


def test_a_frozen_agent_keeps_its_values_and_falls_behind_as_work_changes() -> None:
    assert play(NAME, "frozen", "value_drift", 3) == [0.0] * 3
    assert gap(NAME, ("frozen", "guarded"), "output", N) < -0.05
    still = gap(NAME, ("frozen", "guarded"), "output", N, season=0.0)
    assert gap(NAME, ("frozen", "guarded"), "output", N, season=1.0) < still - 0.03


def test_slow_and_anchored_learning_are_safe_and_slowness_costs_more_output() -> None:
    for arm in ("slow", "anchored"):
        assert gap(NAME, (arm, "unguarded"), "value_drift", N) < -0.05
    assert gap(NAME, ("slow", "guarded"), "output", N) < -0.05
    assert gap(NAME, ("slow", "anchored"), "output", N) < -0.03


def test_a_probe_fitted_at_release_reads_worse_once_agents_have_learned() -> None:
    assert gap(NAME, ("unguarded", "frozen"), "probe_error", N) > 0.02
    assert gap(NAME, ("guarded", "frozen"), "probe_error", 4, hackers=0) > 0.01


def test_an_old_probe_overstates_the_drift_and_sees_the_hack_rather_than_the_failures() -> None:
    seen, true = (average(NAME, "unguarded", m, N) for m in ("probed_drift", "value_drift"))
    assert seen > true + 0.02
    assert seen > average(NAME, "unguarded", "probed_drift", N, hackers=0) + 0.1


def test_the_gate_alone_holds_the_values_of_the_untouched_and_the_monitor_heals_the_hackers() -> (
    None
):
    assert abs(gap(NAME, ("guarded", "gated"), "value_drift", N)) < 0.02
    assert gap(NAME, ("guarded", "gated"), "cheating", N) < -0.002


def test_the_probe_reads_agents_it_has_not_seen() -> None:
    kit, rng = space(), np.random.default_rng(8)
    ancestor, battery = kit["train"](rng, rng.normal(size=4)), kit["deals"](rng, 12)
    probe = kit["fit_probe"](rng, ancestor, battery)
    fresh = ancestor + 0.05 * rng.normal(size=(50, len(ancestor)))
    fresh[:25, -kit["HIDDEN"] :] *= -1.0
    true = kit["honesty"](fresh, battery)
    assert true[:25].max() < 0.5 < true[25:].min()
    assert np.corrcoef(kit["read"](probe, fresh), true)[0, 1] > 0.95


def test_a_lesson_follows_the_slope_of_the_error_and_of_the_expected_pay() -> None:
    kit, rng = space(), np.random.default_rng(4)
    weights, seen, wanted = rng.normal(size=(1, 30)) * 0.3, kit["deals"](rng, 1), np.full(4, 0.3)

    def worth(at: Any) -> float:
        layer, skill, value = kit["parts"](at)
        active = np.tanh(layer[0] @ seen[0])
        honest = kit["chance"](value[0] @ active)
        return float(-0.5 * (seen[0] @ wanted - skill[0] @ active) ** 2 + 0.7 * (1.0 - honest))

    moved = kit["lesson"](weights, seen, wanted, np.array([0.7]))[0][0] / kit["LEARN"]
    for place in range(30):
        step = np.zeros((1, 30))
        step[0, place] = 1e-5
        slope = (worth(weights + step) - worth(weights - step)) / 2e-5
        assert moved[place] == pytest.approx(slope, abs=1e-6)
