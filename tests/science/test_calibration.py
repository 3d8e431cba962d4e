"""Credences are scored against verdicts they could not know, and few verdicts stay few."""

import random

import pytest

from scientist.records import Direction, Hypothesis, Judgement, Verdict
from scientist.science import calibration
from scientist.science.belief import Belief
from scientist.science.calibration import Calibration, Forecast, forecasts, score

from .test_belief import Given, believe, found, measured


def forecast(credence: float, supported: bool, stated: float | None = None) -> Forecast:
    return Forecast("F1", "H1", credence, stated, supported)


def scored(given: list[Forecast]) -> Calibration:
    result = score(given)
    assert result is not None
    return result


def test_the_score_is_brier_s_and_its_parts_add_up_to_it() -> None:
    chance = random.Random(1)
    for count in (1, 2, 7, 100):
        given = []
        for _ in range(count):
            credence = chance.random()
            given.append(forecast(credence, chance.random() < credence))
        found = scored(given)
        assert found.brier == pytest.approx(
            sum((one.credence - one.supported) ** 2 for one in given) / count
        )
        assert found.brier == pytest.approx(
            found.reliability - found.resolution + found.uncertainty + found.within
        )
        assert sum(group.count for group in found.bins) == found.forecasts == count


def test_the_parts_of_a_small_case_are_those_worked_out_by_hand() -> None:
    given = [forecast(0.9, True), forecast(0.9, True), forecast(0.9, False), forecast(0.1, False)]
    found = scored(given)
    assert found.brier == pytest.approx((0.01 + 0.01 + 0.81 + 0.01) / 4)
    assert found.base_rate == 0.5
    assert found.uncertainty == 0.25
    assert found.reliability == pytest.approx((3 * (0.9 - 2 / 3) ** 2 + 0.1**2) / 4)
    assert found.resolution == pytest.approx((3 * (2 / 3 - 0.5) ** 2 + 0.5**2) / 4)
    assert found.within == pytest.approx(0)
    assert [(group.low, group.high, group.count) for group in found.bins] == [
        (0.0, 0.2, 1),
        (0.8, 1.0, 3),
    ]


def test_truthful_credences_score_better_than_bold_ones_and_lie_on_the_diagonal() -> None:
    chance = random.Random(2)
    truthful, bold = [], []
    for _ in range(5000):
        credence = chance.choice((0.1, 0.3, 0.5, 0.7, 0.9))
        came = chance.random() < credence
        truthful.append(forecast(credence, came))
        bold.append(forecast(0.99 if credence > 0.4 else 0.01, came))
    assert scored(truthful).brier < scored(bold).brier
    assert scored(truthful).reliability < 0.002 < scored(bold).reliability
    for group in scored(truthful).bins:
        assert abs(group.credence - group.supported) < 0.06


def test_the_models_priors_are_scored_only_where_it_stated_any() -> None:
    found = scored([forecast(0.8, True, stated=0.6), forecast(0.5, True)])
    assert found.stated == 1
    assert found.stated_brier == pytest.approx(0.16)
    assert scored([forecast(0.5, True)]).stated_brier is None


def test_no_verdict_gives_no_score_and_few_are_called_few() -> None:
    assert score([]) is None
    assert scored([forecast(0.5, True)] * (calibration.FEW - 1)).few
    assert not scored([forecast(0.5, True)] * calibration.FEW).few


def test_the_range_of_a_share_is_wilson_s_and_narrows_with_count() -> None:
    from scipy import stats

    for hits, count in ((0, 1), (1, 1), (3, 7), (50, 100)):
        expected = stats.binomtest(hits, count).proportion_ci(method="wilson")
        assert calibration.wilson(hits, count) == pytest.approx((expected.low, expected.high))


def test_a_forecast_is_the_credence_before_the_finding_and_undecided_ones_are_none(
    hypothesis: Hypothesis,
) -> None:
    stated = hypothesis.model_copy(update={"prior": 0.3})
    given = [
        found(stated, 1, measured(-0.2, 0.02, "supported")),
        found(stated, 2, measured(-0.05, 0.5, "inconclusive")),
        found(stated, 3, measured(0.2, 0.02, "refuted")),
    ]
    one, two = _forecasts([stated], *given)
    (belief,) = believe([stated], *given)
    assert (one.finding, one.credence, one.supported) == ("F1", 0.3, True)
    assert (two.finding, two.credence) == ("F3", belief.steps[1].credence)
    assert not two.supported
    assert one.stated == two.stated == 0.3


def test_a_verdict_is_a_forecast_of_its_own_hypothesis_only(hypothesis: Hypothesis) -> None:
    other = hypothesis.model_copy(update={"id": "H2", "direction": Direction.INCREASE})
    given = found(hypothesis, 1, measured(-0.2, 0.02, "supported"))
    assert [one.hypothesis for one in _forecasts([hypothesis, other], given)] == ["H1"]


def test_a_verdict_on_data_that_were_counted_before_or_not_at_all_is_no_forecast(
    hypothesis: Hypothesis,
) -> None:
    support = measured(-0.2, 0.02, "supported")
    first, sealed = found(hypothesis, 1, support)
    again, _ = found(hypothesis, 2, support)
    left = found(hypothesis, 3, support, deviations=("the code was edited",))
    nothing = found(hypothesis, 4, Judgement(verdict=Verdict.INFEASIBLE, reason="it crashed"))
    given = [(first, sealed), (again, {"d2": sealed["d1"]}), left, nothing]
    assert [one.finding for one in _forecasts([hypothesis], *given)] == ["F1"]


def _forecasts(hypotheses: list[Hypothesis], *given: Given) -> list[Forecast]:
    beliefs: list[Belief] = believe(hypotheses, *given)
    return forecasts(hypotheses, [finding for finding, _ in given], beliefs)
