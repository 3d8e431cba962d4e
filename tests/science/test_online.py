"""Online error control: levels as by hand, false discoveries within what was promised."""

import itertools
import math
import random

import pytest

from scientist.science import online

ALPHA = 0.05


def stream(chance: random.Random, tests: int, nulls: float, kind: str) -> list[tuple[float, bool]]:
    """p-values and whether their null hypothesis is true."""
    found = []
    for _ in range(tests):
        null = chance.random() < nulls
        p_value = chance.random() if null else 10 ** -chance.uniform(1, 7)
        if null and kind == "conservative":
            p_value = min(1.0, max(p_value, chance.random()) * 1.25)
        if kind == "failing" and chance.random() < 0.3:
            p_value = 1.0
        found.append((p_value, null))
    return found


def false_share(rejected: list[bool], nulls: list[bool]) -> float:
    wrong = sum(r and n for r, n in zip(rejected, nulls, strict=True))
    return wrong / max(1, sum(rejected))


@pytest.mark.parametrize("kind", ["uniform", "conservative", "failing"])
@pytest.mark.parametrize("nulls", [0.0, 0.5, 0.9, 1.0])
def test_false_discoveries_stay_within_alpha(nulls: float, kind: str) -> None:
    chance, runs, total = random.Random(f"{nulls} {kind}"), 1500, 0.0
    for _ in range(runs):
        p_values, true = zip(*stream(chance, 30, nulls, kind), strict=True)
        levels = online.levels(p_values, ALPHA)
        rejected = [p <= level for p, level in zip(p_values, levels, strict=True)]
        total += false_share(rejected, list(true))
    # of all shares with this mean, one that is 0 or 1 varies most
    assert total / runs <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def test_the_same_streams_without_control_break_the_promise() -> None:
    chance, runs, total = random.Random(2), 300, 0.0
    for _ in range(runs):
        p_values, true = zip(*stream(chance, 30, 0.9, "uniform"), strict=True)
        total += false_share([p <= ALPHA for p in p_values], list(true))
    assert total / runs > 3 * ALPHA


def test_levels_are_those_computed_by_hand() -> None:
    zeta = 2.285765665680130
    one, two, three, four = (j**-1.6 / zeta for j in (1, 2, 3, 4))
    cases = {
        (): one / 2,
        (False,): two / 2,
        (False, False): three / 2,
        (True,): two / 2 + one / 2,
        (True, True): three / 2 + two / 2 + one,
        (True, False): three / 2 + two / 2,
        (False, True, True): four / 2 + two / 2 + one,
        (True, False, True): four / 2 + three / 2 + one,
    }
    for past, share in cases.items():
        assert online.next_level(past, ALPHA) == pytest.approx(ALPHA * share, rel=1e-12)


def test_no_weights_are_spent_that_are_not_there() -> None:
    from scipy.special import zeta

    spent = sum(online.next_level([False] * n, ALPHA) for n in range(2000))
    left = zeta(online.DECAY, 2001) / zeta(online.DECAY) * ALPHA / 2
    assert spent + left == pytest.approx(ALPHA / 2, rel=1e-9)
    assert spent + left <= ALPHA / 2 * (1 + 1e-12)


def test_what_was_spent_never_exceeds_alpha_times_the_discoveries() -> None:
    chance = random.Random(11)
    for _ in range(100):
        rejected: list[bool] = []
        spent = 0.0
        for _ in range(60):
            spent += online.next_level(rejected, ALPHA)
            assert spent <= ALPHA * max(1, sum(rejected)) + 1e-12
            rejected.append(chance.random() < 0.3)


def test_a_level_rises_with_alpha_and_with_every_discovery() -> None:
    chance = random.Random(12)
    for _ in range(200):
        past = [chance.random() < 0.3 for _ in range(chance.randint(1, 20))]
        level = online.next_level(past, ALPHA)
        assert 0 < level < online.next_level(past, 1.1 * ALPHA)
        for place, discovery in enumerate(past):
            more = [*past[:place], True, *past[place + 1 :]]
            assert discovery or online.next_level(more, ALPHA) > level


