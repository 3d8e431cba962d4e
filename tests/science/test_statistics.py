"""The numbers: checked against closed forms, symmetries and the degenerate cases."""

import itertools
import math
import random
import struct
import sys
from statistics import stdev

import numpy as np
import pytest
from scipy import stats

from scientist.science import statistics

SIDES: tuple[statistics.Alternative, ...] = ("two-sided", "greater", "less")
CHANCE = random.Random(5)
CASES = [[CHANCE.gauss(0.3, 1) for _ in range(size)] for size in (6, 9, 24)]


@pytest.mark.parametrize("differences", CASES[:2])
def test_the_sign_flip_p_is_exact_for_few_pairs(differences: list[float]) -> None:
    observed = sum(differences)
    signs = itertools.product((1, -1), repeat=len(differences))
    sums = [sum(s * abs(d) for s, d in zip(sign, differences, strict=True)) for sign in signs]
    slack = 1e-9
    greater = sum(total >= observed - slack for total in sums) / len(sums)
    two = sum(abs(total) >= abs(observed) - slack for total in sums) / len(sums)
    assert statistics.sign_flip(differences, "greater", 9999, 1) == pytest.approx(greater)
    assert statistics.sign_flip(differences, "two-sided", 9999, 1) == pytest.approx(two)


def test_the_sign_flip_p_is_that_of_scipy_where_scipy_counts_all_patterns() -> None:
    for number in range(30):
        chance = random.Random(number)
        size = chance.randint(2, 12)
        drawn = [chance.gauss(0.5, 1) for _ in range(size)]
        tied = [chance.choice((-0.5, -0.25, 0.0, 0.25, 0.75)) for _ in range(size)]
        for differences in (drawn, tied):
            for side in SIDES:
                expected = stats.permutation_test(
                    (np.array(differences),),
                    np.sum,
                    permutation_type="samples",
                    alternative=side,
                    n_resamples=2**12,
                    vectorized=True,
                )
                found = statistics.sign_flip(differences, side, 9, 1)
                assert found == pytest.approx(min(1.0, expected.pvalue), rel=1e-12), differences


def test_sums_that_differ_by_rounding_alone_are_ties() -> None:
    chance = random.Random(20)
    for _ in range(100):
        whole = [chance.choice((-2, -1, 0, 1, 3)) for _ in range(12)]
        tenths = [number / 10 for number in whole]
        for side in SIDES:
            assert statistics.sign_flip(tenths, side, 9, 1) == statistics.sign_flip(
                whole, side, 9, 1
            )


@pytest.mark.parametrize("pairs", [24, 31, 40])
def test_the_clearest_effect_has_the_finest_p_there_is(pairs: int) -> None:
    clear = [1.0 + n / 100 for n in range(pairs)]
    assert statistics.sign_flip(clear, "greater", 9, 1) == 0.5**pairs
    assert statistics.sign_flip(clear, "two-sided", 9, 1) == 0.5 ** (pairs - 1)
    assert statistics.sign_flip(clear, "less", 9, 1) == 1.0
    one_off = [-0.001, *clear[1:]]
    assert statistics.sign_flip(one_off, "greater", 9, 1) == 0.5 ** (pairs - 1)


def test_p_values_are_uniform_when_signs_are_chance() -> None:
    chance, runs = random.Random(21), 2000
    found = []
    for _ in range(runs):
        drawn = [chance.gauss(0, 1) ** 3 for _ in range(24)]
        found.append(statistics.sign_flip(drawn, "greater", 9, 1))
    for level in (0.01, 0.05, 0.5):
        share = sum(p <= level for p in found) / runs
        assert abs(share - level) <= 4 * math.sqrt(level * (1 - level) / runs)


@pytest.mark.parametrize("effect", [0.0, 0.2, 0.5, 0.9])
def test_beyond_the_exact_counts_p_is_never_too_small_and_hardly_too_large(effect: float) -> None:
    chance = random.Random(22)
    sizes = np.sort([abs(chance.gauss(effect, 1)) for _ in range(32)])
    for share in (0.0, 0.3, 0.6, 0.9, 1.0):
        least = float(share * sizes.sum() * (1 - 1e-12))
        exact, rounded = statistics._exact(sizes, least), statistics._rounded(sizes, least)
        assert exact <= rounded * (1 + 1e-9)
        assert rounded <= exact * 1.02 + 0.5**31


@pytest.mark.parametrize("pairs", [41, 300, 1100])
def test_many_pairs_have_a_p_near_that_of_t_and_never_zero(pairs: int) -> None:
    chance = random.Random(23)
    for shift in (0.0, 3.0):
        drawn = [chance.gauss(shift / math.sqrt(pairs), 1) for _ in range(pairs)]
        found = statistics.sign_flip(drawn, "greater", 9, 1)
        expected = stats.ttest_1samp(drawn, 0, alternative="greater").pvalue
        assert found == pytest.approx(expected, rel=0.35, abs=0.02)
    clear = statistics.sign_flip([1.0 + n / pairs for n in range(pairs)], "greater", 9, 1)
    assert 0 < clear <= 0.5**40
    assert statistics.sign_flip([0.0] * pairs, "greater", 9, 1) == 1.0
    assert statistics.sign_flip([-1.0] * pairs, "greater", 9, 1) == 1.0


