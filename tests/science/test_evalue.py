"""The e-process: a fair game on symmetric data at any time, and quick to grow on effects."""

import itertools
import math
import random
import sys
from collections.abc import Callable

import pytest

from scientist.science import evalue
from scientist.science.statistics import Alternative

Draw = Callable[[random.Random], float]
SYMMETRIC: dict[str, Draw] = {
    "normal": lambda chance: chance.gauss(0, 1),
    "uniform": lambda chance: chance.uniform(-1, 1),
    "heavy tails (t with 2)": lambda chance: chance.gauss(0, 1) / math.sqrt(chance.expovariate(1)),
    "two points": lambda chance: chance.choice((-1.0, 1.0)),
}
SIDES: tuple[Alternative, ...] = ("greater", "less", "two-sided")
SIZES = (0.3, 2.0, 0.01, 1.0, 5.0, 0.3, 0.0, 1e-6, 40.0, 1.5)


def all_signs(sizes: tuple[float, ...]) -> list[list[float]]:
    patterns = itertools.product((1, -1), repeat=len(sizes))
    return [[s * d for s, d in zip(signs, sizes, strict=True)] for signs in patterns]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("scale", [1e-3, 0.5, 1e3])
def test_over_all_sign_patterns_the_game_is_exactly_fair(side: Alternative, scale: float) -> None:
    runs = [evalue.e_process(run, side, scale) for run in all_signs(SIZES)]
    for moment in range(len(SIZES)):
        average = math.fsum(run[moment] for run in runs) / len(runs)
        assert average == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_no_more_null_runs_than_alpha_ever_reach_the_threshold(name: str) -> None:
    chance = random.Random(name)
    runs, alphas = 5000, (0.2, 0.05, 0.01)
    highest = []
    for _ in range(runs):
        size = chance.choice((0.01, 1.0, 30.0))  # of the data, beside the sealed scale
        values = [size * SYMMETRIC[name](chance) for _ in range(chance.randint(1, 100))]
        highest.append(max(evalue.e_process(values, "greater", 1.0)))
    for alpha in alphas:
        share = sum(top >= evalue.threshold(alpha) for top in highest) / runs
        assert share <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_effects_the_other_way_reach_it_no_more_often() -> None:
    chance = random.Random(3)
    runs, reached = 3000, 0
    for _ in range(runs):
        worse = chance.choice((0.0, 0.1, 1.0))
        values = [chance.gauss(0, 1) - worse for _ in range(60)]
        reached += max(evalue.e_process(values, "greater", 0.3)) >= 20
    assert reached / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_what_comes_later_changes_no_earlier_value() -> None:
    chance = random.Random(8)
    values = [chance.gauss(0.4, 1) for _ in range(30)]
    whole = evalue.e_process(values, "greater", 0.5)
    for length in range(31):
        assert evalue.e_process(values[:length], "greater", 0.5) == pytest.approx(whole[:length])
    assert evalue.e_value(values, "greater", 0.5) == whole[-1]


def test_a_constant_effect_of_the_smallest_size_is_clear_after_24_pairs() -> None:
    assert evalue.e_value([0.05] * 24, "greater", 0.05) > 1000
    assert evalue.e_value([-0.05] * 24, "less", 0.05) > 1000
    assert evalue.e_value([0.05] * 24, "two-sided", 0.05) > 1000
    assert evalue.e_value([0.05] * 24, "less", 0.05) < 0.05


@pytest.mark.parametrize("scale", [1e-6, 0.1, 1.0, 10.0, 1e6])
def test_large_effects_are_noticed_however_badly_the_scale_was_guessed(scale: float) -> None:
    chance = random.Random(4)
    runs = 200
    reached = sum(
        evalue.e_value([chance.gauss(1, 0.5) for _ in range(24)], "greater", scale) >= 1000
        for _ in range(runs)
    )
    assert reached / runs >= 0.9


def test_one_bad_first_pair_does_not_ruin_a_run() -> None:
    assert evalue.e_value([-3.0] + [1.0, 1.1, 0.9] * 10, "greater", 0.001) > 1000


def test_the_other_side_is_the_mirror_image_and_two_sides_are_their_average() -> None:
    chance = random.Random(6)
    values = [chance.gauss(0.2, 1) for _ in range(20)]
    up, down = (evalue.e_process(values, side, 0.3) for side in ("greater", "less"))
    assert evalue.e_process([-v for v in values], "greater", 0.3) == down
    both = evalue.e_process(values, "two-sided", 0.3)
    assert both == pytest.approx([(a + b) / 2 for a, b in zip(up, down, strict=True)])


def test_differences_of_zero_move_nothing_and_none_are_no_evidence() -> None:
    assert evalue.e_process([0.0] * 5, "greater", 1.0) == pytest.approx([1.0] * 5)
    assert evalue.e_process([], "greater", 1.0) == []
    assert evalue.e_value([], "two-sided", 1.0) == 1.0


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1.0, 1e300, sys.float_info.max])
@pytest.mark.parametrize("side", SIDES)
def test_any_finite_differences_give_finite_values(side: Alternative, scale: float) -> None:
    edges = [0.0, -0.0, 5e-324, -1e-300, 1.0, -1.0, 1e300, sys.float_info.max, -sys.float_info.max]
    chance = random.Random(9)
    for _ in range(100):
        values = [chance.choice(edges) for _ in range(chance.randint(1, 12))]
        assert all(0 <= e < math.inf for e in evalue.e_process(values, side, scale)), values
    assert evalue.e_value([1.0] * 3000, "greater", 1.0) == sys.float_info.max
    assert evalue.e_value([-1.0] * 3000, "greater", 1.0) < 1e-50


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_a_scale_that_is_none_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        evalue.e_process([1.0], "greater", scale)


def test_values_that_are_no_numbers_are_refused() -> None:
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            evalue.e_process([1.0, value], "greater", 1.0)
    for alpha in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="alpha"):
            evalue.threshold(alpha)