def test_an_adjusted_value_is_the_smallest_alpha_that_makes_a_discovery() -> None:
    chance = random.Random(13)
    for _ in range(60):
        p_values = [p for p, _ in stream(chance, chance.randint(1, 25), 0.6, "failing")]
        for place, value in enumerate(online.adjusted(p_values)):
            if value < 1:
                above = min(value * (1 + 1e-9), 1 - 1e-12)
                assert p_values[place] <= online.levels(p_values, above)[place]
            below = value * (1 - 1e-9)
            assert p_values[place] > online.levels(p_values, below)[place]


def test_adjusted_at_most_alpha_means_a_discovery_at_alpha() -> None:
    chance = random.Random(14)
    for number in range(300):
        p_values = [p for p, _ in stream(chance, 20, 0.5, "uniform")]
        alpha = (0.01, 0.05, 0.2)[number % 3]
        levels = online.levels(p_values, alpha)
        for p_value, level, value in zip(p_values, levels, online.adjusted(p_values), strict=True):
            assert (p_value <= level) == (value <= alpha)
            assert value >= p_value


def test_later_tests_change_no_earlier_adjusted_value_and_failed_ones_count() -> None:
    p_values = [1e-5, 0.5, 1.0, 1e-4, 0.001, 0.01]
    whole = online.adjusted(p_values)
    for length in range(len(p_values) + 1):
        assert online.adjusted(p_values[:length]) == whole[:length]
    assert whole[2] == 1.0
    without = online.adjusted([p for p in p_values if p < 1])
    assert without[2] < whole[3]


def plainly(p_values: list[float]) -> list[float]:
    """The same one by one, each level as the paper writes it."""
    found: list[float] = []
    for time, p_value in enumerate(p_values, 1):
        joined = sorted((value, at) for at, value in enumerate(found, 1) if value < 1)
        edges = [0.0, *(value for value, _ in joined), 1.0]
        for number, (least, most) in enumerate(itertools.pairwise(edges)):
            past = [False] * (time - 1)
            for _, at in joined[:number]:
                past[at - 1] = True
            needed = max(least, p_value / (online.next_level(past, 0.5) / 0.5))
            if needed < most:
                found.append(needed)
                break
        else:
            found.append(1.0)
    return found


def test_adjusted_values_are_those_of_going_up_test_by_test_and_go_on_from_known_ones() -> None:
    chance = random.Random(16)
    for length in (0, 1, 2, 30, 60):
        for _ in range(6):
            drawn = [p for p, _ in stream(chance, length, 0.5, "failing")]
            p_values = [chance.choice((p, 0.0, 1.0, 1e-6)) for p in drawn]
            whole = online.adjusted(p_values)
            assert whole == pytest.approx(plainly(p_values), rel=1e-12)
            known = chance.randint(0, length)
            assert online.adjusted(p_values, whole[:known]) == whole


def test_a_long_stream_of_huge_effects_keeps_finding_them() -> None:
    chance = random.Random(15)
    found = effects = 0
    for _ in range(50):
        drawn = [
            (p if null else 1e-5, null) for p, null in stream(chance, 100, 0.9, "conservative")
        ]
        levels = online.levels([p for p, _ in drawn], ALPHA)
        hits = [p <= level for (p, null), level in zip(drawn, levels, strict=True) if not null]
        found, effects = found + sum(hits), effects + len(hits)
    assert found / effects >= 0.95


def test_what_is_no_rate_or_no_p_value_is_refused() -> None:
    for alpha in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="alpha"):
            online.next_level([], alpha)
    for p_value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="p-value"):
            online.adjusted([0.5, p_value])
    assert online.adjusted([]) == []
    assert online.adjusted([0.0, 1e-300]) == pytest.approx([0.0, 0.0], abs=1e-290)
