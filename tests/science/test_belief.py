"""Only findings move a credence: by a stated likelihood, within bounds, each data set once."""

import itertools
import math
import random
from collections.abc import Sequence
from typing import Any

import pytest

from scientist.errors import ScientistError
from scientist.records import (
    Attempt,
    Direction,
    Finding,
    Hypothesis,
    Interval,
    Judgement,
    Protocol,
    Verdict,
)
from scientist.science import belief, judge
from scientist.science.belief import MOST_FACTOR, Belief, bayes_factor, fold, standard_error

from .conftest import trials

Given = tuple[Finding, dict[str, tuple[int, ...]]]
SMALLEST = 0.05


def measured(effect: float, error: float, verdict: str = "inconclusive") -> Judgement:
    return Judgement(
        verdict=Verdict(verdict),
        reason="so it is",
        effect=effect,
        interval=Interval(
            low=effect - 1.959963984540054 * error,
            high=effect + 1.959963984540054 * error,
            confidence=0.95,
            method="BCa" if error else "degenerate",
        ),
        pairs=200,
    )


def found(hypothesis: Hypothesis, number: int, judgement: Judgement, **change: Any) -> Given:
    """A finding with seeds of its own."""
    digest = f"d{number}"
    finding = Finding(
        id=f"F{number}",
        hypothesis=hypothesis.id,
        experiment=f"X{number}",
        protocol_digest=digest,
        trials_blob=None,
        statement="",
        metric=hypothesis.metric,
        treatment=hypothesis.treatment,
        control=hypothesis.control,
        direction=hypothesis.direction,
        smallest_effect=hypothesis.smallest_effect,
        judgement=judgement,
        quotes=(),
    )
    return finding.model_copy(update=change), {digest: (number * 100, number * 100 + 1)}


def believe(hypotheses: Sequence[Hypothesis], *given: Given) -> list[Belief]:
    seeds = {digest: values for _, sealed in given for digest, values in sealed.items()}
    return fold(hypotheses, [finding for finding, _ in given], seeds)


@pytest.fixture
def opposite(hypothesis: Hypothesis) -> Hypothesis:
    """The same question, the other direction expected."""
    return hypothesis.model_copy(update={"id": "H2", "direction": Direction.INCREASE})


def test_the_prior_is_the_models_kept_from_certainty_and_one_half_where_it_said_nothing(
    hypothesis: Hypothesis,
) -> None:
    def prior(stated: float | None) -> float:
        (one,) = fold([hypothesis.model_copy(update={"prior": stated})], [], {})
        assert one.credence == one.prior
        return one.prior

    assert [prior(p) for p in (None, 0.3, 0.999, 0.001)] == [0.5, 0.3, 0.9, 0.1]


def test_supported_raises_refuted_lowers_and_useless_data_do_next_to_nothing(
    hypothesis: Hypothesis, protocol: Protocol
) -> None:
    """With the rule's own verdicts on trials with planted effects."""
    credences = {}
    for effect, noise in ((-0.15, 0.05), (0.0, 0.05), (0.15, 0.05), (-0.05, 3.0)):
        judged = judge.judge(protocol, trials(protocol, effect, noise=noise))
        (one,) = believe([hypothesis], found(hypothesis, 1, judged))
        credences[effect] = (judged.verdict, one.credence)
    assert credences[-0.15][0] is Verdict.SUPPORTED
    assert credences[0.0][0] is credences[0.15][0] is Verdict.REFUTED
    assert credences[-0.05][0] is Verdict.INCONCLUSIVE
    assert credences[-0.15][1] > 0.8
    assert credences[0.0][1] < 0.2
    assert credences[0.15][1] < 0.2
    assert 0.4 < credences[-0.05][1] < 0.6


