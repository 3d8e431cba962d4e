"""The sentence of a finding says what the numbers say, and rounding never lies."""

import random
import re

import pytest

from scientist.records import Hypothesis, Interval, Judgement, Protocol, Verdict
from scientist.science.judge import judge
from scientist.science.statement import plain, probability, render, together

from .conftest import trials


def judgement(effect: float, low: float, high: float, p: float, verdict: str) -> Judgement:
    return Judgement(
        verdict=Verdict(verdict),
        reason="so it is",
        effect=effect,
        interval=Interval(low=low, high=high, confidence=0.95, method="BCa"),
        p_value=p,
        pairs=24,
    )


@pytest.fixture
def bare(hypothesis: Hypothesis) -> Hypothesis:
    return hypothesis.model_copy(update={"parameters": {}})


def test_a_supported_finding_reads_as_one_sentence(bare: Hypothesis) -> None:
    found = judgement(-0.11234, -0.13101, -0.09432, 0.0001, "supported")
    assert render(bare, found) == (
        "stable lowered shifted_error by 0.112 (95% BCa interval 0.094 to 0.131, n = 24 pairs, "
        "p = 0.0001) compared with pooled: supported."
    )


@pytest.mark.parametrize(
    ("verdict", "low", "high", "said"),
    [
        ("supported", -0.13, -0.09, "lowered shifted_error"),
        ("refuted", 0.06, 0.13, "raised shifted_error"),
        ("refuted", -0.04, -0.01, "lowered shifted_error by less than 0.05"),
        ("refuted", 0.01, 0.04, "raised shifted_error by less than 0.05"),
        ("refuted", -0.04, 0.04, "did not change shifted_error by 0.05"),
        ("refuted", -0.04, 0.3, "did not lower shifted_error by 0.05"),
        ("inconclusive", -0.2, -0.01, "was tested without a clear outcome on shifted_error"),
        ("infeasible", -0.2, -0.01, "could not be tested on shifted_error"),
    ],
)
def test_without_numbers_a_finding_says_no_more_than_its_verdict_and_interval(
    bare: Hypothesis, verdict: str, low: float, high: float, said: str
) -> None:
    assert bare.smallest_effect == 0.05
    found = judgement((low + high) / 2, low, high, 0.01, verdict)
    assert plain(bare, found) == f"stable {said} compared with pooled ({bare.factor})."


def test_other_verdicts_say_why_and_conditions_are_told(hypothesis: Hypothesis) -> None:
    found = judgement(0.0123, -0.0213, 0.0432, 0.7312, "inconclusive")
    assert "compared with pooled (default setting): inconclusive" in render(hypothesis, found)
    chosen = hypothesis.model_copy(update={"conditions": tuple(hypothesis.parameters)})
    assert render(chosen, found) == (
        "stable raised shifted_error by 0.012 (95% BCa interval -0.021 to 0.043, n = 24 pairs, "
        "p = 0.73) compared with pooled (flip = True, law = linear, noise = 0.1, samples = 100): "
        "inconclusive, because so it is."
    )


def test_an_infeasible_finding_has_no_numbers(bare: Hypothesis) -> None:
    found = Judgement(verdict=Verdict.INFEASIBLE, reason="the code failed")
    assert render(bare, found) == (
        "stable compared with pooled on shifted_error: infeasible, because the code failed."
    )


def test_identical_arms_are_said_to_be_unchanged(protocol: Protocol, bare: Hypothesis) -> None:
    found = judge(protocol, trials(protocol, 0.0, noise=0.0))
    assert render(bare, found).startswith(
        "stable left shifted_error unchanged (the same in every pair, n = 24 pairs, overall p = 1)"
    )


def test_rounding_keeps_every_number_on_its_side_of_every_edge() -> None:
    chance = random.Random(1)
    edges = (0.0, 0.05, -0.05)
    for _ in range(3000):
        near = chance.choice(edges) + chance.choice((-1, 1)) * 10 ** chance.uniform(-9, 1)
        width = 10 ** chance.uniform(-6, 3)
        low, high = near - width * chance.random(), near + width * chance.random()
        values = sorted((near, low, high))
        written = [float(text) for text in together(values, edges)]
        assert written == sorted(written)
        for value, shown in zip(values, written, strict=True):
            for edge in edges:
                assert (value > edge) == (shown > edge)
                assert (value < edge) == (shown < edge)
            assert abs(value - shown) <= 0.051 * (max(values) - min(values))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0, 0.0, 0.0], ["0.0", "0.0", "0.0"]),
        ([-0.0, -0.2, 0.2], ["0.00", "-0.20", "0.20"]),
        ([12345.678, 12000.0, 12700.0], ["12346", "12000", "12700"]),
        ([0.3, 0.3, 0.3], ["0.300", "0.300", "0.300"]),
        ([0.04999999, 0.02, 0.08], ["0.04999999", "0.02000000", "0.08000000"]),
        ([1e-30, 0.0, 2e-30], ["1e-30", "0.0", "2e-30"]),
        ([5e-324, 5e-324, 5e-324], ["5e-324", "5e-324", "5e-324"]),
        ([0.5, -1.5e308, 1.5e308], ["0.5", "-1.5e+308", "1.5e+308"]),
        ([-0.0, 1e200, 2e200], ["0.0", "1e+200", "2e+200"]),
    ],
)
def test_numbers_are_written_with_the_digits_they_need(
    values: list[float], texts: list[str]
) -> None:
    assert together(values, (0.0, 0.05, -0.05)) == texts


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1"),
        (0.5, "0.5"),
        (0.0504, "0.0504"),
        (0.0496, "0.05"),
        (0.05, "0.05"),
        (0.050001, "0.050001"),
        (1 / 10_000, "0.0001"),
        (2**-13, "0.00012"),
        (1e-7, "1.0e-07"),
    ],
)
def test_a_p_value_is_never_zero_and_never_crosses_alpha(p: float, text: str) -> None:
    shown = probability(p, 0.05)
    assert shown == text
    assert float(shown) > 0
    assert (float(shown) <= 0.05) == (p <= 0.05)


def test_a_p_value_crosses_neither_alpha_nor_the_level_of_its_test() -> None:
    assert probability(0.02004, 0.05, 0.02) == "0.02004"
    assert probability(0.01996, 0.05, 0.02) == "0.02"
    assert probability(0.0504, 0.05, 0.02) == "0.0504"


def test_no_number_is_written_so_coarsely_that_its_first_digit_is_rounded_away() -> None:
    assert together([0.00059, -0.043, 0.034], (0.0,)) == ["0.0006", "-0.0430", "0.0340"]
    assert together([0.021, -0.00098, 0.04], (0.0,)) == ["0.0210", "-0.0010", "0.0400"]


def test_every_number_in_a_rendered_finding_is_one_of_the_judgement(
    protocol: Protocol, bare: Hypothesis
) -> None:
    for seed in range(20):
        found = judge(protocol, trials(protocol, -0.05, seed))
        assert found.effect is not None
        assert found.interval is not None
        assert found.overall_p is not None
        sentence = render(bare, found).split(" compared with ")[0]
        shown = [float(x) for x in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-\d+)?", sentence)]
        sign = -1 if found.effect < 0 else 1
        interval = sorted((sign * found.interval.low, sign * found.interval.high))
        expected = [abs(found.effect), 95, *interval, 24, found.overall_p]
        assert shown == pytest.approx(expected, abs=0.005)
