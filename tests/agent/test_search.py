"""Several hypotheses alive at once: what is chosen, what runs beside what, what is followed up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, family, propose, running, runs, scientist
from scripted import Likely
from waiting import until

from scientist.journal import Entry, Journal, project

QUESTION = "do learners pick up causes or spurious features when the cue is reversed?"


def three(request: dict[str, Any]) -> dict[str, Any]:
    """Three hypotheses of different confidence."""
    proposed = propose(request)
    first, second = proposed["hypotheses"]
    settings = list(family(request).settings())
    third = {**first, "conditions": [settings[0]], "confidence": "even"}
    return {**proposed, "hypotheses": [first, {**second, "confidence": "very likely"}, third]}


def run(
    folder: Path, script: Any, *more: object, question: str | None = None, **settings: str
) -> tuple[list[Entry], str]:
    with ScriptedServer(script=script) as server:
        done = scientist(
            *("run", *([question] if question else []), "--essays", essays(folder / "e")),
            *("--pairs", 8, "-w", folder / "w", "--endpoint", server.url, *more),
            **{"SCIENTIST_AT_ONCE": "2", **settings},
        )
    assert done.returncode == 0, done.stderr
    with Journal(folder / "w" / "journal") as journal:
        return list(journal.entries()), done.stderr


def at(entries: list[Entry], kind: str) -> list[int]:
    return [entry.seq for entry in entries if entry.kind == kind]


def test_experiments_of_one_round_run_side_by_side_while_the_model_thinks(tmp_path: Path) -> None:
    entries, _ = run(tmp_path, propose, "--rounds", 2)
    started, finished = at(entries, "experiment_started"), at(entries, "experiment_finished")
    assert started[1] < finished[0]  # both were launched before one was collected
    calls = [e for e in entries if e.kind == "model_called" and e.data["prompt"] == "hypothesize"]
    assert started[0] < calls[1].seq < finished[0]  # the next round was thought about meanwhile
    phases = [e.data["phase"] for e in entries if e.kind == "phase_started"]
    assert phases.count("ahead") == 2
    assert len(calls) == 2  # what was thought ahead is not asked again


def test_what_is_worth_most_is_tested_first_and_the_rest_stays_alive(tmp_path: Path) -> None:
    entries, _ = run(tmp_path, three, "--rounds", 2, SCIENTIST_AT_ONCE="1")
    chosen = [e.data for e in entries if e.kind == "hypothesis_selected"]
    proposed = {
        e.data["hypothesis"]["id"]: e.data["hypothesis"]
        for e in entries
        if e.kind == "hypothesis_proposed"
    }
    assert proposed[chosen[0]["hypothesis"]]["prior"] == 0.5  # the least certain says most
    parts = chosen[0]["scores"]
    assert set(parts) == {"information", "novelty", "coverage", "relevance", "cost", "value"}
    assert parts["relevance"] == 1.0  # there is no question
    product = parts["information"] * parts["novelty"] * parts["coverage"]
    assert abs(parts["value"] - (product - 0.5 * parts["cost"])) < 1e-3
    assert "of 3 untested" in chosen[0]["reason"]
    assert len({one["hypothesis"] for one in chosen}) == len(chosen) == 2


@pytest.mark.parametrize("first", [0, 1])
def test_what_comes_nearest_to_the_question_is_tested_first(tmp_path: Path, first: int) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        proposed = propose(request)
        if "hypotheses" not in proposed:
            return proposed
        asked = {
            **proposed["hypotheses"][0],
            "comparison": "stable against pooled",
            "metric": "shifted_error",
            "conditions": ["shift = 0.8"],
            "confidence": "even",
        }
        beside = {**asked, "comparison": "reweighted against pooled", "metric": "familiar_error"}
        pair = [asked, beside]
        return {**proposed, "hypotheses": [pair[first], pair[1 - first]]}

    question = "At shift = 0.8, what do stable and pooled do to the shifted_error?"
    entries, _ = run(tmp_path, answer, "--rounds", 1, question=question, SCIENTIST_AT_ONCE="1")
    (chosen,) = [e.data for e in entries if e.kind == "hypothesis_selected"]
    with Journal(tmp_path / "w" / "journal") as journal:
        tested = project.hypothesis(journal, chosen["hypothesis"]).record
    assert (tested.treatment, tested.metric) == ("stable", "shifted_error")
    assert chosen["scores"]["relevance"] == 1.0


def surprised() -> Any:
    """Firmly expects the opposite of what will come out, each time under another condition."""
    asked: list[int] = []

    def answer(request: dict[str, Any]) -> Any:
        if "response_format" not in request:
            return Likely({"C": 0.9, "B": 0.06, "A": 0.04})
        proposed = propose(request)
        if "hypotheses" not in proposed:
            return proposed
        asked.append(1)
        kit = family(request)
        settings = list(kit.settings())
        wrong = {
            **proposed["hypotheses"][0],
            "direction": "increase" if kit.default.direction == "decrease" else "decrease",
            "confidence": "very likely",
            "conditions": [settings[-len(asked)]],
            "metric": kit.default.metric,
        }
        return {**proposed, "hypotheses": [wrong]}

    return answer


def test_a_surprise_is_looked_into_next_and_only_once(tmp_path: Path) -> None:
    entries, said = run(
        tmp_path, surprised(), "--rounds", 3, question=QUESTION, SCIENTIST_AT_ONCE="1"
    )
    found = [e.data["finding"] for e in entries if e.kind == "finding_recorded"]
    assert found[0]["judgement"]["verdict"] == "refuted", found[0]["statement"]
    assert f"since {found[0]['id']} came out otherwise" in said
    proposed = [e.data["hypothesis"] for e in entries if e.kind == "hypothesis_proposed"]
    parents = [one["parent_finding"] for one in proposed]
    assert parents.count("F1") >= 1
    asked = [
        e.data["text"] for e in entries if e.kind == "reasoned" and e.data["phase"] == "survey"
    ]
    assert sum("since F1 came out otherwise" in text for text in asked) == 1


def answered(request: dict[str, Any]) -> Any:
    if "response_format" not in request:
        return Likely({"A": 0.95, "B": 0.03, "C": 0.02})
    return propose(request)


def test_an_answered_question_ends_the_campaign(tmp_path: Path) -> None:
    entries, said = run(tmp_path, answered, "--rounds", 5, question=QUESTION)
    closed = next(e.data for e in entries if e.kind == "campaign_closed")
    assert closed["outcome"] == "completed"
    assert "answers the question" in closed["reason"]
    assert closed["rounds"] < 5
    assert "answered   by F" in said


def test_findings_that_were_shown_are_cited_or_waived(tmp_path: Path) -> None:
    def citing(request: dict[str, Any]) -> Any:
        if "response_format" not in request:
            return Likely({"C": 0.9, "B": 0.06, "A": 0.04})
        proposed = propose(request)
        shown = "- F1:" in request["messages"][1]["content"]
        for one in proposed.get("hypotheses", ()):
            if shown:
                one["builds_on"] = ["F1"]
        return proposed

    entries, _ = run(tmp_path, citing, "--rounds", 3, question=QUESTION, SCIENTIST_AT_ONCE="1")
    proposed = [e.data["hypothesis"] for e in entries if e.kind == "hypothesis_proposed"]
    assert any(one["builds_on"] == ["F1"] for one in proposed)
    waived = [
        e.data["text"] for e in entries if e.kind == "reasoned" and "waived" in e.data["text"]
    ]
    assert not any("F1" in text for text in waived)


def test_the_order_of_proposals_does_not_decide(tmp_path: Path) -> None:
    def turned(request: dict[str, Any]) -> dict[str, Any]:
        proposed = three(request)
        return {**proposed, "hypotheses": proposed["hypotheses"][::-1]}

    def first(folder: str, script: Any) -> str:
        entries, _ = run(tmp_path / folder, script, "--rounds", 1, SCIENTIST_AT_ONCE="1")
        chosen = next(e.data["hypothesis"] for e in entries if e.kind == "hypothesis_selected")
        return next(
            e.data["hypothesis"]["statement"]
            for e in entries
            if e.kind == "hypothesis_proposed" and e.data["hypothesis"]["id"] == chosen
        )

    assert first("one", three) == first("other", turned)


def test_experiments_in_flight_end_with_a_campaign_that_is_stopped(tmp_path: Path) -> None:
    asked: list[int] = []

    def slow(request: dict[str, Any]) -> Any:
        asked.append(1)
        if len(asked) > 1:
            raise ConnectionError  # the server breaks while experiments run
        return propose(request)

    with ScriptedServer(script=slow) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 3, "--pairs", 40),
            *("-w", tmp_path / "w", "--endpoint", server.url),
            SCIENTIST_AT_ONCE="2",
        )
    assert done.returncode == 3, done.stderr
    assert runs(tmp_path / "w")
    until(lambda: not running(tmp_path / "w"))
    with ScriptedServer(script=propose) as server:
        again = scientist("run", "--resume", "-w", tmp_path / "w", "--endpoint", server.url)
    assert again.returncode == 0, again.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        assert all(not view.record.deviations for view in project.findings(journal))