def test_the_factor_is_the_ratio_of_the_stated_likelihoods() -> None:
    """Against the same densities integrated numerically over the true effect."""
    from scipy import integrate, stats

    within = stats.norm(scale=belief.NEGLIGIBLE)
    inside = within.cdf(1) - within.cdf(-1)

    def density(size: float, error: float, prior: Any, low: float, high: float) -> float:
        return float(
            integrate.quad(
                lambda d: prior(d) * stats.norm.pdf(size, d, error),
                *(low, high),
                points=[min(max(size, low), high)],
                limit=200,
            )[0]
        )

    beyond = stats.halfnorm(scale=belief.SPREAD).pdf
    for size, error in itertools.product((-1.4, -0.3, 0.2, 0.7, 1.0, 1.3), (0.3, 0.8, 2.0)):
        holds = density(size, error, lambda d: beyond(d - 1), 1, 25)
        other = density(size, error, lambda d: beyond(-d - 1), -25, -1)
        small = density(size, error, lambda d: within.pdf(d) / inside, -1, 1)
        expected = holds / ((1 - belief.OPPOSITE_SHARE) * small + belief.OPPOSITE_SHARE * other)
        expected = min(max(expected, 1 / MOST_FACTOR), MOST_FACTOR)
        assert bayes_factor(size, error, 1.0) == pytest.approx(expected, rel=1e-6)


def test_the_factor_rises_with_the_effect_and_stays_in_bounds_however_wild_the_numbers() -> None:
    chance = random.Random(1)
    for _ in range(300):
        error = 10 ** chance.uniform(-12, 12)
        effects = sorted(chance.choice((-1, 1)) * 10 ** chance.uniform(-12, 12) for _ in range(12))
        near = sorted(chance.uniform(-5, 5) for _ in range(12))
        for line in (effects, near):
            factors = [bayes_factor(effect, error, 1.0) for effect in line]
            assert all(1 / MOST_FACTOR <= factor <= MOST_FACTOR for factor in factors)
            for one, other in itertools.pairwise(factors):
                assert other >= one * (1 - 1e-6)
    for effect, error in ((1e308, 1e-308), (-1e308, 0.0), (1e300, 1e300), (0.0, math.inf)):
        assert 1 / MOST_FACTOR <= bayes_factor(effect, error, 5e-324) <= MOST_FACTOR


def test_the_unit_of_the_metric_does_not_matter() -> None:
    chance = random.Random(2)
    for _ in range(300):
        effect, error, smallest = chance.gauss(0, 2), chance.expovariate(1), chance.uniform(0.2, 2)
        scale = 10 ** chance.uniform(-9, 9)
        assert bayes_factor(effect * scale, error * scale, smallest * scale) == pytest.approx(
            bayes_factor(effect, error, smallest), rel=1e-6
        )


def test_data_without_variation_decide_as_the_rule_does_and_no_more_than_the_bound() -> None:
    assert bayes_factor(SMALLEST, 0.0, SMALLEST) == MOST_FACTOR
    assert bayes_factor(math.nextafter(SMALLEST, 0), 0.0, SMALLEST) == 1 / MOST_FACTOR
    assert bayes_factor(-1.0, 0.0, SMALLEST) == 1 / MOST_FACTOR
    assert standard_error(measured(0.1, 0.0)) == 0.0


def test_far_tails_agree_with_scipy() -> None:
    from scipy import special

    for z in (-1e9, -500.0, -38.0, -30.0, -29.9, -5.0, 0.0, 3.0, 40.0):
        assert belief._log_below(z) == pytest.approx(float(special.log_ndtr(z)), rel=1e-10)


def test_the_standard_error_is_the_one_of_the_mean_widened_for_few_pairs(
    protocol: Protocol,
) -> None:
    judged = judge.judge(protocol, trials(protocol, -0.1))
    assert judged.effect is not None
    assert judged.standardized_effect is not None
    plain = abs(judged.effect / judged.standardized_effect) / math.sqrt(judged.pairs)
    assert plain < standard_error(judged) < 1.4 * plain
    fewer = judged.model_copy(update={"pairs": 6})
    assert standard_error(fewer) > standard_error(judged)


