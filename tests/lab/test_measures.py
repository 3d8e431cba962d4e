"""Which metric a question means, and which way it is asked to go."""

from __future__ import annotations

import pytest
from memory.words import Words

from scientist.lab import measures
from scientist.lab.kits import Metric, load

KIT = load("causal_features")
embed = Words(dimension=4096).embed
QUESTION = "Does stable leave less weight on spurious features than pooled?"


def said(asked: str, metric: str = "shifted_error", direction: str = "decrease") -> dict[str, str]:
    return {
        "tried": "stable",
        "compared_with": "pooled",
        "asked": asked,
        "metric": metric,
        "direction": direction,
    }


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("does stable lower the shifted_error?", ["shifted_error"]),
        (
            "is the Shifted error lower than the familiar error?",
            ["shifted_error", "familiar_error"],
        ),
        ("does it lower the error?", list(KIT.metrics)),
        ("does it lower the shifted_errors or the non-shifted_error?", list(KIT.metrics)),
    ],
)
def test_a_metric_that_is_named_in_full_is_meant(question: str, meant: list[str]) -> None:
    assert list(measures.possible(KIT, question)) == meant


def test_words_that_a_description_has_outweigh_what_the_model_calls_them() -> None:
    asked = said("leave less weight on spurious features")
    assert measures.meant(KIT, QUESTION, asked, embed) == "spurious_reliance"


def test_a_metric_named_in_full_outweighs_every_word() -> None:
    question = f"{QUESTION} And the familiar error?"
    asked = said("leave less weight on spurious features")
    assert measures.meant(KIT, question, asked, embed) == "familiar_error"


@pytest.mark.parametrize("words_", ["rain in spring", "stable", "pooled"])
def test_where_the_question_has_no_words_for_it_the_model_decides(words_: str) -> None:
    asked = said(words_, "intervention_error", "increase")
    question = "Does stable do any better than pooled?"
    assert measures.asked(question, asked) == ""
    assert measures.meant(KIT, question, asked, embed) == "intervention_error"
    assert measures.direction(KIT.metrics["intervention_error"], QUESTION, asked) == "increase"


@pytest.mark.parametrize(
    ("text", "lower", "higher"),
    [
        ("make fewer mistakes", "decrease", "increase"),
        ("make more mistakes", "increase", "decrease"),
        ("get more answers right", "decrease", "increase"),
        ("is worse on the very first job", "increase", "decrease"),
        ("do better", "decrease", "increase"),
        ("bring them further from their twins", "increase", "increase"),
        ("reduce what is left over", "decrease", "decrease"),
        ("throw away more honest interactions", "increase", "increase"),
        ("leave less weight on features that fail", "decrease", "increase"),
    ],
)
def test_the_first_word_that_says_which_way_counts(text: str, lower: str, higher: str) -> None:
    for better, way in (("lower", lower), ("higher", higher)):
        metric = Metric(description="what is counted", better=better, smallest_effect=0.1)
        for model in ("increase", "decrease"):
            asked = said(text, direction=model)
            assert measures.direction(metric, f"Does this {text}?", asked) == way


@pytest.mark.parametrize("model", ["increase", "decrease"])
def test_where_no_word_says_which_way_the_model_does(model: str) -> None:
    asked = said("reach new goals", direction=model)
    metric = KIT.metrics["shifted_error"]
    assert measures.direction(metric, "Does it reach new goals?", asked) == model
