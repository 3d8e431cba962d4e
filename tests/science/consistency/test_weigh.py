from __future__ import annotations

import pytest

from scientist.records import Attempt, Finding, Verdict
from scientist.science.consistency.weigh import LEAST, MOST, MOST_OF_ONE, PINNED, of_finding, weigh

from .claims import asked, claim, measured

H = asked("H1")


def changed(finding: Finding, **change: object) -> Finding:
    return finding.model_copy(update={"judgement": finding.judgement.model_copy(update=change)})


def test_a_finding_weighs_more_the_further_its_effect_is_from_what_it_denies() -> None:
    weights = [of_finding(measured("F1", H, effect)) for effect in (-0.04, -0.042, -0.044)]
    assert weights == sorted(weights)
    assert len(set(weights)) == 3
    assert weights[0] > 0.9
    few = changed(measured("F1", H, -0.042), pairs=4)
    assert of_finding(few) < weights[1]


def test_departures_degradations_and_doubts_take_weight_away() -> None:
    whole = measured("F1", H, -0.042)
    least = of_finding(whole)
    for worse in (
        whole.model_copy(update={"degradations": ("reduced sandbox",)}),
        whole.model_copy(update={"deviations": ("other code",)}),
        changed(whole, verdict=Verdict.INCONCLUSIVE),
    ):
        assert 0.5 < of_finding(worse) < least
        least = of_finding(worse) if worse.degradations else least


def test_a_confirmed_finding_weighs_more_than_one_run() -> None:
    once = measured("F1", H, -0.042)
    first = Attempt(experiment="X0", protocol_digest="", trials_blob=None, judgement=once.judgement)
    assert of_finding(once) < of_finding(once.model_copy(update={"first": first})) <= MOST


def test_what_measured_nothing_weighs_next_to_nothing() -> None:
    nothing = changed(measured("F1", H, -0.3), effect=None, interval=None)
    assert of_finding(nothing) == LEAST


def test_no_weight_is_certain() -> None:
    sure = changed(measured("F1", H, -1e9, error=1e-12), standardized_effect=None)
    assert of_finding(sure) == pytest.approx(MOST_OF_ONE)
    assert weigh(claim("A1", None), {}, pinned=True) == PINNED < 1


def test_saying_so_weighs_by_who_says_it() -> None:
    kinds = ("chat", "quote", "user")
    weights = [weigh(claim("A1", None, kind), {}) for kind in kinds]
    assert weights == sorted(set(weights))
    assert weigh(claim("A1", None, weight=0.1), {}) == pytest.approx(0.1)


def test_a_reflection_weighs_less_than_the_weakest_finding_it_rests_on() -> None:
    reflection = claim("A1", None, "reflection", address="F1,F2")
    measured = {"F1": 0.95, "F2": 0.8}
    assert weigh(reflection, measured) == pytest.approx(0.72)
    assert weigh(reflection, measured, demoted={"F1"}) < 0.2
    assert weigh(reflection, {"F1": 0.95}) < 0.2


def test_a_stated_hypothesis_weighs_what_it_is_believed() -> None:
    stated = claim("A1", None, "hypothesis", address="H1")
    assert weigh(stated, {}, {"H1": 0.2}) == pytest.approx(0.2)
    assert weigh(stated, {}, {"H1": 0.95}) < 0.7