def test_one_run_never_decides_but_fresh_runs_add_up(hypothesis: Hypothesis) -> None:
    certain = measured(-5.0, 0.0, "supported")
    (one,) = believe([hypothesis], found(hypothesis, 1, certain))
    assert one.credence == pytest.approx(10 / 11)
    assert "at most" in one.reason(one.steps[0])
    (two,) = believe([hypothesis], *(found(hypothesis, n, certain) for n in (1, 2)))
    assert two.credence == pytest.approx(100 / 101)
    assert [step.finding for step in two.steps] == ["F1", "F2"]
    contrary = found(hypothesis, 3, measured(5.0, 0.0, "refuted"))
    (three,) = believe([hypothesis], *(found(hypothesis, n, certain) for n in (1, 2)), contrary)
    assert three.credence == pytest.approx(one.credence)


def test_the_order_of_independent_findings_does_not_matter(hypothesis: Hypothesis) -> None:
    chance = random.Random(3)
    given = [
        found(hypothesis, n, measured(chance.gauss(-0.04, 0.05), chance.uniform(0.01, 0.2)))
        for n in range(1, 6)
    ]
    ends = {believe([hypothesis], *order)[0].credence for order in itertools.permutations(given)}
    assert max(ends) - min(ends) < 1e-12


def test_the_same_seeds_again_say_nothing_new(hypothesis: Hypothesis) -> None:
    support = measured(-0.2, 0.02, "supported")
    first, sealed = found(hypothesis, 1, support)
    for again in ((100, 101), (7, 101)):  # all of them, or only one
        second, _ = found(hypothesis, 2, support)
        (one,) = believe([hypothesis], (first, sealed), (second, {"d2": again}))
        assert [step.counted for step in one.steps] == [True, False]
        assert one.steps[1].factor == 1
        assert one.credence == one.steps[0].credence
        assert "counted with F1 X1" in one.reason(one.steps[1])


def test_seeds_of_a_run_that_did_not_count_may_still_count(hypothesis: Hypothesis) -> None:
    nothing = Judgement(verdict=Verdict.INFEASIBLE, reason="3 of 24 pairs have no valid result")
    first, sealed = found(hypothesis, 1, nothing)
    second, _ = found(hypothesis, 2, measured(-0.2, 0.02))
    (one,) = believe([hypothesis], (first, sealed), (second, {"d2": sealed["d1"]}))
    assert [step.counted for step in one.steps] == [False, True]
    assert "3 of 24 pairs" in one.reason(one.steps[0])
    assert one.steps[0].credence == one.prior


def test_a_run_that_left_its_seal_or_has_no_seeds_on_record_moves_nothing(
    hypothesis: Hypothesis,
) -> None:
    support = measured(-0.2, 0.02, "supported")
    left = found(hypothesis, 1, support, deviations=("the code that ran is not what was sealed",))
    unsealed = (found(hypothesis, 2, support)[0], {})
    (one,) = believe([hypothesis], left, unsealed)
    assert one.credence == one.prior
    assert "the code that ran" in one.reason(one.steps[0])
    assert "not on record" in one.reason(one.steps[1])


def test_a_confirmation_counts_beside_the_run_it_confirms(hypothesis: Hypothesis) -> None:
    support = measured(-0.2, 0.02, "supported")
    first = Attempt(experiment="X1", protocol_digest="d1", trials_blob=None, judgement=support)
    finding, sealed = found(hypothesis, 2, support, first=first)
    (one,) = believe([hypothesis], (finding, {**sealed, "d1": (1, 2)}))
    assert [step.experiment for step in one.steps] == ["X1", "X2"]
    assert one.credence == pytest.approx(100 / 101)


@pytest.mark.parametrize("swapped", [False, True])
def test_contradictory_hypotheses_move_oppositely_however_the_arms_are_named(
    hypothesis: Hypothesis, opposite: Hypothesis, swapped: bool
) -> None:
    if swapped:  # that pooled lowers it says that stable raises it
        opposite = hypothesis.model_copy(
            update={"id": "H2", "treatment": hypothesis.control, "control": hypothesis.treatment}
        )
    given = found(hypothesis, 1, measured(-0.2, 0.02, "supported"))
    for pair in ([hypothesis, opposite], [opposite, hypothesis]):
        by_name = {one.hypothesis: one for one in believe(pair, given)}
        assert by_name["H1"].steps[0].factor == MOST_FACTOR
        assert by_name["H2"].steps[0].factor == 1 / MOST_FACTOR
        why = by_name["H2"].reason(by_name["H2"].steps[0])
        assert "H1, which asks the same question the other way" in why
    same = hypothesis.model_copy(
        update={
            "id": "H3",
            "direction": Direction.INCREASE,
            "treatment": hypothesis.control,
            "control": hypothesis.treatment,
        }
    )
    (agreeing,) = (one for one in believe([hypothesis, same], given) if one.hypothesis == "H3")
    assert agreeing.steps[0].factor == MOST_FACTOR
    assert agreeing.reason(agreeing.steps[0]).endswith("which asks the same question")


