"""What findings assert, verdict by verdict, and the reflections that code draws from several."""

from __future__ import annotations

from typing import Any

import pytest

from scientist.records import (
    Assertion,
    Direction,
    Finding,
    Hypothesis,
    Interval,
    Judgement,
    Says,
    Scope,
    Verdict,
    Way,
)
from scientist.science.consistency import rules
from scientist.science.consistency.derive import generalise, of_finding
from scientist.science.consistency.index import Index
from tests.science.consistency.saying import at
from tests.science.evidence import hypothesis

CODE = "c" * 64


def asked(number: int, direction: Direction, **change: Any) -> Hypothesis:
    parameters = {"shift": 0.4, "samples": 100, "flip": True}
    usual = {"direction": direction, "parameters": parameters, "conditions": ()}
    return hypothesis(number, **{**usual, **change})


def derived(
    verdict: Verdict,
    low: float,
    high: float,
    number: int = 1,
    direction: Direction = Direction.DECREASE,
    code: str = CODE,
    **change: Any,
) -> tuple[Assertion, ...]:
    hypothesis = asked(number, direction, **change)
    judgement = Judgement(
        verdict=verdict,
        reason="",
        effect=round((low + high) / 2, 6),
        interval=Interval(low=low, high=high, confidence=0.95, method="BCa"),
        pairs=24,
    )
    finding = Finding(
        id=f"F{number}",
        hypothesis=hypothesis.id,
        experiment=f"X{number}",
        protocol_digest="d",
        trials_blob=None,
        statement="stable changed shifted_error.",
        metric=hypothesis.metric,
        treatment=hypothesis.treatment,
        control=hypothesis.control,
        direction=direction,
        smallest_effect=hypothesis.smallest_effect,
        judgement=judgement,
        quotes=(),
    )
    return of_finding(hypothesis, finding, code)


def lowers(number: int, shift: float, **change: Any) -> Assertion:
    parameters = {"shift": shift, "samples": change.pop("samples", 100), "flip": True}
    return derived(Verdict.SUPPORTED, -0.2, -0.1, number, parameters=parameters, **change)[0]


def refuted(number: int, shift: float, low: float, high: float) -> Assertion:
    parameters = {"shift": shift, "samples": 100, "flip": True}
    return derived(Verdict.REFUTED, low, high, number, parameters=parameters)[0]


def test_a_supported_finding_asserts_its_way_at_its_point_and_its_status() -> None:
    measured, status = derived(Verdict.SUPPORTED, -0.2, -0.1)
    assert (measured.id, measured.way, measured.margin) == ("F1", Way.DECREASE, 0.0)
    assert (measured.value, measured.pairs) == (-0.15, 24)
    assert measured.scope == Scope(
        world="causal_features",
        ranges=at(shift=0.4, samples=100).ranges,
        values={"flip": ("true",), "code": (CODE,)},
    )
    assert (status.id, status.subject, status.attribute) == ("F1.status", "H1", "supported")


@pytest.mark.parametrize(
    ("direction", "low", "high", "way", "margin"),
    [
        (Direction.DECREASE, 0.1, 0.2, Way.INCREASE, 0.0),
        (Direction.INCREASE, -0.2, -0.1, Way.DECREASE, 0.0),
        (Direction.DECREASE, -0.02, 0.03, Way.SAME, 0.05),
        (Direction.DECREASE, -0.02, 0.3, Way.NOT_DECREASE, 0.05),
        (Direction.INCREASE, -0.3, 0.02, Way.NOT_INCREASE, 0.05),
    ],
)
def test_a_refuted_finding_asserts_as_much_as_its_interval_shows(
    direction: Direction, low: float, high: float, way: Way, margin: float
) -> None:
    measured = derived(Verdict.REFUTED, low, high, direction=direction)[0]
    assert (measured.way, measured.margin) == (way, margin)
    assert rules.alone(measured) is None


