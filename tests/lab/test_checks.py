"""Code that would make a result worthless is found, with a reason to repair from."""

from __future__ import annotations

import pytest

from scientist.lab.checks import check_code, check_trials
from scientist.records import Trial

GOOD = """
import numpy as np
ARMS = {"a": "", "b": ""}
METRICS = {"x": ""}
def trial(arm, seed, size=3):
    return {"x": float(np.random.default_rng(seed).normal() + (arm == "a"))}
"""


def trials(**values: list[float]) -> list[Trial]:
    return [
        Trial(arm=arm, seed=seed, metrics={"x": value}, seconds=0.0)
        for arm, series in values.items()
        for seed, value in enumerate(series)
    ]


def test_good_code_passes() -> None:
    assert check_code(GOOD) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("import numpy as np", "import os"), "import of os"),
        (("import numpy as np", "from subprocess import run"), "import of subprocess"),
        (('return {"x"', 'exec("1"); return {"x"'), "exec is not allowed"),
        (('return {"x"', 'open("/tmp/x"); return {"x"'), "open is not allowed"),
        (('return {"x"', 'np.__dict__; return {"x"'), "__dict__ is not allowed"),
        (("ARMS = ", "OTHER = "), "ARMS is not defined"),
        (("METRICS = ", "OTHER = "), "METRICS is not defined"),
        (("def trial(", "def tried("), "no function trial"),
        (("def trial(arm, seed,", "def trial(seed, arm,"), "(arm, seed"),
        (('+ (arm == "a")', ""), "does not use arm"),
        (("default_rng(seed)", "default_rng(3)"), "does not use seed"),
        (("def trial(arm, seed, size=3):", "def trial(arm, seed, size=3)"), "does not parse"),
    ],
)
def test_code_that_breaks_a_rule_is_refused_with_the_reason(
    change: tuple[str, str], reason: str
) -> None:
    assert change[0] in GOOD
    assert any(reason in problem for problem in check_code(GOOD.replace(*change)))


def test_sound_trials_pass() -> None:
    first = trials(a=[1.0, 2.0], b=[1.5, 2.5])
    assert check_trials(first, first[:1], ["a", "b"], "x") == ()


def test_a_seed_that_gives_two_results_is_refused() -> None:
    (problem,) = check_trials(trials(a=[1.0, 2.0], b=[1.5, 2.5]), trials(a=[1.1]), ["a", "b"], "x")
    assert "same seed gave two results" in problem


def test_arms_that_are_one_and_the_same_are_refused() -> None:
    same = trials(a=[1.0, 2.0], b=[1.0, 2.0])
    assert any("the arm is not used" in p for p in check_trials(same, [], ["a", "b"], "x"))


def test_numbers_that_no_seed_moves_are_refused() -> None:
    constant = trials(a=[1.0, 1.0], b=[1.5, 2.5])
    assert any("the seed is not used" in p for p in check_trials(constant, [], ["a", "b"], "x"))


def test_a_metric_that_is_not_measured_is_refused() -> None:
    assert check_trials(trials(a=[1.0]), [], ["a"], "other") == (
        "trial() returns no metric named other",
    )