def test_very_many_pairs_have_a_p_from_random_patterns() -> None:
    drawn = [random.Random(n).gauss(0.1, 1) for n in range(2500)]
    assert statistics.sign_flip(drawn, "greater", 99, 1) == 1 / 100
    assert statistics.sign_flip(drawn, "less", 99, 1) == 1.0
    assert statistics.sign_flip(drawn, "two-sided", 99, 1) == 2 / 100


def test_holm_gives_the_values_of_a_worked_case_in_their_places() -> None:
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.2]) == [0.2]
    assert statistics.holm([0.9, 0.6]) == [1.0, 1.0]
    assert statistics.holm([]) == []
    for bad in (-0.1, 1.5, math.nan):
        with pytest.raises(ValueError, match="p-value"):
            statistics.holm([0.5, bad])


def test_holm_rejects_what_the_step_down_rule_rejects() -> None:
    chance = random.Random(24)
    for _ in range(300):
        p_values = [chance.random() ** 4 for _ in range(chance.randint(1, 8))]
        rejected = set()
        for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - rank) > 0.05:
                break
            rejected.add(place)
        adjusted = statistics.holm(p_values)
        assert {place for place, value in enumerate(adjusted) if value <= 0.05} == rejected


def test_holm_makes_no_more_false_claims_than_alpha() -> None:
    chance, runs = random.Random(25), 4000
    wrong = sum(
        min(statistics.holm([chance.random() for _ in range(6)])) <= 0.05 for _ in range(runs)
    )
    assert wrong / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_effects_at_the_bound_pass_for_equivalent_no_more_often_than_alpha() -> None:
    chance, runs = random.Random(26), 2000
    for sides, centre in ((("less", "two-sided"), 0.5), (("greater", "two-sided"), -0.5)):
        passed = dict.fromkeys(sides, 0)
        for _ in range(runs):
            drawn = [chance.gauss(centre, 0.6) for _ in range(20)]
            for side in sides:
                passed[side] += statistics.equivalence(drawn, 0.5, side, 9, 1) <= 0.05
        assert passed[sides[0]] / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
        assert passed["two-sided"] <= passed[sides[0]]


def test_precise_nothing_is_equivalent_and_effects_beyond_the_bound_are_not() -> None:
    chance = random.Random(27)
    nothing = [chance.gauss(0, 0.1) for _ in range(20)]
    for side in SIDES:
        assert statistics.equivalence(nothing, 0.5, side, 9, 1) <= 1e-5
    large = [1 + d for d in nothing]
    assert statistics.equivalence(large, 0.5, "less", 9, 1) >= 0.99
    assert statistics.equivalence(large, 0.5, "two-sided", 9, 1) >= 0.99
    assert statistics.equivalence(large, 0.5, "greater", 9, 1) <= 1e-5
    swapped = [-d for d in large]
    assert statistics.equivalence(swapped, 0.5, "greater", 9, 1) == statistics.equivalence(
        large, 0.5, "less", 9, 1
    )
    huge = [1.7e308, -1.7e308, 1.7e308, 1.0]
    assert 0 < statistics.equivalence(huge, 1.7e308, "two-sided", 9, 1) <= 1
    for bound in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="bound"):
            statistics.equivalence(nothing, bound, "less", 9, 1)


@pytest.mark.parametrize("differences", CASES)
def test_the_deviation_is_that_of_the_standard_library(differences: list[float]) -> None:
    assert statistics.deviation(differences) == pytest.approx(stdev(differences))
    assert statistics.deviation([0.3] * 4) == 0
    assert statistics.deviation([1.7e308, -1.7e308]) == sys.float_info.max
    assert statistics.deviation([1e200, 3e200]) == pytest.approx(math.sqrt(2) * 1e200)
    with pytest.raises(ValueError, match="deviation"):
        statistics.deviation([1.0])


@pytest.mark.parametrize("differences", CASES)
def test_swapping_the_arms_turns_everything_round(differences: list[float]) -> None:
    swapped = [-d for d in differences]
    assert statistics.mean(swapped) == -statistics.mean(differences)
    one, other = statistics.standardized(differences), statistics.standardized(swapped)
    assert one is not None
    assert other == -one
    p = statistics.sign_flip(differences, "greater", 9999, 1)
    assert statistics.sign_flip(swapped, "less", 9999, 1) == p
    first = statistics.interval(differences, 0.95, 4999, 1)
    second = statistics.interval(swapped, 0.95, 4999, 1)
    assert (second.low, second.high) == pytest.approx((-first.high, -first.low), abs=0.02)