def test_an_inconclusive_finding_gives_its_interval_as_data_and_an_infeasible_one_nothing() -> None:
    measured, status = derived(Verdict.INCONCLUSIVE, -0.1, 0.1)
    assert (measured.says, measured.way) == (Says.QUANTITY, None)
    assert (measured.value, status.attribute) == (0.0, "inconclusive")
    assert derived(Verdict.INFEASIBLE, -0.1, 0.1) == ()


def test_other_code_of_the_same_kit_is_no_contradiction() -> None:
    index = Index()
    index.add(derived(Verdict.SUPPORTED, -0.2, -0.1, 1)[0])
    assert index.add(derived(Verdict.REFUTED, 0.1, 0.2, 2, code="e" * 64)[0]) == []
    assert len(index.add(derived(Verdict.REFUTED, 0.1, 0.2, 3)[0])) == 1


def test_findings_that_agree_and_differ_in_one_parameter_are_generalised() -> None:
    findings = [lowers(1, 0.4), lowers(4, 1.0), lowers(5, 0.7, samples=20)]
    (one,) = generalise(findings)
    assert one.text == (
        "stable lowers shifted_error compared with pooled for shift 0.4 to 1 (F1, F4)"
    )
    assert one.source.address == "F1,F4"
    assert one.scope.ranges == at(shift=(0.4, 1), samples=100).ranges
    assert one.weight < min(finding.weight for finding in findings[:2])
    assert generalise(reversed(findings)) == (one,)
    assert generalise(findings[1:]) == ()


def test_swapped_arms_agree_when_they_say_the_same() -> None:
    swapped = lowers(2, 1.0, treatment="pooled", control="stable")
    assert generalise([lowers(1, 0.4), swapped]) == ()
    raised = derived(
        Verdict.SUPPORTED, 0.1, 0.2, 2, Direction.INCREASE, treatment="pooled", control="stable",
        parameters={"shift": 1.0, "samples": 100, "flip": True},
    )[0]  # fmt: skip
    assert [one.source.address for one in generalise([lowers(1, 0.4), raised])] == ["F1,F2"]


def test_a_finding_that_says_otherwise_splits_the_range() -> None:
    points = [lowers(n, shift) for n, shift in enumerate((0.1, 0.2, 0.6, 0.8), 1)]
    split = generalise([*points, refuted(9, 0.4, 0.1, 0.2)])
    assert [one.source.address for one in split] == ["F1,F2", "F3,F4"]
    small = generalise([*points, refuted(9, 0.4, -0.02, 0.02)])
    assert [one.source.address for one in small] == ["F1,F2", "F3,F4"]
    outside = generalise([*points, refuted(9, 0.9, 0.1, 0.2)])
    assert [one.source.address for one in outside] == ["F1,F2,F3,F4"]
    at_a_point = generalise([*points, refuted(9, 0.2, 0.1, 0.2)])
    assert [one.source.address for one in at_a_point] == ["F3,F4"]


def test_a_reflection_clashes_with_a_later_finding_inside_its_range() -> None:
    index = Index()
    findings = [lowers(1, 0.4), lowers(4, 1.0)]
    for one in (*findings, *generalise(findings)):
        assert index.add(one) == []
    (found,) = index.add(refuted(5, 0.7, 0.1, 0.2))
    assert found.rule == rules.SIGN_FLIP
    assert "shift 0.7" in " ".join(found.proof)


def test_a_parameter_written_as_a_word_is_no_range_and_mixed_findings_no_trouble() -> None:
    by_word = [
        derived(Verdict.SUPPORTED, -0.2, -0.1, n, parameters={"law": law})[0]
        for n, law in enumerate(("linear", "cubic"), 1)
    ]
    assert generalise(by_word) == ()
    assert generalise([*by_word, lowers(3, 0.4), lowers(4, 1.0)])[0].source.address == "F3,F4"
