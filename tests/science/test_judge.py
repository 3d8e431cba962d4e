"""Verdicts: null data are rarely supported, real effects usually, and order is nothing."""

import math
import random
from itertools import product

import pytest

from scientist.errors import ScientistError
from scientist.records import Direction, Hypothesis, Interval, Protocol, Trial, Verdict
from scientist.science import protocol as protocols
from scientist.science.judge import decide, judge
from scientist.science.statement import render

from .conftest import trials


def verdicts(protocol: Protocol, effect: float, runs: int, **how: float) -> dict[Verdict, float]:
    quick = protocol.model_copy(update={"resamples": 999})
    counts = dict.fromkeys(Verdict, 0)
    for seed in range(runs):
        counts[judge(quick, trials(quick, effect, seed, **how)).verdict] += 1
    return {verdict: count / runs for verdict, count in counts.items()}


def test_null_data_are_supported_no_more_often_than_alpha(protocol: Protocol) -> None:
    tiny = protocol.model_copy(update={"smallest_effect": 1e-9})  # so that only chance decides
    assert verdicts(tiny, 0.0, 400)[Verdict.SUPPORTED] <= protocol.alpha


def test_null_data_with_few_and_skewed_pairs_stay_under_alpha_too(protocol: Protocol) -> None:
    few = protocol.model_copy(
        update={"smallest_effect": 1e-9, "seeds": protocol.seeds[:8], "resamples": 999}
    )
    supported = 0
    for seed in range(300):
        chance = random.Random(seed)
        run = []
        for number in few.seeds:
            size = chance.lognormvariate(0, 1) * chance.choice((-1, 1))
            for arm, value in ((few.treatment, size), (few.control, 0.0)):
                run.append(Trial(arm=arm, seed=number, metrics={few.metric: value}, seconds=0.1))
        supported += judge(few, run).verdict is Verdict.SUPPORTED
    assert supported / 300 <= few.alpha


def test_a_planted_effect_is_found(protocol: Protocol) -> None:
    assert verdicts(protocol, -0.1, 100)[Verdict.SUPPORTED] >= 0.95


def test_an_opposite_effect_and_a_precise_null_are_refuted(protocol: Protocol) -> None:
    assert verdicts(protocol, 0.1, 50)[Verdict.REFUTED] >= 0.98
    assert verdicts(protocol, 0.0, 50)[Verdict.REFUTED] >= 0.85


def test_too_much_noise_is_inconclusive(protocol: Protocol) -> None:
    assert verdicts(protocol, -0.05, 50, noise=1.0)[Verdict.INCONCLUSIVE] >= 0.8


def test_the_numbers_are_the_raw_ones_treatment_minus_control(protocol: Protocol) -> None:
    found = judge(protocol, trials(protocol, -0.1))
    assert found.verdict is Verdict.SUPPORTED
    assert found.pairs == 24
    assert found.effect is not None
    assert found.interval is not None
    assert found.treatment_mean is not None
    assert found.control_mean is not None
    assert found.standardized_effect is not None
    assert -0.14 < found.effect < -0.06
    assert found.interval.low < found.effect < found.interval.high < 0
    assert found.effect == pytest.approx(found.treatment_mean - found.control_mean)
    assert found.standardized_effect < -0.5
    assert found.p_value is not None
    assert 0 < found.p_value <= 0.001
    assert found.e_value is not None
    assert found.e_value > 20
    assert found.overall_p is not None
    assert found.overall_p <= found.p_value / 0.8


def test_the_order_of_the_trials_changes_nothing(protocol: Protocol) -> None:
    run = trials(protocol, -0.06, noise=0.1)
    found = judge(protocol, run)
    for seed in range(5):
        shuffled = list(run)
        random.Random(seed).shuffle(shuffled)
        assert judge(protocol, shuffled) == found
    assert judge(protocol.model_copy(), run) == found


def test_swapping_the_arms_and_the_direction_keeps_the_verdict(protocol: Protocol) -> None:
    run = trials(protocol, -0.1)
    found = judge(protocol, run)
    swapped = protocol.model_copy(
        update={
            "treatment": protocol.control,
            "control": protocol.treatment,
            "direction": Direction.INCREASE,
        }
    )
    other = judge(swapped, run)
    assert other.verdict is found.verdict
    assert found.effect is not None
    assert other.effect == -found.effect
    against = judge(swapped.model_copy(update={"direction": Direction.DECREASE}), run)
    assert against.verdict is Verdict.REFUTED


def test_trials_outside_the_seal_count_for_nothing(protocol: Protocol) -> None:
    run = trials(protocol, -0.1)
    more = trials(protocol, +5.0, seeds=(*protocol.smoke_seeds, 1, 2, 3))
    other = Trial(arm="informed", seed=protocol.seeds[0], metrics={"shifted_error": 9}, seconds=1)
    assert judge(protocol, [*more, *run, other]) == judge(protocol, run)


def test_a_trial_repeated_with_another_value_spoils_its_pair_whichever_came_first(
    protocol: Protocol,
) -> None:
    run = trials(protocol, -0.1)
    better = run[0].model_copy(update={"metrics": {protocol.metric: -99.0}})
    for changed in ([better, *run], [*run, better]):
        found = judge(protocol, changed)
        assert (found.verdict, found.pairs) == (Verdict.INFEASIBLE, 23)
    assert judge(protocol, [*run, run[0]]) == judge(protocol, run)


