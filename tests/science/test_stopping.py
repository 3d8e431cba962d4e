"""Stopping early is by rule, spends its own part of the level, and is no second throw."""

from __future__ import annotations

import random

import pytest

from scientist.records import Direction, Hypothesis, Judgement, Protocol, Trial, Verdict
from scientist.science import judge as rules
from scientist.science import protocol as protocols
from scientist.science.judge import judge, overall_p, settle

from .conftest import trials


@pytest.fixture(scope="module")
def looking(hypothesis: Hypothesis) -> Protocol:
    """Looks after 12 and after 24 pairs."""
    return protocols.plan(
        hypothesis, pairs=24, alpha=0.05, level=0.01, code_hash="c" * 64, runner_hash="r" * 64
    )


def test_a_clear_effect_is_settled_at_the_first_look(looking: Protocol) -> None:
    run = trials(looking, -0.5)
    found = judge(looking, run)
    assert (found.verdict, found.pairs) == (Verdict.SUPPORTED, 12)
    assert judge(looking, run[:24]) == found  # what comes after the stop counts for nothing
    assert found.overall_p is not None
    assert found.e_value is not None
    assert found.overall_p == pytest.approx(1 / (0.2 * found.e_value))
    assert found.overall_p <= looking.level


def test_a_clearly_opposite_effect_is_refuted_at_the_first_look(looking: Protocol) -> None:
    found = judge(looking, trials(looking, +0.5))
    assert (found.verdict, found.pairs) == (Verdict.REFUTED, 12)


def test_an_unclear_effect_goes_on_to_the_end(looking: Protocol) -> None:
    run = trials(looking, -0.06, noise=0.1)
    assert judge(looking, run).pairs == 24
    early = judge(looking, run[:24], "the experiment ended as killed: it was asked to stop")
    assert early.verdict is Verdict.INFEASIBLE
    assert early.reason.startswith("12 of 24 sealed pairs have no valid result; the experiment")


def test_an_effect_too_small_to_matter_does_not_stop_for_the_prediction(
    looking: Protocol,
) -> None:
    run = trials(looking, -0.04, noise=0.002)
    pairs, _ = rules.reached(looking, run)
    assert rules.stop(looking, pairs[:12]) == ""


def test_both_ways_to_stop_together_stay_under_the_level(looking: Protocol) -> None:
    quick = looking.model_copy(update={"smallest_effect": 0.05, "resamples": 399, "level": 0.05})
    supported = 0
    for seed in range(600):
        chance = random.Random(seed)
        run = []
        for number in quick.seeds:
            size = chance.gauss(0, 0.3)
            for arm, value in ((quick.treatment, size), (quick.control, 0.0)):
                run.append(Trial(arm=arm, seed=number, metrics={quick.metric: value}, seconds=0.1))
        found = judge(quick, run)
        assert found.overall_p is not None
        supported += found.overall_p <= quick.level
    assert supported / 600 <= 0.05 + 3 * (0.05 * 0.95 / 600) ** 0.5


def test_one_p_joins_the_end_and_every_look_by_the_union_bound() -> None:
    assert overall_p(1.0) == 1.0
    assert overall_p(1000.0) == pytest.approx(0.005)
    assert overall_p(1.0, 0.008) == pytest.approx(0.01)
    assert overall_p(1000.0, 1e-6) == pytest.approx(1.25e-6)
    assert overall_p(0.0, 1.0) == 1.0


def test_what_a_confirmation_does_not_bear_out_is_inconclusive(protocol: Protocol) -> None:
    first = judge(protocol, trials(protocol, -0.1))
    again = judge(protocol, trials(protocol, -0.1, seed=1))
    assert settle(first, again).verdict is Verdict.SUPPORTED
    assert settle(first, again).effect == again.effect
    for second in (
        judge(protocol, trials(protocol, 0.0, seed=2)),
        Judgement(verdict=Verdict.INFEASIBLE, reason="the experiment was killed"),
    ):
        found = settle(first, second)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert found.reason.startswith("a first run of 24 pairs supported it")
        assert second.reason in found.reason
        assert found.effect == second.effect


def test_other_metrics_and_arms_are_shown_as_exploratory_and_corrected(
    hypothesis: Hypothesis,
) -> None:
    plan = protocols.plan(
        hypothesis,
        pairs=12,
        alpha=0.05,
        level=0.05,
        code_hash="c",
        runner_hash="r",
        arms=("informed",),
    )
    chance = random.Random(3)
    run = [
        Trial(
            arm=arm,
            seed=seed,
            metrics={"shifted_error": shift + chance.gauss(0, 0.05), "other": chance.gauss(0, 1)},
            seconds=0.1,
        )
        for seed in plan.seeds
        for arm, shift in (("stable", 0.2), ("pooled", 0.4), ("informed", 0.2))
    ]
    found = judge(plan, run)
    assert found.verdict is Verdict.SUPPORTED
    assert [(one.treatment, one.control, one.metric) for one in found.explored] == [
        ("stable", "pooled", "other"),
        ("stable", "informed", "shifted_error"),
        ("informed", "pooled", "shifted_error"),
    ]
    assert all(one.adjusted_p >= one.p_value for one in found.explored)
    by_metric = {(one.treatment, one.metric): one for one in found.explored}
    assert by_metric["informed", "shifted_error"].adjusted_p < 0.01
    assert by_metric["stable", "other"].adjusted_p > 0.05
    alone = [
        t.model_copy(update={"metrics": {"shifted_error": t.metrics["shifted_error"]}})
        for t in run
        if t.arm != "informed"
    ]
    assert judge(plan, alone).effect == found.effect
    assert judge(plan, alone).explored == ()


def test_the_prediction_decides_which_evidence_counts(looking: Protocol) -> None:
    run = trials(looking, -0.5)
    rising = looking.model_copy(update={"direction": Direction.INCREASE})
    against = judge(rising, run)
    assert against.verdict is Verdict.REFUTED
    assert against.e_value is not None
    assert against.e_value <= 1.5
