"""Code whose numbers could mean nothing is refused with a reason that can be acted on."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from scientist.lab import checks, experiments, kits
from scientist.lab.experiments import Outcome
from scientist.records import Trial

ARMS = ("new", "old")
HEADER = "ARMS = {}\nMETRICS = {}\n"
GOOD = HEADER + "import random\ndef trial(arm, seed):\n    return {'m': seed + (arm == 'new')}\n"


def smoke(ran: Callable[..., Outcome], body: str) -> tuple[str, ...]:
    """What the checks say about two real runs of a trial with this body."""
    code = f"import os, random\ndef trial(arm, seed):\n    {body}\n"
    pairs = [(arm, seed) for seed in (1, 2) for arm in ARMS]
    first, again = ran(code, pairs, name="first"), ran(code, pairs[:2], name="again")
    assert first.status == again.status == "done"
    return checks.check_trials(first.trials, again.trials, ARMS, "m")


def test_an_honest_experiment_passes(ran: Callable[..., Outcome]) -> None:
    assert smoke(ran, "return {'m': random.random() + (arm == 'new')}") == ()


def test_numbers_that_do_not_come_from_the_seed_are_refused(ran: Callable[..., Outcome]) -> None:
    found = smoke(ran, "return {'m': int.from_bytes(os.urandom(4), 'big') / 2**32}")
    assert any("the same seed gave two results" in reason for reason in found)


def test_arms_that_do_the_same_are_refused(ran: Callable[..., Outcome]) -> None:
    found = smoke(ran, "return {'m': random.random()}")
    assert any("arms new and old gave the same numbers" in reason for reason in found)


def test_numbers_that_ignore_the_seed_are_refused(ran: Callable[..., Outcome]) -> None:
    found = smoke(ran, "return {'m': 0.9 if arm == 'new' else 0.5}")
    assert any("the seed is not used" in reason for reason in found)


def test_arms_that_agree_are_a_result_where_the_code_is_known_to_use_them() -> None:
    trials = [
        Trial(arm=arm, seed=seed, metrics={"m": 0.0}, seconds=0) for arm in ARMS for seed in (1, 2)
    ]
    assert len(checks.check_trials(trials, trials[:1], ARMS, "m")) == 3
    assert checks.check_trials(trials, trials[:1], ARMS, "m", tested=True) == ()


def test_a_metric_at_its_bound_is_allowed_when_others_vary() -> None:
    trials = [
        Trial(arm=arm, seed=seed, metrics={"m": 0.0, "other": seed + bonus}, seconds=0)
        for arm, bonus in (("new", 0.5), ("old", 0.0))
        for seed in (1, 2)
    ]
    assert checks.check_trials(trials, trials[:1], ARMS, "m") == ()


def test_a_missing_metric_arm_or_number_is_named() -> None:
    def one(arm: str, **metrics: float) -> Trial:
        return Trial(arm=arm, seed=1, metrics=metrics, seconds=0)

    both = [one("new", m=1.0), one("old", m=2.0)]
    assert "no metric named x" in checks.check_trials(both, [], ARMS, "x")[0]
    assert "arm old gave no result" in checks.check_trials(both[:1], [], ARMS, "m")[0]
    wrong = [*both, both[1].model_copy(update={"metrics": {"m": 1.0, "extra": math.nan}})]
    assert "not finite" in checks.check_trials(wrong, [], ARMS, "m")[0]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def trial(", "does not parse"),
        ("x = " + "(" * 500, "does not parse"),
        (GOOD + "import os", "import of os is not allowed"),
        (GOOD + "from subprocess import run", "import of subprocess is not allowed"),
        (GOOD + "from . import secret", "is not allowed"),
        (GOOD + "open('x')", "open is not allowed"),
        (GOOD + "().__class__.__subclasses__()", "__subclasses__ is not allowed"),
        (GOOD + "random._os.environ", "_os is not allowed"),
        (HEADER + "x = 1", "there is no function trial"),
        ("def trial(arm, seed): return {'m': arm + seed}", "ARMS is not defined"),
        (HEADER + "def trial(seed, arm): return {'m': seed}", "in this order"),
        (HEADER + "def trial(arm, seed): return {'m': seed}", "trial does not use arm"),
        (HEADER + "def trial(arm, seed): return {'m': arm}", "trial does not use seed"),
        (HEADER + "async def trial(arm, seed): return {}", "there is no function trial"),
    ],
)
def test_code_is_refused_with_a_reason(code: str, reason: str) -> None:
    assert any(reason in found for found in checks.check_code(code))


def test_ordinary_code_is_not_refused() -> None:
    assert checks.check_code(GOOD) == ()
    classes = (
        "class Learner(dict):\n    def __init__(self):\n        super().__init__()\n"
        "        self._weights = [0.0]\n"
    )
    assert checks.check_code(GOOD + classes) == ()
    assert all(checks.check_code(kit.code) == () for kit in kits.all_kits())


def test_the_runner_hash_names_its_bytes() -> None:
    assert len(experiments.runner_hash()) == 64
