"""Budgets of whole campaigns: what ends them, what they say at the end, how they go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, scientist

from scientist.agent.budget import Meter
from scientist.journal import Journal, verify
from scientist.journal.costs import cost


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(script=propose) as answering:
        yield answering


@pytest.fixture(scope="module")
def one_round(tmp_path_factory: pytest.TempPathFactory, server: ScriptedServer) -> Path:
    """A campaign of one round that its budget of rounds and of trials ended."""
    folder = tmp_path_factory.mktemp("one")
    done = scientist(
        *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 8, "--trials", 100),
        *("--disk-mb", 500, "-w", folder / "w", "--endpoint", server.url, "--json"),
    )
    assert done.returncode == 0, done.stderr
    (folder / "report.json").write_text(done.stdout)
    (folder / "errors").write_text(done.stderr)
    return folder


def test_a_campaign_ends_with_what_it_took(one_round: Path) -> None:
    report = json.loads((one_round / "report.json").read_text())
    with Journal(one_round / "w" / "journal") as journal:
        found = cost(journal, "C1")
        asked = [json.loads(journal.get(e.data["request_blob"])) for e in _calls(journal)]
        closed = next(journal.entries("campaign_closed")).data
    assert report["cost"] == found.plain()
    assert found.calls == len(asked) > 0
    assert 0 < found.trials <= 100
    assert found.verdicts == {"supported": 1}
    assert (found.proposed, found.tested, found.rounds) == (2, 1, 1)
    assert found.grown_bytes == closed["grown_bytes"] > 0
    parts = found.model_seconds + found.experiment_seconds + found.rest_seconds
    assert parts == pytest.approx(found.seconds, abs=0.01)
    assert min(found.model_seconds, found.experiment_seconds, found.rest_seconds) > 0
    errors = (one_round / "errors").read_text()
    assert "100 trials, 500 MB of disk" in errors
    assert "budget     nearly spent" in errors


def _calls(journal: Journal) -> list[Any]:
    return list(journal.entries("model_called", campaign="C1"))


def test_a_budget_that_is_too_small_for_one_test_ends_before_anything_is_measured(
    tmp_path: Path, server: ScriptedServer
) -> None:
    done = scientist(
        *("run", "--essays", essays(tmp_path / "e"), "--rounds", 3, "--pairs", 8),
        *("--trials", 30, "-w", tmp_path / "w", "--endpoint", server.url),
    )
    assert done.returncode == 4, done.stderr
    assert "of the trial budget's 30 are left" in done.stderr
    assert "prompt tokens" in done.stderr
    assert f"scientist run -w {tmp_path / 'w'} --resume C1 --trials 60" in done.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        assert journal.count("tool_called", "protocol_sealed") == journal.count(
            "protocol_sealed"
        ) + sum(e.data["tool"] != "launch_experiment" for e in journal.entries("tool_called"))
        assert journal.count("protocol_sealed") == 0


def test_a_campaign_that_its_budget_ended_goes_on_under_a_larger_one(
    tmp_path: Path, one_round: Path, server: ScriptedServer
) -> None:
    workspace = tmp_path / "w"
    shutil.copytree(one_round / "w", workspace)
    place = ("-w", workspace, "--endpoint", server.url)
    for refused, said in (
        ((), "--rounds 2"),
        (("--minutes", 90), "--rounds 2"),
        (("--rounds", 2, "--tokens", 5), "--resume"),
    ):
        ran = scientist("run", "--resume", "C1", *refused, *place)
        assert ran.returncode == 2
        assert said in ran.stderr.partition("hint:")[2]
    with Journal(workspace / "journal") as journal:
        assert journal.count("campaign_resumed") == 0
    again = scientist("run", "--resume", "C1", "--rounds", 2, *place)
    assert again.returncode == 0, again.stderr
    assert "the budget is now 2 rounds" in again.stderr
    assert "of the trial budget's 100 are left" in again.stderr, "trials were not raised"
    done = scientist("run", "--resume", "C1", "--trials", 300, *place, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "completed"
    assert [finding["id"] for finding in report["findings"]] == ["F1", "F2"]
    with Journal(workspace / "journal") as journal:
        ends = [entry.data["outcome"] for entry in journal.entries("campaign_closed")]
        found = [entry.data["experiment"] for entry in journal.entries("experiment_finished")]
        assert Meter(journal, "C1").budget.trials == 300
        assert report["cost"]["trials"] <= 300
    assert ends == ["completed", "budget", "completed"]
    assert len(found) == len(set(found))
    assert verify(workspace / "journal").passed
    listed = json.loads(scientist("audit", "list", "-w", workspace, "--json").stdout)
    assert (listed[0]["outcome"], listed[0]["findings"]) == ("completed", ["F1", "F2"])


SLEEPY = """
import json, os, random, time
plan = json.load(open(os.environ["SCIENTIST_PLAN"]))
for arm, seed in plan["trials"]:
    if seed < 2**30:  # a measured one
        time.sleep(1.5)
    error = random.Random(f"{arm} {seed}").random()
    with open(os.environ["SCIENTIST_RESULTS"], "a") as results:
        results.write(json.dumps({"arm": arm, "seed": seed, "metrics": {"error": error}}) + "\\n")
"""
PLAN = {
    "treatment": "averaged",
    "control": "single",
    "metric": "error",
    "direction": "decrease",
    "smallest_effect": 5.0,
    "script": {"command": ["python3", "train.py"]},
}


def test_an_experiment_that_time_cuts_off_is_no_half_result_and_goes_on(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "train.py").write_text(SLEEPY)
    (own / "protocol.json").write_text(json.dumps(PLAN))
    place = ("-w", tmp_path / "w")
    arguments = ("experiment", "run", own, "--pairs", 8)
    cut = scientist(*arguments, *place, SCIENTIST_MINUTES="0.35")  # measuring alone takes 24 s
    assert cut.returncode == 4, cut.stderr
    assert "the time budget is spent" in cut.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        assert journal.count("experiment_finished", "judged", "finding_recorded") == 0
        (closed,) = [entry.data for entry in journal.entries("campaign_closed")]
    assert closed["outcome"] == "budget"
    done = scientist("run", "--resume", "C1", "--minutes", 10, *place, "--json")
    assert done.returncode == 0, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["judgement"]["verdict"] == "refuted"
    assert finding["judgement"]["pairs"] == 8
    assert finding["deviations"] == []
    with Journal(tmp_path / "w" / "journal") as journal:
        (end,) = [entry.data for entry in journal.entries("experiment_finished")]
        assert (end["status"], end["trials"]) == ("done", 16)
    assert verify(tmp_path / "w" / "journal").passed
