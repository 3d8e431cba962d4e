"""A stated sentence becomes typed where its form is known, and stays text where it is not."""

from __future__ import annotations

import pytest

from scientist.agent.stating import read
from scientist.errors import UsageError
from scientist.lab.kits import load
from scientist.records import Assertion, Range, Says, Source, Way

KITS = (load("causal_features"), load("compositional_recombination"))
USER = Source(kind="user", address="command line")


def said(text: str) -> Assertion:
    return read("A1", text, USER, KITS, 0.5)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("shift = 1", Range(low=1, high=1)),
        ("shift is 0.5", Range(low=0.5, high=0.5)),
        ("shift from 0.4 to 1", Range(low=0.4, high=1)),
        ("shift between 0.4 and 1", Range(low=0.4, high=1)),
        ("shift >= 0.4", Range(low=0.4)),
        ("shift of at least 0.4", Range(low=0.4)),
        ("shift > 0.4", Range(low=0.4, open_low=True)),
        ("shift below 4e-1", Range(high=0.4, open_high=True)),
        ("shift <= 0.4", Range(high=0.4)),
    ],
)
def test_where_a_comparison_holds_is_read(condition: str, wanted: Range) -> None:
    text = "stable lowers shifted_error compared with pooled"
    for sentence in (f"{text} for {condition}.", f"With {condition}, {text}."):
        found = said(sentence)
        assert found.says is Says.COMPARISON
        assert found.scope.world == "causal_features"
        assert found.scope.ranges == {"shift": wanted}
        assert (found.treatment, found.control) == ("stable", "pooled")
        assert found.metric == "shifted_error"
        assert found.way is Way.DECREASE


def test_several_conditions_are_all_read() -> None:
    found = said(
        "stable raises shifted_error against pooled when shift between 0 and 0.2 and samples >= 100"
    )
    assert found.way is Way.INCREASE
    assert found.scope.ranges == {"shift": Range(low=0, high=0.2), "samples": Range(low=100)}


def test_two_conditions_on_one_parameter_hold_together() -> None:
    text = "stable lowers shifted_error compared with pooled"
    found = said(f"With shift >= 0.2, {text} for shift < 0.5 and samples = 100")
    assert found.scope.ranges["shift"] == Range(low=0.2, high=0.5, open_high=True)
    with pytest.raises(UsageError, match="no value of shift"):
        said(f"{text} for shift >= 0.5 and shift <= 0.2")


def test_no_change_means_less_than_what_anybody_would_care_about() -> None:
    found = said("stable does not change familiar_error compared with pooled")
    assert found.way is Way.SAME
    assert found.margin == KITS[0].smallest_effect("familiar_error")


def test_a_status_is_read() -> None:
    found = said("h3 is refuted")
    assert (found.says, found.subject, found.attribute) == (Says.STATUS, "H3", "refuted")


@pytest.mark.parametrize(
    "text",
    [
        "Stability pays.",
        "nobody lowers shifted_error compared with pooled",
        "stable lowers novel_error compared with pooled",
        "stable lowers shifted_error compared with stable",
    ],
)
def test_what_is_no_comparison_of_a_kit_stays_text(text: str) -> None:
    found = said(text)
    assert found.says is Says.TEXT
    assert found.text == text
    assert not found.treatment


@pytest.mark.parametrize(
    "text",
    [
        "stable lowers shifted_error compared with pooled for luck = 1",
        "stable lowers shifted_error compared with pooled for large shift",
        "stable lowers shifted_error compared with pooled for shift = 1e999",
        "  ",
        "half a letter: \udcff",
        "x" * 2001,
    ],
)
def test_what_cannot_be_read_is_refused_not_dropped(text: str) -> None:
    with pytest.raises(UsageError):
        said(text)


def test_arms_of_several_kits_need_the_kit_named() -> None:
    both = (KITS[0], KITS[0].model_copy(update={"name": "other"}))
    text = "stable lowers shifted_error compared with pooled"
    with pytest.raises(UsageError, match="several kits"):
        read("A1", text, USER, both, 0.5)
    assert read("A1", f"{text} in other", USER, both, 0.5).scope.world == "other"
