"""Sample sizes: what they promise happens, and no smoke run talks a plan out of its bounds."""

import math
import random
from itertools import pairwise

import pytest

from scientist.science import power, statistics

SMOKE = [0.02, 0.11, -0.03, 0.06]


def simulated(pairs: int, sd: float, effect: float, level: float, runs: int) -> float:
    chance, noticed = random.Random(f"{pairs} {effect}"), 0
    for _ in range(runs):
        drawn = [chance.gauss(effect, sd) for _ in range(pairs)]
        noticed += statistics.sign_flip(drawn, "greater", 99, 1) <= level
    return noticed / runs


@pytest.mark.parametrize(
    ("pairs", "effect", "level"), [(24, 0.5, 0.05), (24, 0.8, 0.005), (12, 1.0, 0.01)]
)
def test_the_computed_power_is_that_of_the_test_that_is_used(
    pairs: int, effect: float, level: float
) -> None:
    runs = 1500
    expected = power.power(pairs, 2.0, 2 * effect, level)
    found = simulated(pairs, 2.0, 2 * effect, level, runs)
    assert abs(found - expected) <= 0.02 + 3 * math.sqrt(expected * (1 - expected) / runs)


def test_power_rises_with_effect_pairs_and_level_and_stays_a_probability() -> None:
    for pairs in (6, 10, 24, 200, 5000):
        for level in (0.05, 0.001, 1e-6):
            found = [power.power(pairs, 1.0, step / 4, level) for step in range(-8, 60)]
            assert all(0 <= value <= 1 for value in found)
            assert all(b >= a - 1e-9 for a, b in pairwise(found))
            assert power.power(2 * pairs, 1.0, 0.5, level) >= power.power(pairs, 1.0, 0.5, level)
    assert power.power(24, 1.0, 0.0, 0.05) == pytest.approx(0.05)


def test_too_few_pairs_for_the_level_have_no_power_whatever_the_effect() -> None:
    assert power.power(9, 1.0, 100.0, 0.001) == 0
    assert power.power(10, 1.0, 100.0, 0.001) > 0.99
    assert power.power(1, 1.0, 100.0, 0.5) == 0
    assert power.power(6, 0.0, 1.0, 0.05) == 1


def test_the_number_of_pairs_gives_both_verdicts_as_often_as_wanted() -> None:
    smallest, level = 0.05, 0.01
    found = power.pairs_needed(SMOKE, smallest, level, least=8, most=200)
    assert found.sd is not None
    assert found.power is not None
    assert found.power >= 0.8
    chance, runs, supported, refuted = random.Random(1), 1000, 0, 0
    from scipy import stats

    reach = stats.t.isf(0.025, found.pairs - 1) / math.sqrt(found.pairs)
    for _ in range(runs):
        drawn = [chance.gauss(0, found.sd) for _ in range(found.pairs)]
        high = statistics.mean(drawn) + reach * statistics.deviation(drawn)
        refuted += high < smallest
        shifted = [d + power.LIKELY * smallest for d in drawn]
        toward = statistics.mean(shifted)
        t_value = toward / statistics.deviation(drawn) * math.sqrt(found.pairs)
        supported += toward >= smallest and stats.t.sf(t_value, found.pairs - 1) <= level
    slack = 3 * math.sqrt(0.8 * 0.2 / runs)
    assert min(supported, refuted) / runs >= 0.8 - slack
    fewer = power.pairs_needed(SMOKE, smallest, level, least=8, most=found.pairs - 1)
    assert fewer.power is not None
    assert fewer.power < 0.8


def test_the_bound_on_the_spread_holds_as_often_as_it_says() -> None:
    chance, runs, below = random.Random(2), 800, 0
    for _ in range(runs):
        smoke = [chance.gauss(0.3, 1) for _ in range(4)]
        sizing = power.pairs_needed(smoke, 1.0, 0.05, least=6, most=7)
        assert sizing.sd is not None
        below += sizing.sd >= 1
    assert abs(below / runs - power.CAUTION) <= 3 * math.sqrt(0.8 * 0.2 / runs)


def test_more_noise_or_a_smaller_effect_or_level_takes_more_pairs() -> None:
    def pairs(noise: float = 1, smallest: float = 0.1, level: float = 0.01) -> int:
        drawn = [noise * d for d in SMOKE]
        return power.pairs_needed(drawn, smallest, level, least=6, most=10_000).pairs

    assert pairs() < pairs(noise=2) < pairs(noise=4)
    assert pairs() < pairs(smallest=0.05)
    assert pairs() < pairs(level=1e-5)
    assert pairs(noise=8) == pairs(noise=4, smallest=0.05)


def test_neither_the_effect_nor_its_sign_nor_the_unit_changes_the_number() -> None:
    plain = power.pairs_needed(SMOKE, 0.05, 0.01, least=6, most=500).pairs
    for change in (lambda d: -d, lambda d: d + 0.25):
        changed = [change(d) for d in SMOKE]
        assert power.pairs_needed(changed, 0.05, 0.01, least=6, most=500).pairs == plain
    for unit in (2.0**-1000, 2.0**1000):
        changed = [d * unit for d in SMOKE]
        assert power.pairs_needed(changed, 0.05 * unit, 0.01, least=6, most=500).pairs == plain


def test_the_number_stays_within_its_bounds_and_the_reason_says_so() -> None:
    noisy = power.pairs_needed([-3.0, 4.0, 1.0], 0.05, 0.01, least=8, most=48)
    assert noisy.pairs == 48
    assert noisy.power is not None
    assert noisy.power < 0.8
    assert noisy.reason.endswith("80% would take more than the 48 pairs allowed")
    clear = power.pairs_needed([1.0, 1.001, 0.999], 5.0, 1e-4, least=6, most=48)
    assert clear.pairs == 14  # the first for which 2 ** -n is at most the level
    assert clear.reason.startswith("14 pairs: 3 smoke pairs")
    with pytest.raises(ValueError, match="it takes 14"):
        power.pairs_needed(SMOKE, 0.05, 1e-4, least=6, most=13)


def test_a_smoke_run_without_spread_takes_the_fewest_and_one_without_pairs_the_most() -> None:
    flat = power.pairs_needed([0.3] * 4, 0.05, 0.01, least=10, most=48)
    assert (flat.pairs, flat.sd) == (10, 0)
    assert "differ by the same" in flat.reason
    for smoke in ([], [0.3]):
        unknown = power.pairs_needed(smoke, 0.05, 0.01, least=10, most=48)
        assert (unknown.pairs, unknown.sd, unknown.power) == (48, None, None)


@pytest.mark.parametrize("scale", [5e-324, 1e-200, 1e200, 1.7e308])
def test_differences_of_any_size_give_a_number(scale: float) -> None:
    for smallest in (5e-324, 1.0, 1e308):
        found = power.pairs_needed([scale, -scale, 0.0], smallest, 0.01, least=8, most=48)
        assert 8 <= found.pairs <= 48
        assert found.power is not None
        assert 0 <= found.power <= 1


def test_what_is_no_level_or_no_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha"):
        power.power(24, 1.0, 1.0, 0.0)
    for smallest in (0.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="smallest"):
            power.pairs_needed(SMOKE, smallest, 0.01, least=8, most=48)


def test_no_plan_is_told_to_be_certain() -> None:
    sizing = power.pairs_needed([0.0, 1e-9], 1.0, 0.05, least=200, most=200)
    assert sizing.power == pytest.approx(1)
    assert sizing.reason.endswith("in at least 99% of runs")
