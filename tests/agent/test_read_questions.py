"""Which arms words mean: by their meaning, and by what a model calls them beyond its habits."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from campaigns import reading
from memory.words import Words
from scripted import MODEL, Likely, ScriptedServer

from scientist.agent.reading import Read, Reader, placed, sides
from scientist.lab import other_words
from scientist.lab.kits import load
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, Handle
from scientist.settings import Settings

KIT = load("causal_features")
QUESTION = "Do {} lower the error after the cue is shifted, compared with {}?"
embed = Words(dimension=4096).embed
POOLED = "all environments as one data set"


def read(
    tried: str,
    calls: Callable[[str], dict[str, float]],
    asked: str | None = None,
    other: str = POOLED,
) -> Read | None:
    """What becomes of a question, where a model calls words by names with some chances."""

    def script(request: dict[str, Any]) -> Any:
        if "response_format" in request:
            fields = request["response_format"]["json_schema"]["schema"]["properties"]
            there = "shifted_error" in fields["metric"]["enum"]
            return reading(request, tried, POOLED, **{"metric": "shifted_error"} if there else {})
        words = re.search(r"In other words: (.*)", request["messages"][1]["content"])
        assert words
        return Likely(calls(words[1]))

    settings = Settings(retries=1, request_timeout=5, connect_timeout=1, concurrency=1)
    with ScriptedServer(script=script) as server:
        handle = Handle(Endpoint(server.url, "none", MODEL, "external"))
        with Client(handle, settings) as client:
            return Reader(client, embed).read(QUESTION.format(asked or tried, other))


def even(_: str) -> dict[str, float]:
    return dict.fromkeys(KIT.arms, 1 / len(KIT.arms))


def test_a_name_that_a_model_always_likes_is_no_answer() -> None:
    def habit(_: str) -> dict[str, float]:
        return {"informed": 0.97, "pooled": 0.01, "stable": 0.01, "reweighted": 0.01}

    tried = "features whose weight passes a test"
    for calls in (habit, even):
        found = read(tried, calls)
        assert found
        assert (found.kit, found.treatment, found.control, found.rival) == (
            *(KIT.name, "stable", "pooled", None),
        )
        assert found.told() == f"“{tried}” is stable; “{POOLED}” is pooled"


@pytest.mark.parametrize("meant", ["stable", "reweighted"])
def test_where_words_could_mean_several_arms_the_name_decides(meant: str) -> None:
    tried = "features with weight loss"

    def calls(words: str) -> dict[str, float]:
        return even(words) if words != tried else {**dict.fromkeys(KIT.arms, 0.01), meant: 0.97}

    found = read(tried, calls)
    assert found
    assert (found.treatment, found.control) == (meant, "pooled")


def test_a_reading_that_is_not_sure_tells_how_to_test_the_other() -> None:
    found = read("features", even)
    assert found
    assert found.rival
    treatment, control = found.rival
    assert (treatment, control) != (found.treatment, found.control)
    assert found.told().endswith(
        f"not sure: for {treatment} against {control} run scientist kit run causal_features "
        f"--treatment {treatment} --control {control} --metric shifted_error --direction decrease"
    )


def test_what_a_model_makes_up_gives_way_to_the_words_of_the_question() -> None:
    found = read("rain in spring", even, asked="features whose weight passes a test")
    assert found
    assert found.words == (
        "Do features whose weight passes a test lower the error after the cue is shifted",
        POOLED,
    )
    assert "rain" not in found.told()


def test_what_no_family_compares_is_not_read_whatever_a_model_makes_up() -> None:
    assert read("features whose weight passes a test", even, asked="old cues", other="rain") is None


BONUS = (
    "On a grid of 12, do fear and boredom bring more pay than a bonus that falls with each visit?"
)
FIRST = "Compared with a judge, does a vote err less than at random?"
WITH = "With a test of lies, are there more right answers than with searching?"
FLAWS = "If lies please more than truth, does searching give more right answers than training?"


@pytest.mark.parametrize(
    ("question", "tried", "other", "found"),
    [
        (
            *(BONUS, "fear and boredom", "a bonus that falls"),
            ("fear and boredom", "a bonus that falls"),
        ),
        (
            *(BONUS, "a falling bonus that falls with visit", "boredom, and fear"),
            ("boredom, and fear", "a falling bonus that falls with visit"),
        ),
        (
            *(BONUS, "fear and boredom", "fear and boredom"),
            ("fear and boredom", "a bonus that falls with each visit"),
        ),
        (FLAWS, "searching", "training", ("searching", "training")),
        (FLAWS, "training", "searching", ("searching", "training")),
        (FLAWS, "lies please", "training", ("does searching give more right answers", "training")),
        (WITH, "a test of lies", "searching", ("a test of lies", "searching")),
        (FIRST, "a vote", "a judge", ("a vote", "a judge")),
        (FIRST, "a judge", "a vote", ("a vote", "a judge")),
        ("Is it a vote or a judge?", "a judge", "a vote", ("a judge", "a vote")),
    ],
)
def test_what_is_compared_with_stands_after_than(
    question: str, tried: str, other: str, found: tuple[str, str]
) -> None:
    assert placed(question, tried, other) == found


@pytest.mark.parametrize("arm", [name for name in KIT.arms if name != "pooled"])
def test_an_arm_is_known_by_what_people_call_it(arm: str) -> None:
    phrases = other_words.of(KIT.name).arms[arm]
    read_ = [found for phrase in phrases if (found := read(phrase, even))]
    arms = [(found.treatment, found.control) for found in read_ if found.kit == KIT.name]
    assert len(arms) > len(phrases) / 2
    assert set(arms) == {(arm, "pooled")}


@pytest.mark.parametrize(
    ("question", "words", "around"),
    [
        ("Does a red hat err less than a hat of wool?", ("red hat", "hat of wool"), (0, 1)),
        ("Does a red hat err less than a hat of wool?", ("hat of wool", "red hat"), (1, 0)),
        ("Does a red hat err less than a hat of wool?", ("rain", "snow"), (0, 1)),
    ],
)
def test_around_words_stands_their_side_of_the_question(
    question: str, words: tuple[str, str], around: tuple[int, int]
) -> None:
    halves = question.split(" than ")
    assert sides(question, words) == tuple(halves[place] for place in around)


def test_a_question_without_two_sides_has_only_the_words() -> None:
    assert sides("Which hat is best?", ("red hat", "wool")) == ("red hat", "wool")
    turned = "Compared with a hat of wool, does a red one err less?"
    tried, other = sides(turned, ("red one", "hat of wool"))
    assert (tried, other) == (" does a red one err less?", "a hat of wool")