def test_an_effect_that_does_not_matter_speaks_against_both_sides(
    hypothesis: Hypothesis, opposite: Hypothesis
) -> None:
    given = found(hypothesis, 1, measured(0.0, 0.01, "refuted"))
    assert all(one.credence < one.prior for one in believe([hypothesis, opposite], given))


@pytest.mark.parametrize(
    "change",
    [
        {"kit": "other"},
        {"metric": "familiar_error"},
        {"control": "informed"},
        {"parameters": {"samples": 101, "noise": 0.1, "flip": True, "law": "linear"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_finding_on_another_question_moves_nothing(
    hypothesis: Hypothesis, change: dict[str, Any]
) -> None:
    other = hypothesis.model_copy(update={"id": "H2", **change})
    _, untouched = believe([hypothesis, other], found(hypothesis, 1, measured(-0.2, 0.02)))
    assert not untouched.steps


def test_the_verdict_itself_plays_no_part(hypothesis: Hypothesis) -> None:
    """What counts is what was measured; a borderline verdict makes no jump."""
    ends = {
        believe([hypothesis], found(hypothesis, 1, measured(-0.06, 0.03, verdict)))[0].credence
        for verdict in ("supported", "inconclusive", "refuted")
    }
    assert len(ends) == 1


def test_a_finding_without_its_hypothesis_is_refused(hypothesis: Hypothesis) -> None:
    with pytest.raises(ScientistError, match="never proposed"):
        believe([], found(hypothesis, 1, measured(-0.2, 0.02)))


def test_a_credence_is_the_exact_sum_of_its_steps_after_hundreds_of_runs(
    hypothesis: Hypothesis,
) -> None:
    chance = random.Random(3)
    runs = [
        found(hypothesis, number, measured(chance.gauss(0, 0.1), chance.uniform(0.01, 0.2)))
        for number in range(1, 300)
    ]
    (one,) = believe([hypothesis], *runs)
    logs = [math.log(one.prior / (1 - one.prior))]
    for step in one.steps:
        logs.append(math.log(step.factor))
        odds = math.exp(-abs(math.fsum(logs)))
        assert step.credence == (1 if math.fsum(logs) >= 0 else odds) / (1 + odds)


def test_hypotheses_share_a_course_and_each_goes_as_it_would_alone(
    hypothesis: Hypothesis, opposite: Hypothesis
) -> None:
    chance = random.Random(5)
    changes = ({}, {"prior": 0.9}, {"smallest_effect": 0.07})
    asked = [
        one.model_copy(update={"id": f"H{place}", **chance.choice(changes)})
        for place, one in enumerate(chance.choices((hypothesis, opposite), k=60), 1)
    ]
    given = [
        found(one, number, measured(chance.gauss(0, 0.1), chance.uniform(0.01, 0.2), "supported"))
        for number, one in enumerate(asked, 1)
    ]
    together = believe(asked, *given)
    assert len({id(one.course) for one in together}) <= 6
    for place, shared in enumerate(together):
        order = [asked[place], *asked[:place], *asked[place + 1 :]]
        alone, *_ = believe(order, *given)
        assert (alone.hypothesis, alone.prior) == (shared.hypothesis, shared.prior)
        assert alone.steps == shared.steps
        said = [shared.reason(step) for step in shared.steps]
        mine = [not why.count("; measured for") for why in said]
        assert mine == [finding.hypothesis == shared.hypothesis for finding, _ in given]
        assert shared.course.places[f"F{place + 1}"] == (place, place)
