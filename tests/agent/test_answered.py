"""What a user who asked is told at the end: how it was read, what answers it, and who says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, scientist
from scripted import Likely
from test_asking import QUESTION, UNSURE, answer, unsure

from scientist.audit import answering
from scientist.audit.report import make
from scientist.journal import Journal
from scientist.science.claims import standing
from tests.audit import forging

READ_AS = "With samples = 30, shift = 0.8, stable lowers shifted_error compared with pooled."


def run(folder: Path, question: str, script: Any, *options: object) -> str:
    with ScriptedServer(script=script) as server:
        done = scientist(
            *("run", question, "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", folder / "w", "--endpoint", server.url, *options),
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


def report(folder: Path, campaign: str) -> str:
    with Journal(folder / "w" / "journal") as journal:
        return make(journal, campaign).markdown


def test_what_was_asked_and_tested_is_the_answer_now_and_later(tmp_path: Path) -> None:
    told = run(tmp_path, QUESTION, answer)
    assert f"  asked       {QUESTION}\n  read as     H1: {READ_AS}\n  answer      F1 " in told
    assert "chance" not in told.partition("QUESTION")[2]
    page = report(tmp_path, "C1").partition("## Summary")[0]
    assert "Read as:" in page
    assert 'Answer: "stable ' in page

    later = json.loads(run(tmp_path, QUESTION, answer, "--json"))
    assert later["question"] | {"verdict": "", "decided": ""} == {
        "asked": QUESTION,
        "read_as": "H1",
        "answer": "F1",
        "chance": None,
        "verdict": "",
        "decided": "",
    }
    assert "F1" not in [found["id"] for found in later["findings"]]
    assert 'Answer: "stable ' in report(tmp_path, "C2").partition("## Summary")[0]
    shown = scientist("hypothesis", "show", "H1", "-w", tmp_path / "w").stdout
    assert f"{QUESTION} (the question that was asked)" in shown
    assert forging.verified(tmp_path / "w").fault is None


def test_a_question_that_was_not_decided_is_not_said_to_be(tmp_path: Path) -> None:
    told = run(tmp_path, UNSURE, unsure).partition("QUESTION")[2]
    assert "answer      F1 INCONCLUSIVE: " in told
    assert "(not decided)" in told
    assert standing.UNDECIDED in report(tmp_path, "C1")


def test_what_a_model_takes_for_an_answer_is_said_to_be_its_reading(tmp_path: Path) -> None:
    def taken(request: dict[str, Any]) -> Any:
        if "response_format" not in request:
            letters = request["structured_outputs"]["choice"]
            return Likely({letter: 0.98 if letter == "A" else 0.01 for letter in letters})
        return propose(request)

    told = run(tmp_path, "what of it?", taken).partition("QUESTION")[2]
    assert "read as" not in told
    assert "(that it is one is the model's reading, chance 0.98)" in told
    assert standing.TAKEN_FOR_ANSWER in report(tmp_path, "C1")


def test_that_nothing_answers_is_said_too(tmp_path: Path) -> None:
    told = run(tmp_path, "what of it?", propose).partition("QUESTION")[2]
    assert "answer      none: nothing that was found is one" in told
    assert standing.NO_ANSWER in report(tmp_path, "C1")


def test_without_a_question_there_is_no_answer(tmp_path: Path) -> None:
    with ScriptedServer([propose]) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url, "--json"),
        )
    assert json.loads(done.stdout)["question"] is None
    with Journal(tmp_path / "w" / "journal") as journal:
        assert answering.of(journal, "C1") is None


@pytest.mark.parametrize("other", ["H2", "H9"])
def test_another_reading_than_the_models_is_found(tmp_path: Path, other: str) -> None:
    run(tmp_path, QUESTION, answer)
    run(tmp_path, QUESTION, answer)  # H2 is the model's own, about something else
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "w", copy)

    def change(data: dict[str, Any]) -> None:
        if data.get("about"):
            data["about"] = other

    forging.altered("reasoned", change)(copy)
    fault = forging.verified(copy).fault
    assert fault is not None
    assert other in fault.problem
