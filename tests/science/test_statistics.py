"""The numbers: checked against closed forms, symmetries and the degenerate cases."""

import itertools
import math
import random
import struct
import sys

import pytest

from scientist.science import statistics

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


def test_a_random_sign_flip_p_is_near_the_exact_one_and_never_zero() -> None:
    differences = CASES[1]
    exact = statistics.sign_flip(differences, "greater", 9999, 1)
    drawn = [statistics.sign_flip(differences, "greater", 400, seed) for seed in range(20)]
    assert abs(sum(drawn) / 20 - exact) < 0.02
    clear = [1.0 + n / 100 for n in range(40)]
    assert statistics.sign_flip(clear, "greater", 9999, 1) == pytest.approx(1 / 10_000)
    assert statistics.sign_flip(clear, "less", 9999, 1) == 1.0


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
