"""Claims that contradict each other: found, mended, decided by another test; from the CLI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, scientist
from scripted import Likely

from scientist.events import FindingRecorded
from scientist.journal import Journal, project
from scientist.records import Direction, Interval, Verdict

CLAIM = "stable lowers shifted_error compared with pooled for shift from 0 to 1"


def answer(*arguments: object, code: int = 0) -> Any:
    """The JSON of a command that ends with this code."""
    done = scientist(*arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_finding_narrows_a_general_claim_and_nothing_is_deleted(tmp_path: Path) -> None:
    here = ("-w", tmp_path / "w")
    made = answer("claim", "add", CLAIM, *here)
    assert made["claim"]["says"] == "comparison"
    assert made["conflicts"] == []
    again = scientist("claim", "add", CLAIM, *here)
    assert again.returncode == 2
    assert "on record as A1" in again.stderr

    tested = answer(*("kit", "run", "causal_features", "--param", "shift=0", "--pairs", 10), *here)
    (finding,) = tested["findings"]
    assert finding["conflicts"] == ["K1"]
    found = answer("check", *here)
    (conflict,) = found["conflicts"]
    assert (conflict["rule"], conflict["open"], conflict["on_record"]) == ("sign flip", False, True)
    assert conflict["resolution"]["how"] == "rescope"

    shown = answer("claim", "show", "a1", *here)
    assert shown["standing"] == "narrowed (K1)"
    assert shown["scope"]["ranges"]["shift"]["open_low"]
    assert not shown["said_scope"]["ranges"]["shift"]["open_low"]
    assert [moment["what"] for moment in shown["history"]] == ["said", "conflict", "narrowed"]

    said = scientist("check", CLAIM.replace("from 0 to 1", "= 0") + ".", *here)
    assert said.returncode == 1
    assert "conflict: sign flip" in said.stdout
    assert "F1" in said.stdout

    pinned = scientist("claim", "pin", "A1", *here)
    assert pinned.returncode == 0, pinned.stderr
    held = answer("claim", "show", "A1", *here)
    assert held["standing"] == "pinned"
    assert not held["scope"]["ranges"]["shift"]["open_low"]
    assert answer("claim", "show", "F1", *here)["standing"] == "given up (K1)"
    assert scientist("claim", "unpin", "A1", *here).returncode == 0
    assert answer("claim", "show", "A1", *here)["standing"] == "narrowed (K1)"
    assert answer("claim", "show", "F1", *here)["standing"] == "stands"
    assert scientist("audit", "verify", "--deep", *here).returncode == 0


def test_findings_that_agree_along_a_parameter_become_a_reflection(tmp_path: Path) -> None:
    here = ("-w", tmp_path / "w")
    for shift in (0.8, 1):
        answer(
            *("kit", "run", "causal_features", "--param", f"shift={shift}", "--pairs", 10), *here
        )
    claims = {one["id"]: one for one in answer("claim", "list", *here)}
    (reflection,) = [one for one in claims.values() if one["source"]["kind"] == "reflection"]
    assert reflection["source"]["address"] == "F1,F2"
    assert reflection["way"] == "decrease"
    low, high = (reflection["scope"]["ranges"]["shift"][end] for end in ("low", "high"))
    assert (low, high) == (0.8, 1.0)
    assert reflection["weight"] < min(claims[name]["weight"] for name in ("F1", "F2"))
    opposed = answer(
        *("claim", "add", "stable raises shifted_error compared with pooled for shift = 0.9"), *here
    )
    (conflict,) = opposed["conflicts"]
    assert reflection["id"] in conflict["members"]


@pytest.fixture(scope="module")
def contradicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which a second finding says the opposite of the first."""
    workspace = tmp_path_factory.mktemp("contradicted") / "w"
    answer(*("kit", "run", "causal_features", "--param", "shift=0", "--pairs", 10, "-w", workspace))
    with Journal(workspace / "journal", write=True) as journal:
        first = project.finding(journal, "F1").record
        interval = first.judgement.interval
        assert first.judgement.effect
        assert interval
        turned = first.judgement.model_copy(
            update={
                "verdict": Verdict.SUPPORTED,
                "effect": -first.judgement.effect,
                "interval": Interval(
                    low=-interval.high, high=-interval.low, confidence=0.95, method="BCa"
                ),
            }
        )
        second = first.model_copy(
            update={"id": "F2", "judgement": turned, "direction": Direction.DECREASE}
        )
        journal.append(FindingRecorded(finding=second), "C1", sync=True)
    return workspace


