"""Search finds what the policy may say, as far as the verifier can be trusted and paid for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "search_or_training", 8


def part(name: str) -> Any:
    """A function of the kit."""
    return functions(KIT)[name]


def test_search_pays_if_few_wrong_answers_please_the_verifier_and_harms_if_many_do() -> None:
    arms = ("search", "train")
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is Verdict.REFUTED
    assert gap(KIT, arms, "accuracy", SEEDS) > 0.15
    assert gap(KIT, arms, "accuracy", SEEDS, acuity=0.0) < -0.2


def test_training_is_the_better_buy_for_what_is_asked_often() -> None:
    assert gap(KIT, ("search", "train"), "accuracy", SEEDS, questions=20000) < -0.04


def test_search_only_finds_what_training_has_put_there() -> None:
    assert gap(KIT, ("search", "train"), "accuracy", SEEDS, trained=0) < -0.25
    assert gap(KIT, ("mixed", "train"), "accuracy", SEEDS, trained=0) > 0.1


def test_against_a_flawed_verifier_accuracy_peaks_while_coverage_grows() -> None:
    few, more, many = (average(KIT, "search", "accuracy", 8, compute=c) for c in (200, 6100, 60000))
    assert more > few + 0.15
    assert more > many + 0.04
    covered = [average(KIT, "search", "coverage", 8, compute=c) for c in (6100, 60000)]
    assert covered[1] > covered[0] + 0.08


def test_the_verifier_and_not_the_number_of_answers_brings_the_gain() -> None:
    assert gap(KIT, ("vote", "search"), "accuracy", SEEDS) < -0.2
    assert gap(KIT, ("vote", "search"), "coverage", SEEDS) == pytest.approx(0.0, abs=0.02)


def test_a_perfect_verifier_gives_every_right_answer_that_a_blind_policy_happens_to_write() -> None:
    rng = np.random.default_rng(1)
    problems, solutions = rng.normal(size=(4000, 12)), rng.integers(4, size=(4000, 4))
    judged = part("verifier")(rng, solutions, 100.0, 0.0)
    blind = np.zeros((13, 16))
    given, covered = part("respond")("search", rng, blind, problems, 64, judged, solutions)
    assert np.array_equal(given, covered)
    assert np.mean(covered) == pytest.approx(1 - (255 / 256) ** 64, abs=0.03)
