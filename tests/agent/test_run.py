"""Whole campaigns through the real command, sandbox and Chroma; only the model is scripted."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from campaigns import (
    Fault,
    ScriptedServer,
    command,
    contradiction,
    environment,
    essays,
    propose,
    scientist,
)
from waiting import until

from scientist.journal import Journal, project, verify
from scientist.memory.documents import FINDINGS
from scientist.memory.store import Store
from scientist.settings import Settings
from scientist.workspace import Workspace

LIMIT = 120


def settled(workspace: Path) -> list[tuple[str, str, float | None]]:
    """What a campaign found, without ids and times."""
    with Journal(workspace / "journal") as journal:
        found = project.findings(journal)
    return [
        (f.record.statement, f.record.judgement.verdict, f.record.judgement.effect) for f in found
    ]


def test_a_campaign_goes_from_essays_to_findings_with_verdict_interval_and_quote(
    tmp_path: Path,
) -> None:
    with ScriptedServer(script=propose) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 12),
            *("-w", tmp_path / "w", "--endpoint", server.url, "--json"),
        )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "completed"
    assert [finding["id"] for finding in report["findings"]] == ["F1", "F2"]
    for finding in report["findings"]:
        judged = finding["judgement"]
        assert judged["verdict"] in ("supported", "refuted", "inconclusive")
        assert judged["interval"]["low"] <= judged["effect"] <= judged["interval"]["high"]
        assert judged["pairs"] == 12
        assert finding["quotes"][0]["text"].split("\n")[0] in done.stderr
        assert finding["quotes"]
    assert report["findings"][0]["judgement"]["verdict"] == "supported"


def test_findings_are_filed_while_the_next_experiments_run_and_at_the_end(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 0, done.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        phase, filed = "", []
        for entry in journal.entries("phase_started", "tool_called"):
            phase = entry.data.get("phase", phase)
            if entry.data.get("tool") == "record_finding":
                filed.append((phase, entry.data["arguments"]["finding"]))
    assert filed == [("ahead", "F1"), ("close", "F2")]
    with Store(Workspace(tmp_path / "w"), Settings()) as store:  # as the campaign left it
        assert store.count(FINDINGS) == 2


def test_every_finding_can_be_traced_to_sealed_protocol_trials_and_quote(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    with Journal(tmp_path / "w" / "journal") as journal:
        order = [entry.kind for entry in journal.entries()]
        (view,) = project.findings(journal)
        finding = view.record
        trials = project.trials(journal, project.experiment(journal, finding.experiment))
        protocol = project.protocol(journal, finding.protocol_digest)
        essay = next(journal.entries("essay_added")).data
        text = journal.get(essay["text_blob"]).decode()
    assert order.index("protocol_sealed") < order.index("experiment_started")
    assert {t.seed for t in trials} == set(protocol.seeds)
    assert not set(protocol.seeds) & set(protocol.smoke_seeds)
    for quote in finding.quotes:
        assert text[quote.start : quote.end] == quote.text
    by_seed = {(t.arm, t.seed): t.metrics[finding.metric] for t in trials}
    differences = [
        by_seed[finding.treatment, seed] - by_seed[finding.control, seed] for seed in protocol.seeds
    ]
    assert finding.judgement.effect == pytest.approx(sum(differences) / len(differences), abs=1e-12)
    shown = scientist("finding", "show", "f1", "-w", tmp_path / "w")
    assert finding.protocol_digest in shown.stdout
    assert str(finding.trials_blob) in shown.stdout


def test_a_second_campaign_does_not_repeat_the_first(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        for _ in range(2):
            done = scientist(
                *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
                *("-w", tmp_path / "w", "--endpoint", server.url),
            )
            assert done.returncode == 0, done.stderr
    assert len({statement for statement, _, _ in settled(tmp_path / "w")}) == 2
    assert json.loads(scientist("corpus", "list", "-w", tmp_path / "w", "--json").stdout)[1:] == []


def test_proposals_that_break_a_rule_are_rejected_with_the_reason(tmp_path: Path) -> None:
    def odd(request: dict[str, Any]) -> dict[str, Any]:
        answer = propose(request)
        good, bad = answer["hypotheses"]
        if len(server.requests) == 1:
            bad["conditions"] = contradiction(request)
        else:
            answer["hypotheses"][1] = good
        return answer

    with ScriptedServer(script=odd) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 0, done.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        reasons = [entry.data["reason"] for entry in journal.entries("candidate_rejected")]
    assert len(reasons) == 2
    assert reasons[0].startswith("two values for one parameter")
    assert reasons[1].startswith("already tested or proposed")
    assert len(settled(tmp_path / "w")) == 2


def test_a_model_that_only_contradicts_itself_ends_without_a_finding_and_exit_4(
    tmp_path: Path,
) -> None:
    def stuck(request: dict[str, Any]) -> dict[str, Any]:
        answer = propose(request)
        for item in answer["hypotheses"]:
            item["conditions"] = contradiction(request)
        return answer

    with ScriptedServer(script=stuck) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 5, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert settled(tmp_path / "w") == []
    assert done.returncode == 4
    assert "hint:" in done.stderr
    assert verify(tmp_path / "w" / "journal").passed


def test_one_round_of_unusable_answers_does_not_end_the_campaign(tmp_path: Path) -> None:
    answers = [propose, *["no JSON at all"] * 3, propose]
    with ScriptedServer(answers) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 3, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
        server.assert_done()
    assert done.returncode == 0, done.stderr
    assert "a round without a hypothesis" in done.stderr
    assert len(settled(tmp_path / "w")) == 3  # an earlier proposal had its turn


def test_ctrl_c_once_finishes_the_step_and_can_be_resumed(tmp_path: Path) -> None:
    pressed = threading.Event()

    def slow(request: dict[str, Any]) -> Any:
        assert pressed.wait(LIMIT)
        return propose(request)

    with ScriptedServer(script=lambda _: slow) as server:
        process = subprocess.Popen(
            command(
                *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
                *("-w", tmp_path / "w", "--endpoint", server.url),
            ),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        until(lambda: server.requests, LIMIT)
        process.send_signal(signal.SIGINT)
        pressed.set()
        _, stderr = process.communicate(timeout=LIMIT)
        assert process.returncode == 130, stderr
        assert f"scientist run -w {tmp_path / 'w'} --resume C1" in stderr
        done = scientist("run", "--resume", "C1", "-w", tmp_path / "w", "--endpoint", server.url)
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 1, "the finished step was not asked for again"
    assert len(settled(tmp_path / "w")) == 1


def test_a_server_that_goes_away_pauses_the_campaign_which_then_resumes(tmp_path: Path) -> None:
    answers = [propose, Fault(503), Fault(503)]
    with ScriptedServer(answers) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 3, done.stderr
    assert "--resume C1" in done.stderr
    assert len(settled(tmp_path / "w")) == 1
    with ScriptedServer(script=propose) as server:
        done = scientist("run", "--resume", "-w", tmp_path / "w", "--endpoint", server.url)
    assert done.returncode == 0, done.stderr
    assert len(settled(tmp_path / "w")) == 2


def test_a_spent_token_budget_ends_the_campaign_and_keeps_what_was_found(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 9, "--tokens", 10),
            *("--pairs", 8, "-w", tmp_path / "w", "--endpoint", server.url, "--json"),
        )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "budget"
    assert len(report["findings"]) == 1


def test_two_processes_cannot_drive_one_campaign(tmp_path: Path) -> None:
    refused = threading.Event()

    def slow(request: dict[str, Any]) -> Any:
        assert refused.wait(LIMIT)
        return propose(request)

    with ScriptedServer(script=lambda _: slow) as server:
        process = subprocess.Popen(
            command(
                *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
                *("-w", tmp_path / "w", "--endpoint", server.url),
            ),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: server.requests, LIMIT)
        done = scientist("run", "--resume", "C1", "-w", tmp_path / "w", "--endpoint", server.url)
        refused.set()
        process.wait(timeout=LIMIT)
    assert done.returncode == 2
    assert "another process" in done.stderr
    assert process.returncode == 0