def test_two_findings_of_one_question_that_differ_are_told_apart_by_a_third(
    contradicted: Path, tmp_path: Path
) -> None:
    here = ("-w", contradicted)
    before = answer("check", *here, code=1)["conflicts"]
    exact = next(one for one in before if set(one["members"]) == {"F1", "F2"})
    assert not exact["on_record"]
    after = answer("check", "--mend", *here, code=1)["conflicts"]
    waiting = [one for one in after if one["waits_for"] == "H1"]
    assert waiting
    assert all(one["on_record"] for one in after)

    with ScriptedServer(script=propose) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 10),
            *("--endpoint", server.url),
            *here,
        )
    assert done.returncode == 0, done.stderr
    assert "an open conflict waits for it" in done.stderr
    with Journal(contradicted / "journal") as journal:
        third = project.finding(journal, "F3").record
        assert third.hypothesis == "H1"
        assert third.judgement.verdict is Verdict.REFUTED
    claims = {one["id"]: one for one in answer("claim", "list", "--all", *here)}
    assert claims["F2"]["standing"].startswith("given up")
    assert claims["F1"]["standing"] == claims["F3"]["standing"] == "stands"
    assert not any(one["waits_for"] for one in answer("check", *here, code=1)["conflicts"])


def reader(request: dict[str, Any]) -> Any:
    """A model that proposes, and that reads every two sentences as contradicting each other."""
    if request.get("logprobs"):
        return Likely({"B": 0.98, "A": 0.01, "C": 0.01})
    return propose(request)


def campaign(folder: Path, script: Any) -> Path:
    """A campaign of one round whose model is also asked to compare sentences."""
    with ScriptedServer(script=script) as server:
        done = scientist(
            *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 12),
            *("-w", folder / "w", "--endpoint", server.url),
            SCIENTIST_JUDGEMENTS="2",
        )
    assert done.returncode == 0, done.stderr
    return folder / "w"


def test_what_an_essay_says_and_a_finding_denies_is_a_soft_conflict(tmp_path: Path) -> None:
    here = ("-w", campaign(tmp_path, reader))
    found = answer("check", *here)
    (finding,) = answer("finding", "list", *here)
    if finding["judgement"]["verdict"] not in ("supported", "refuted"):
        pytest.fail("the campaign's finding says nothing that could contradict a sentence")
    claims = {one["id"]: one for one in answer("claim", "list", "--all", *here)}
    quoted = [one for one in claims.values() if one["source"]["kind"] == "quote"]
    assert {one["source"]["address"] for one in quoted} <= {
        f"{quote['essay']}:{quote['sentence']}" for quote in finding["quotes"]
    }
    assert quoted
    soft = [one for one in found["conflicts"] if not one["hard"]]
    assert {name for one in soft for name in one["members"]} == {
        "F1",
        *(one["id"] for one in quoted),
    }
    assert all(0.5 < one["chance"] < 1 for one in soft)
    assert set(finding["conflicts"]) == {one["id"] for one in soft}


def test_a_model_that_gives_no_chances_costs_the_check_and_never_the_finding(
    tmp_path: Path,
) -> None:
    here = ("-w", campaign(tmp_path, lambda r: "A" if r.get("logprobs") else propose(r)))
    (finding,) = answer("finding", "list", *here)
    assert any(one.startswith("consistency with sentences") for one in finding["degradations"])
