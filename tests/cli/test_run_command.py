"""`scientist run` as people use and misuse it: budgets, streams, essays, hints."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from campaigns import (
    ScriptedServer,
    command,
    contradiction,
    environment,
    essays,
    propose,
    scientist,
)
from rich.console import Console

from scientist.cli.live import LiveView
from scientist.cli.output import located
from scientist.journal import Journal, verify


def test_only_the_given_essays_are_quoted_however_many_others_there_are(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    for number in range(12):
        sentences = (
            f"Stable features beat pooled learners under shift in case {number}-{n}."
            for n in range(9)
        )
        (others / f"{number}.md").write_text(" ".join(sentences))
    assert scientist("corpus", "add", others, "-w", tmp_path / "w").returncode == 0
    with ScriptedServer(script=propose) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8, "--json"),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 0, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert {quote["essay"] for quote in finding["quotes"]} == {"E13"}


@pytest.mark.parametrize(
    "flag", [("--minutes", "inf"), ("--minutes", "nan"), ("--tokens", "9" * 20), ("--seed", "-1")]
)
def test_a_budget_that_no_record_can_hold_is_refused(tmp_path: Path, flag: tuple[str, str]) -> None:
    done = scientist("run", "--essays", essays(tmp_path / "e"), *flag, "-w", tmp_path / "w")
    assert done.returncode == 2
    assert f"error: {flag[0]} must be" in done.stderr
    assert not (tmp_path / "w" / "journal").exists()


def test_a_plan_that_can_decide_nothing_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--pairs", 6, "-w", tmp_path / "w"),
            *("--endpoint", server.url),
            SCIENTIST_ALPHA="0.00001",
        )
        assert not server.requests
    assert done.returncode == 2
    assert "alpha must lie between 0.0002" in done.stderr
    hint = f"scientist run -w {tmp_path / 'w'} --endpoint {server.url} --pairs 13"
    assert hint in done.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        assert journal.count("campaign_opened") == 0


def test_an_end_without_a_finding_is_one_json_document(tmp_path: Path) -> None:
    def stuck(request: dict[str, Any]) -> dict[str, Any]:
        answer = propose(request)
        for item in answer["hypotheses"]:
            item["conditions"] = contradiction(request)
        return answer

    with ScriptedServer(script=stuck) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--json"),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 4
    error = json.loads(done.stdout)["error"]
    assert error["kind"] == "budget"
    assert "C1" in error["message"]
    assert error["hint"] == f"scientist audit show -w {tmp_path / 'w'} C1"


def test_a_campaign_ends_well_when_nobody_reads_its_progress(tmp_path: Path) -> None:
    line = command(
        *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
        *("-w", tmp_path / "w"),
    )
    with (
        ScriptedServer(script=propose) as server,
        subprocess.Popen(
            [*line, "--endpoint", server.url],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        assert process.stdout is not None
        process.stderr.readline()
        process.stderr.close()
        shown = process.stdout.read()
        assert process.wait(timeout=60) == 0
    assert "F1  SUPPORTED" in shown
    with Journal(tmp_path / "w" / "journal") as journal:
        assert journal.count("campaign_closed") == 1


def test_a_server_that_counts_no_tokens_is_a_degradation(tmp_path: Path) -> None:
    with ScriptedServer(script=propose, counts=False) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("degraded   token budget") == 1


def test_what_the_model_writes_cannot_command_the_terminal() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with LiveView(console) as view:
        view.on_text("reasoning", "\x1b]0;owned\x07 and \x1b[2J gone")
        view.say("a line with \x1b]0;owned\x07 in it")
    assert "\x1b]0" not in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()
    assert "in it" in screen.getvalue()


def test_a_hint_acts_on_the_workspace_that_was_named() -> None:
    hint = "free some space, then: scientist run --resume C1; see scientist audit show C1"
    named = ["run", "--essays", "x", "-w", "my place"]
    assert located(hint, named) == (
        "free some space, then: scientist run -w 'my place' --resume C1; "
        "see scientist audit show -w 'my place' C1"
    )
    assert located(hint, ["run", "--workspace=w"]).count(" -w w ") == 2
    assert located(hint, ["run"]) == hint
    assert located("scientist model probe", named) == "scientist model probe -w 'my place'"
    assert located("scientist model stop", named) == "scientist model stop"
    assert located("scientist run --workspace DIR", named) == "scientist run --workspace DIR"


def test_a_hint_uses_the_servers_that_were_named() -> None:
    named = ["chat", "--endpoint", "http://a/v1", "--model=m", "--chroma", "http://c:8000"]
    here, there = "--endpoint http://a/v1 --model m", "--chroma http://c:8000"
    assert located("scientist chat --thread T1", named) == (
        f"scientist chat {here} {there} --thread T1"
    )
    assert located("scientist rebuild", named) == f"scientist rebuild {there}"
    assert located("scientist finding list", named) == "scientist finding list"
    assert located("scientist run --resume C1", named) == f"scientist run {there} --resume C1"
    where = [*named, "-w", "w"]
    once = located("scientist run --resume C1; then: scientist ask", where)
    assert located(once, where) == once
    assert located("leave --chroma out, or scientist mcp", named).endswith("scientist mcp")
    assert located("scientist ask", ["ask", "--", "--model", "x"]) == "scientist ask"


@pytest.mark.parametrize("arguments", [("corpus", "search", "x"), ("rebuild",)])
def test_reading_commands_make_no_workspace(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = scientist(*arguments, "-w", tmp_path / "typo")
    assert done.returncode == 2
    assert "there is no workspace" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_a_record_that_is_not_there_does_not_verify(tmp_path: Path) -> None:
    nothing = scientist("audit", "verify", "-w", tmp_path)
    assert nothing.returncode == 2
    assert "holds no record" in nothing.stderr
    assert scientist("corpus", "search", "anything", "-w", tmp_path).returncode == 0
    still = scientist("audit", "verify", "-w", tmp_path)
    assert still.returncode == 2  # an empty vector store is no sign of a record
    (tmp_path / "runs").mkdir()
    gone = scientist("audit", "verify", "-w", tmp_path)
    assert gone.returncode == 5
    assert "is gone" in gone.stderr
    assert verify(tmp_path / "journal").events == 0
