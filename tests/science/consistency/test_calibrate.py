"""Fitted chances come true as often as they say, and scores say how far off others are."""

from __future__ import annotations

import math
import random

import pytest

from scientist.science.consistency.calibrate import (
    Calibration,
    accuracy,
    average,
    brier,
    calibration_error,
    cross_validated,
    fit,
    folds,
    log_loss,
    softened,
    softmax,
)


def sampled(count: int, stretch: float, shift: tuple[float, ...]) -> tuple[list, list]:
    """Chances as a judge says them whose true chances are stretched and shifted."""
    chance = random.Random(7)
    said, answers = [], []
    for _ in range(count):
        given = softmax([chance.gauss(0, 0.5) for _ in range(3)])
        true = softmax([stretch * math.log(c) + s for c, s in zip(given, shift, strict=True)])
        said.append(given)
        answers.append(chance.choices(range(3), true)[0])
    return said, answers


def test_a_fit_finds_how_a_judge_understates_and_leans() -> None:
    said, answers = sampled(4000, 3.0, (-0.5, 0.0, 0.5))
    found = fit(said, answers, penalty=0.0)
    assert found.stretch == pytest.approx((3.0, 3.0, 3.0), abs=0.35)
    assert found.shift[2] - found.shift[0] == pytest.approx(1.0, abs=0.25)


def test_calibrated_chances_come_true_as_often_as_they_say_on_unseen_pairs() -> None:
    said, answers = sampled(3000, 4.0, (0.0, 0.6, -0.6))
    calibration = fit(said[:1500], answers[:1500])
    unseen = [calibration.apply(chances) for chances in said[1500:]]
    before = calibration_error(said[1500:], answers[1500:])
    assert before > 0.1
    assert calibration_error(unseen, answers[1500:]) < 0.05
    assert log_loss(unseen, answers[1500:]) < log_loss(said[1500:], answers[1500:])
    assert brier(unseen, answers[1500:]) < brier(said[1500:], answers[1500:])


def test_noise_is_not_learnt_by_heart() -> None:
    chance = random.Random(3)
    said = [softmax([chance.gauss(0, 1) for _ in range(3)]) for _ in range(600)]
    answers = [n % 3 for n in range(600)]
    found = cross_validated(said, answers, range(600))
    assert log_loss(found, answers) == pytest.approx(math.log(3), abs=0.02)
    assert max(max(chances) for chances in found) < 0.6


def test_a_judge_who_is_always_wrong_is_not_turned_round() -> None:
    said = [(0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)] * 20
    answers = [1, 2, 0] * 20
    assert min(fit(said, answers).stretch) >= 0


def test_chances_always_sum_to_one_and_none_is_nought() -> None:
    calibration = Calibration(stretch=(5.0, 5.0, 3.0), shift=(-1.0, 0.0, 1.0))
    for chances in [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1 / 3, 1 / 3, 1 / 3)]:
        found = calibration.apply(chances)
        assert sum(found) == pytest.approx(1)
        assert min(found) > 0


def test_softening_keeps_the_order_and_says_it_with_less_certainty() -> None:
    found = softened(3, 2.0).apply((0.9, 0.08, 0.02))
    assert found[0] > found[1] > found[2]
    assert found[0] < 0.9
    assert found[0] / found[1] == pytest.approx(math.sqrt(0.9 / 0.08))


def test_an_average_of_two_orders_favours_neither() -> None:
    assert average((0.8, 0.1, 0.1), (0.1, 0.8, 0.1)) == pytest.approx(
        (0.4252, 0.4252, 0.1503), abs=1e-3
    )
    assert average((0.6, 0.3, 0.1), (0.6, 0.3, 0.1)) == pytest.approx((0.6, 0.3, 0.1))


def test_no_group_is_divided_between_folds() -> None:
    groups = [n // 3 for n in range(60)]
    found = folds(groups, 5)
    assert sorted(n for fold in found for n in fold) == list(range(60))
    for fold in found:
        inside = {groups[n] for n in fold}
        assert all((n in fold) == (groups[n] in inside) for n in range(60))


def test_one_group_alone_cannot_be_cross_validated() -> None:
    with pytest.raises(ValueError, match="two groups"):
        cross_validated([(0.5, 0.3, 0.2)], [0], ["same"])


def test_the_scores_of_chances_that_can_be_told_by_hand() -> None:
    given = [(0.75, 0.25), (0.75, 0.25), (0.75, 0.25), (0.75, 0.25)]
    assert calibration_error(given, [0, 0, 0, 1]) == pytest.approx(0)
    assert calibration_error(given, [0, 0, 0, 0]) == pytest.approx(0.25)
    assert brier([(1.0, 0.0)], [1]) == 2
    assert brier([(1.0, 0.0)], [0]) == 0
    assert accuracy(given, [0, 0, 1, 1]) == 0.5
