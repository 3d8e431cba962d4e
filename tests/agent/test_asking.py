"""What is asked is tested first, as it was asked; what cannot be read is searched around."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, reading, scientist
from pydantic import ValidationError
from scripted import Likely

from scientist.agent.reading import Read, schema
from scientist.journal import Entry, Journal
from scientist.lab import wording
from scientist.lab.kits import load
from tests.audit import forging

QUESTION = (
    "Does keeping features of stable weight lower the error after the cue has turned by 80%, "
    "compared with pooling all environments, with 30 samples?"
)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("does it hold at shift 0.8?", {"0.8": 0.8}),
        ("with 40% poison and 8 jobs", {"40%": 0.4, "8": 8.0}),
        ("from -2 to 3.5.", {"-2": -2.0, "3.5": 3.5}),
        ("is F1 right in 1,000 worlds, or version 1.2.3?", {}),
        ("no number at all", {}),
    ],
)
def test_numbers_of_a_question_are_read_as_written(question: str, found: dict[str, float]) -> None:
    assert wording.numbers(question) == found


def test_a_number_goes_to_what_allows_it_or_is_named_before_it() -> None:
    kit = load("causal_features")
    able = wording.able(kit, "At shift = 0.8, with 5 environments and 7000 stars")
    assert able["0.8"] == ("shift",)
    assert "environments" in able["5"]
    assert able["5"][-1] == wording.NOTHING
    assert "7000" not in able


def test_an_answer_can_name_only_what_is_there() -> None:
    kit = load("causal_features")
    asked = "At shift 0.8, does stable lower the error compared with pooled?"
    shape = schema(kit, asked)
    fields = {"tried": "stable", "compared_with": "pooled", "asked": "the error"}
    fields |= {"metric": "shifted_error", "direction": "decrease", "0.8 is": "shift"}
    shape.model_validate(fields)
    for wrong in ({"metric": "beauty"}, {"0.8 is": "samples"}, {"0.9 is": "shift"}):
        with pytest.raises(ValidationError):
            shape.model_validate({**fields, **wrong})
    hypothesis = Read(asked, kit.name, "stable", "pooled", "shifted_error", fields).hypothesis()
    assert hypothesis.statement == (
        "With shift = 0.8, stable lowers shifted_error compared with pooled."
    )
    assert hypothesis.rationale == asked


def answer(request: dict[str, Any]) -> Any:
    """Reads the question well, and is unsure which arms are meant."""
    if "response_format" not in request:
        letters = request["structured_outputs"]["choice"]
        return Likely(dict.fromkeys(letters, 1 / len(letters)))
    if request["response_format"]["json_schema"]["name"] != "Reading":
        return propose(request)
    tried, control = "keeping features of stable weight", "pooling all environments"
    bound = {"80% is": "shift", "30 is": "samples"}
    return reading(request, tried, control, metric="shifted_error", **bound)


def run(
    folder: Path, question: str, script: Any = answer, rounds: int = 1, pairs: int | None = 8
) -> list[Entry]:
    fixed = () if pairs is None else ("--pairs", pairs)
    with ScriptedServer(script=script) as server:
        done = scientist(
            *("run", question, "--essays", essays(folder / "e"), "--rounds", rounds),
            *(*fixed, "-w", folder / "w", "--endpoint", server.url),
            SCIENTIST_MOST_PAIRS="8",
        )
    assert done.returncode == 0, done.stderr
    with Journal(folder / "w" / "journal") as journal:
        return list(journal.entries())


def of(entries: list[Entry], kind: str) -> list[dict[str, Any]]:
    return [entry.data for entry in entries if entry.kind == kind]


def test_what_is_asked_is_tested_first_and_only_once(tmp_path: Path) -> None:
    entries = run(tmp_path, QUESTION)
    (asked,) = of(entries, "hypothesis_proposed")
    hypothesis = asked["hypothesis"]
    assert hypothesis["statement"] == (
        "With samples = 30, shift = 0.8, stable lowers shifted_error compared with pooled."
    )
    assert of(entries, "hypothesis_selected")[0]["reason"] == "tested first: it is what was asked"
    assert of(entries, "finding_recorded")[0]["finding"]["hypothesis"] == hypothesis["id"]
    assert "hypothesize" not in {call["prompt"] for call in of(entries, "model_called")}

    entries = run(tmp_path, QUESTION)
    told = [one["text"] for one in of(entries, "reasoned") if one["phase"] == "survey"]
    assert any("what is asked was tested before, as H1" in one for one in told)
    assert len(of(entries, "hypothesis_proposed")) > 1  # it went on around the question

    verified = scientist("audit", "verify", "--deep", "-w", tmp_path / "w", "--json")
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["checked"]["answers that lead to their hypothesis"] > 1


def read_as(copy: Path, **other: Any) -> str:
    """What the audit says where the first hypothesis was given other words."""
    forging.altered("hypothesis_proposed", lambda data: data["hypothesis"].update(other))(copy)
    fault = forging.verified(copy).fault
    return fault.problem if fault else ""


def test_a_reading_that_was_changed_is_found(tmp_path: Path) -> None:
    run(tmp_path, QUESTION)
    for number, (other, problem) in enumerate(
        (
            ({"rationale": "Does it?"}, "H1 answers a question that the model was not asked"),
            ({"direction": "increase"}, "H1"),
        )
    ):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "w", copy)
        assert problem in read_as(copy, **other)


def test_a_reading_in_a_fence_is_one_for_the_audit_too(tmp_path: Path) -> None:
    def fenced(request: dict[str, Any]) -> Any:
        found = answer(request)
        if not isinstance(found, dict):
            return found
        return f"```json\n{json.dumps(found)}\n```"

    entries = run(tmp_path, QUESTION, fenced)
    assert "it is what was asked" in of(entries, "hypothesis_selected")[0]["reason"]
    assert forging.verified(tmp_path / "w").fault is None


UNSURE = (
    "Does keeping features of stable weight lower the error after the cue has turned, "
    "compared with pooling all environments, with 50 samples?"
)


def unsure(request: dict[str, Any]) -> Any:
    """Reads a question whose answer few pairs do not show."""
    found = answer(request)
    if not isinstance(found, dict) or "tried" not in found:
        return found
    return reading(
        request,
        found["tried"],
        found["compared_with"],
        metric="shifted_error",
        **{"50 is": "samples"},
    )


def test_what_few_pairs_do_not_decide_is_tested_again_with_more(tmp_path: Path) -> None:
    entries = run(tmp_path, UNSURE, unsure, rounds=3, pairs=None)
    first, again, *_ = (one["finding"] for one in of(entries, "finding_recorded"))
    assert first["judgement"]["verdict"] == "inconclusive"
    assert again["hypothesis"] == first["hypothesis"] == "H1"
    few, more, *_ = (one["protocol"] for one in of(entries, "protocol_sealed"))
    pairs = len(few["seeds"])
    assert len(more["seeds"]) == 4 * pairs
    assert of(entries, "hypothesis_selected")[1]["reason"] == (
        f"tested again with more pairs: it is what was asked, and {pairs} did not decide it"
    )
    assert not set(few["seeds"]) & set(more["seeds"])
    assert more["level"] < few["level"]  # the budget that all tests share is spent on both
    assert again["judgement"]["verdict"] == "inconclusive"
    told = [one["text"] for one in of(entries, "reasoned") if one["phase"] == "survey"]
    assert any("which is what was asked, but it was tested 2 times" in one for one in told), told
    assert forging.verified(tmp_path / "w").fault is None


def test_what_is_asked_again_in_another_campaign_is_tested_with_more(tmp_path: Path) -> None:
    run(tmp_path, UNSURE, unsure, pairs=None)
    entries = run(tmp_path, UNSURE, unsure)  # so many pairs are asked for, and no more
    told = [one["text"] for one in of(entries, "reasoned") if one["phase"] == "survey"]
    assert any("but the number of pairs is set to 8" in one for one in told), told
    assert of(entries, "hypothesis_selected")[1]["hypothesis"] != "H1"

    entries = run(tmp_path, UNSURE, unsure, pairs=None)
    assert of(entries, "hypothesis_selected")[2]["hypothesis"] == "H1"
    first, *_, again = (len(one["protocol"]["seeds"]) for one in of(entries, "protocol_sealed"))
    assert again == 4 * first


def test_what_no_family_compares_is_searched_around(tmp_path: Path) -> None:
    entries = run(tmp_path, "Does seven taste better than blue?", propose)
    told = [one["text"] for one in of(entries, "reasoned") if one["phase"] == "survey"]
    assert "no family at hand compares what is asked: the search is around it" in told
    chosen = [one["reason"] for one in of(entries, "hypothesis_selected")]
    assert chosen
    assert not any("what was asked" in reason for reason in chosen)


def test_one_parameter_has_one_value(tmp_path: Path) -> None:
    def confused(request: dict[str, Any]) -> Any:
        found = answer(request)
        if not isinstance(found, dict) or "tried" not in found:
            return found
        kept = {name: said for name, said in found.items() if name != "30 is"}
        return {**kept, "80% is": "shift", "0.3 is": "shift"}

    entries = run(tmp_path, QUESTION.replace("30 samples", "a share of 0.3"), confused)
    told = [one["text"] for one in of(entries, "reasoned") if one["phase"] == "survey"]
    assert "the question was not read: shift cannot be 0.8 and 0.3 at once." in told, told
    assert of(entries, "finding_recorded")
