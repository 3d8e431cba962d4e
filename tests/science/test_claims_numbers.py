"""Numbers are found in every common shape, and accepted only as rounding allows."""

from __future__ import annotations

import math

import pytest

from scientist.science.claims.numbers import find, problem


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.12 and .5 and 12", [0.12, 0.5, 12]),
        ("1,234.5 of 12,000", [1234.5, 12000]),
        ("1e-4, 3×10^-4, 3 x 10^-4, 2.5E+3", [1e-4, 3e-4, 3e-4, 2500]),
        ("-0.3 and −0.3 and +0.3", [-0.3, -0.3, 0.3]),
        ("0.1 to 0.3, 0.1–0.3, 0.1-0.3", [0.1, 0.3] * 3),
        ("[0.1, 0.3] [-0.1,-0.3] (0.1,0.3)", [0.1, 0.3, -0.1, -0.3, 0.1, 0.3]),
        ("0.31 ± 0.05", [0.31, 0.05]),
        ("p<0.001 and n=24.", [0.001, 24]),
        ("20/24 pairs", [20, 24]),
        ("two of three, twenty-four, Seven", [2, 3, 24, 7]),
        ("twice, half, a third", [2, 0.5, 1 / 3]),
        ("between -1.5 and 2.", [-1.5, 2]),
    ],
)
def test_every_common_shape_is_found(text: str, values: list[float]) -> None:
    assert [number.value for number in find(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("text", "unit", "relation", "nearness", "step"),
    [
        ("12%", "%", "=", "", 1),
        ("12.5 percent", "%", "=", "", 0.1),
        ("12 percentage points", "points", "=", "", 1),
        ("2.1 times", "times", "=", "", 0.1),
        ("2.1-fold", "times", "=", "", 0.1),
        ("< 0.001", "", "<", "", 0.001),
        ("at least 0.20", "", ">=", "", 0.01),
        ("more than 3e-2", "", ">", "", 0.01),
        ("about 0.3", "", "=", "about", 0.1),
        ("almost 1,200", "", "=", "almost", 1),
        ("twice", "times", "=", "", 0),
        ("twelve", "", "=", "", 0),
    ],
)
def test_a_number_carries_its_unit_and_what_loosens_it(
    text: str, unit: str, relation: str, nearness: str, step: float
) -> None:
    (number,) = find(text)
    assert (number.text, number.unit) == (text, unit)
    assert (number.relation, number.nearness) == (relation, nearness)
    assert math.isclose(number.step, step)


@pytest.mark.parametrize(
    "text",
    ["2026-11-21", "21 November 2026", "12:30", "Table 2", "Section 3", "1st", "v1.2.3", "1. Yes"],
)
def test_dates_and_labels_are_no_measurements(text: str) -> None:
    (number,) = find(text)
    assert number.label


@pytest.mark.parametrize("text", ["x2 shifted_2 a1b", "0x1F", "none", ""])
def test_what_is_part_of_a_word_is_no_number(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "value", "accepted"),
    [
        ("0.11", 0.1123, True),
        ("0.12", 0.1123, False),
        ("0.1", 0.1123, True),
        ("0", 0.1123, False),
        ("1", 0.96, False),
        ("1.0", 0.96, True),
        ("0.13", 0.125, True),
        ("0.12", 0.125, True),
        ("0.1123", 0.11234, True),
        ("0.1124", 0.11234, False),
        ("about 0.12", 0.1123, True),
        ("about 0.13", 0.1123, False),
        ("almost 0.12", 0.1123, True),
        ("almost 0.11", 0.1123, False),
        ("just over 0.11", 0.1123, True),
        ("< 0.2", 0.1123, True),
        ("< 0.1", 0.1123, False),
        ("0.050", 0.0504, False),
        ("0.0504", 0.0504, True),
        ("twelve", 12, True),
        ("twelve", 12.1, False),
        ("-0.0", -0.01, False),
        ("1e-4", 0.000123, True),
        ("1e-3", 0.000123, False),
    ],
)
def test_only_the_value_rounded_to_the_digits_shown_is_accepted(
    text: str, value: float, accepted: bool
) -> None:
    (number,) = find(text)
    assert (problem(number, value, (0.0, 0.05)) == "") == accepted