@pytest.mark.parametrize("bad", [math.nan, math.inf, None])
def test_values_that_are_no_numbers_spoil_their_pairs(
    protocol: Protocol, bad: float | None
) -> None:
    run = trials(protocol, -0.1)
    metrics = {} if bad is None else {protocol.metric: bad}
    run[0] = run[0].model_copy(update={"metrics": metrics})
    found = judge(protocol, run)
    assert found.pairs == 23
    assert found.verdict is Verdict.INFEASIBLE


@pytest.mark.parametrize("kept", [0, 17, 18, 23])
def test_one_missing_pair_makes_a_verdict_infeasible_and_the_reason_says_why(
    protocol: Protocol, kept: int
) -> None:
    ending = "the experiment ended as timeout: longer than 300 s"
    run = trials(protocol, -0.1)
    found = judge(protocol, run[: 2 * kept], ending)
    assert found.verdict is Verdict.INFEASIBLE
    assert found.pairs == kept
    assert found.reason == f"{24 - kept} of 24 sealed pairs have no valid result; {ending}"
    assert found.effect is found.p_value is found.interval is None
    assert judge(protocol, run[: 2 * kept]).reason.endswith("no valid result")
    assert judge(protocol, run, ending) == judge(protocol, run)


def test_an_arm_that_crashes_on_its_worst_seeds_gains_nothing_by_it(protocol: Protocol) -> None:
    for seed in range(30):
        run = trials(protocol, 0.0, seed, noise=0.2)
        value = {(trial.arm, trial.seed): trial.metrics[protocol.metric] for trial in run}
        worst = sorted(
            protocol.seeds, key=lambda n: value[protocol.control, n] - value[protocol.treatment, n]
        )[:6]
        left = [t for t in run if t.arm == protocol.control or t.seed not in worst]
        assert judge(protocol, left).verdict is Verdict.INFEASIBLE


def test_fewer_pairs_than_can_be_judged_by_are_infeasible_though_all_are_there(
    protocol: Protocol,
) -> None:
    few = protocol.model_copy(update={"seeds": protocol.seeds[:5]})
    found = judge(few, trials(few, -0.1))
    assert (found.verdict, found.reason) == (
        Verdict.INFEASIBLE,
        "5 pairs are too few to judge by",
    )


@pytest.mark.parametrize("scale", [1e-170, 1e-320, 1e200, 1e306])
def test_differences_of_any_size_get_a_verdict_and_a_sentence(
    protocol: Protocol, hypothesis: Hypothesis, scale: float
) -> None:
    run = [
        t.model_copy(update={"metrics": {protocol.metric: t.metrics[protocol.metric] * scale}})
        for t in trials(protocol, -0.1)
    ]
    found = judge(protocol, run)
    assert found.verdict in (Verdict.SUPPORTED, Verdict.REFUTED)
    assert found.standardized_effect is not None
    assert math.isfinite(found.standardized_effect)
    assert render(hypothesis, found)


def test_identical_arms_are_refuted_and_identical_gains_are_supported(protocol: Protocol) -> None:
    same = trials(protocol, 0.0, noise=0.0)
    found = judge(protocol, same)
    assert (found.verdict, found.effect, found.p_value) == (Verdict.REFUTED, 0.0, 1.0)
    flat = [
        trial.model_copy(update={"metrics": {protocol.metric: float(trial.arm == "pooled")}})
        for trial in same
    ]
    found = judge(protocol, flat)
    assert found.verdict is Verdict.SUPPORTED
    assert found.standardized_effect is None
    assert found.interval is not None
    assert found.interval.method == "degenerate"


def test_the_rule_gives_exactly_one_verdict_everywhere(protocol: Protocol) -> None:
    grid = [-0.2, -0.1, -0.05, -0.04, 0.0, 0.04, 0.05, 0.1, 0.2]
    seen = set()
    for direction in Direction:
        rule = protocol.model_copy(update={"direction": direction})
        sign = 1 if direction is Direction.INCREASE else -1
        for low in grid:
            for high in (x for x in grid if x >= low):
                for effect in (x for x in grid if low <= x <= high):
                    for p, equal in product((0.001, 0.05, 0.5), (0.01, 0.2)):
                        interval = Interval(low=low, high=high, confidence=0.95, method="BCa")
                        verdict, reason = decide(rule, effect, interval, p, equal)
                        near, far = sorted((sign * low, sign * high))
                        seen.add(verdict)
                        assert reason
                        assert (verdict is Verdict.REFUTED) == (far < 0.05 and equal <= 0.05)
                        assert (verdict is Verdict.SUPPORTED) == (
                            p <= 0.05 and near > 0 and sign * effect >= 0.05
                        )
    assert seen == {Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE}


def test_a_clear_but_small_effect_is_not_supported(protocol: Protocol) -> None:
    found = judge(protocol, trials(protocol, -0.045, noise=0.01))
    assert found.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE)
    interval = Interval(low=-0.06, high=-0.01, confidence=0.95, method="BCa")
    verdict, reason = decide(protocol, -0.04, interval, 0.001, 0.3)
    assert verdict is Verdict.INCONCLUSIVE
    assert reason == "the effect is as predicted but may be smaller than 0.05"


def test_a_test_this_version_does_not_know_is_refused(protocol: Protocol) -> None:
    with pytest.raises(ScientistError, match="t-test"):
        judge(protocol.model_copy(update={"test": "t-test"}), [])
    assert protocol.test == protocols.TEST