def test_the_interval_holds_the_mean_and_narrows_with_more_pairs() -> None:
    widths = []
    for size in (12, 48, 192):
        differences = [random.Random(f"{size}:{n}").gauss(0.5, 1) for n in range(size)]
        found = statistics.interval(differences, 0.95, 4999, 1)
        assert found.low < statistics.mean(differences) < found.high
        assert found.method == "BCa"
        widths.append(found.high - found.low)
    assert widths[0] > 1.5 * widths[1] > 2 * widths[2]


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    covered = 0
    for number in range(200):
        chance = random.Random(number)
        found = statistics.interval([chance.gauss(0.5, 1) for _ in range(24)], 0.95, 999, number)
        covered += found.low <= 0.5 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize("value", [0.0, 0.3, -2.0, 1e300, 1e-300])
def test_differences_that_do_not_vary_have_exact_answers(value: float) -> None:
    differences = [value] * 8
    found = statistics.interval(differences, 0.95, 999, 1)
    assert (found.low, found.high) == (statistics.mean(differences),) * 2
    assert found.method == "degenerate"
    assert statistics.standardized(differences) is None
    p = statistics.sign_flip(differences, "greater", 9999, 1)
    assert p == pytest.approx(1 / 256 if value > 0 else 1.0)


def test_rounding_noise_is_no_variation() -> None:
    found = statistics.interval(
        [0.1 + 0.2 - 0.3, 0.1 + 0.2 - 0.3, 5.551115123125783e-17] * 3, 0.95, 99, 1
    )
    assert found.method == "degenerate"


@pytest.mark.parametrize(
    "differences",
    [
        [0.0] * 7 + [1.0],
        [0.0, 1.0] * 4,
        [1e-9] * 5 + [1e9],
        [0.0] * 23 + [1e-12],
        [1e154, -1e154] * 4,
    ],
)
def test_hard_data_give_finite_numbers_and_no_warning(differences: list[float]) -> None:
    found = statistics.interval(differences, 0.95, 999, 1)
    assert math.isfinite(found.low)
    assert found.low <= statistics.mean(differences) <= found.high or found.method == "percentile"
    assert 0 < statistics.sign_flip(differences, "two-sided", 999, 1) <= 1


def test_the_same_data_and_seed_give_the_same_numbers() -> None:
    for differences in CASES:
        assert statistics.interval(differences, 0.95, 999, 7) == statistics.interval(
            differences, 0.95, 999, 7
        )
        assert statistics.sign_flip(differences, "less", 99, 7) == statistics.sign_flip(
            differences, "less", 99, 7
        )


def odd(number: int) -> list[float]:
    """Finite differences nobody would expect: of any bits, any scale, at every edge."""
    chance = random.Random(number)
    size = chance.randint(6, 12)
    edges = [0.0, -0.0, 5e-324, 1e-170, sys.float_info.min, 1.0, 1 + 2e-12, 1e200]
    edges += [sys.float_info.max, -sys.float_info.max]

    def bits() -> float:
        while not math.isfinite(value := struct.unpack("d", chance.randbytes(8))[0]):
            pass
        return float(value)

    base, scale = bits(), 2.0 ** chance.randint(-1070, 1020)
    kinds = (
        [bits() for _ in range(size)],
        [chance.choice(edges) for _ in range(size)],
        [chance.gauss(0.3, 1) * scale for _ in range(size)],
        [base] * (size - 1) + [math.nextafter(base, 0)],
        [chance.choice(edges)] * (size - 1) + [chance.choice(edges)],
        [base / 2 * (1 + chance.random() * 10 ** chance.uniform(-14, -8)) for _ in range(size)],
    )
    return kinds[number % len(kinds)]


def test_any_finite_differences_have_finite_answers() -> None:
    for number in range(240):
        differences = odd(number)
        low, high = min(differences), max(differences)
        assert low <= statistics.mean(differences) <= high, differences
        size = statistics.standardized(differences)
        assert size is None or math.isfinite(size), differences
        found = statistics.interval(differences, 0.95, 199, number)
        slack = 1e-12 * max(abs(low), abs(high))
        assert low - slack <= found.low <= found.high <= high + slack, differences
        assert 0 < statistics.sign_flip(differences, "greater", 199, number) <= 1, differences


def test_the_unit_of_a_metric_changes_no_answer_but_its_scale() -> None:
    for differences in CASES:
        plain = statistics.interval(differences, 0.95, 999, 7)
        for power in (-1000, -565, 600, 1000):
            scaled = [math.ldexp(d, power) for d in differences]
            found = statistics.interval(scaled, 0.95, 999, 7)
            assert (found.low, found.high) == tuple(
                math.ldexp(end, power) for end in (plain.low, plain.high)
            )
            assert statistics.standardized(scaled) == statistics.standardized(differences)
            assert statistics.sign_flip(scaled, "less", 999, 7) == statistics.sign_flip(
                differences, "less", 999, 7
            )
