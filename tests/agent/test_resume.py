"""Taking a campaign up again: what stays, what may change, what is refused."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, scientist
from scripted import Fault

from scientist.agent import resuming
from scientist.journal import Journal, project, verify
from scientist.journal.costs import cost

IDLE = 5
LONGER = "SCIENTIST_MAX_OUTPUT=1800"


def paused(folder: Path, server: ScriptedServer, *arguments: object, **extra: str) -> Path:
    """A workspace whose campaign lost its server after the first of two rounds."""
    done = scientist(
        *("run", "--essays", essays(folder / "e"), "--rounds", 2, "--pairs", 8),
        *("-w", folder / "w", "--endpoint", server.url, *arguments),
        **extra,
    )
    assert done.returncode == 3, done.stderr
    return folder / "w"


def kinds(workspace: Path, kind: str) -> list[dict[str, Any]]:
    with Journal(workspace / "journal") as journal:
        return [entry.data for entry in journal.entries(kind)]


def test_a_resume_asks_the_same_server_unless_another_is_named(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503), propose]) as server:
        workspace = paused(tmp_path, server)
        done = scientist("run", "--resume", "-w", workspace)
        server.assert_done()
    assert done.returncode == 0, done.stderr
    (resumed,) = kinds(workspace, "campaign_resumed")
    assert resumed["changed"] == []


def test_another_server_at_a_resume_is_on_record(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503)]) as first:
        workspace = paused(tmp_path, first)
    with ScriptedServer([propose]) as second:
        done = scientist("run", "--resume", "c1", "-w", workspace, "--endpoint", second.url)
    assert done.returncode == 0, done.stderr
    (resumed,) = kinds(workspace, "campaign_resumed")
    assert resumed["changed"] == [f"endpoint: {first.url} before, {second.url} now"]
    assert resumed["changed"][0] in done.stderr


def test_the_server_of_the_last_resume_is_asked_again(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503)]) as first:
        workspace = paused(tmp_path, first)
    with ScriptedServer([Fault(503), Fault(503), propose]) as second:
        stopped = scientist("run", "--resume", "-w", workspace, "--endpoint", second.url)
        assert stopped.returncode == 3, stopped.stderr
        done = scientist("run", "--resume", "-w", workspace)
        second.assert_done()
    assert done.returncode == 0, done.stderr
    again = kinds(workspace, "campaign_resumed")
    assert again[0]["settings"] == {"endpoint": second.url}
    assert again[1]["changed"] == []


def test_what_an_option_named_no_variable_takes_away(tmp_path: Path) -> None:
    nowhere = {"SCIENTIST_ENDPOINT": "http://127.0.0.1:9/v1"}
    with ScriptedServer([propose, Fault(503), Fault(503), propose]) as server:
        workspace = paused(tmp_path, server, **nowhere)
        done = scientist("run", "--resume", "-w", workspace, **nowhere)
        server.assert_done()
    assert done.returncode == 0, done.stderr


def test_longer_answers_can_be_allowed_at_a_resume(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503), propose]) as server:
        workspace = paused(tmp_path, server)
        done = scientist("run", "--resume", "-w", workspace, SCIENTIST_MAX_OUTPUT="1234")
        assert [request["max_tokens"] for request in server.requests] == [900, 900, 900, 1234]
    assert done.returncode == 0, done.stderr
    (resumed,) = kinds(workspace, "campaign_resumed")
    assert resumed["settings"] == {"max_output": 1234}


def test_idle_time_between_tries_is_no_work(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503)]) as server:
        began = time.monotonic()
        workspace = paused(tmp_path, server)
    time.sleep(IDLE)
    assert scientist("run", "--resume", "-w", workspace).returncode == 3
    time.sleep(IDLE)
    with ScriptedServer([propose]) as server:
        done = scientist("run", "--resume", "-w", workspace, "--endpoint", server.url)
    assert done.returncode == 0, done.stderr
    with Journal(workspace / "journal") as journal:
        worked = cost(journal, "C1").seconds
    assert 0 < worked < time.monotonic() - began - 2 * IDLE


@pytest.mark.parametrize("flag", [("--pairs", 30), ("--seed", 9), ("--essays", "/does/not/exist")])
def test_what_a_resume_cannot_change_is_refused(tmp_path: Path, flag: tuple[str, object]) -> None:
    done = scientist("run", "--resume", "C1", *flag, "-w", tmp_path / "w")
    assert done.returncode == 2
    assert f"{flag[0]} cannot be changed at a resume" in done.stderr
    assert f"scientist run -w {tmp_path / 'w'} --resume C1" in done.stderr


def test_lost_checkpoints_cost_nothing(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503)]) as server:
        workspace = paused(tmp_path, server)
    for file in workspace.glob("checkpoints.sqlite*"):
        file.unlink()
    with ScriptedServer([propose]) as server:
        done = scientist("run", "--resume", "-w", workspace, "--endpoint", server.url)
        server.assert_done()
    assert done.returncode == 0, done.stderr
    assert len(kinds(workspace, "finding_recorded")) == 2
    finished = [data["experiment"] for data in kinds(workspace, "experiment_finished")]
    assert len(finished) == len(set(finished)) == len(kinds(workspace, "protocol_sealed"))


def test_damaged_checkpoints_are_named_with_what_to_do(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503)]) as server:
        workspace = paused(tmp_path, server)
    (workspace / "checkpoints.sqlite").write_bytes(b"no database " * 1000)
    done = scientist("run", "--resume", "-w", workspace)
    assert done.returncode == 3  # nobody answers there; that is asked first
    with ScriptedServer([propose]) as server:
        done = scientist("run", "--resume", "-w", workspace, "--endpoint", server.url)
    assert done.returncode == 1
    assert f"rm {workspace / 'checkpoints.sqlite'}" in done.stderr
    assert "--resume C1" in done.stderr


def test_checkpoints_of_a_journal_that_is_gone_do_not_disturb_a_new_one(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        for _ in range(2):
            done = scientist(
                *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
                *("-w", tmp_path / "w", "--endpoint", server.url),
            )
            assert done.returncode == 0, done.stderr
            shutil.rmtree(tmp_path / "w" / "journal")
            shutil.rmtree(tmp_path / "w" / "chroma")


def test_a_journal_from_an_older_copy_is_told_from_its_checkpoints(tmp_path: Path) -> None:
    with ScriptedServer([propose, Fault(503), Fault(503), propose, propose]) as server:
        workspace = paused(tmp_path, server)
        shutil.copytree(workspace / "journal", tmp_path / "copy")
        assert scientist("run", "--resume", "-w", workspace).returncode == 0
        shutil.rmtree(workspace / "journal")
        shutil.rmtree(workspace / "chroma")
        shutil.copytree(tmp_path / "copy", workspace / "journal")
        refused = scientist("run", "--resume", "-w", workspace)
        assert refused.returncode == 1
        assert "do not belong to this journal" in refused.stderr
        for file in workspace.glob("checkpoints.sqlite*"):
            file.unlink()
        done = scientist("run", "--resume", "-w", workspace)
    assert done.returncode == 0, done.stderr
    assert verify(workspace / "journal").passed


def test_a_finding_names_the_calls_it_came_from_and_no_others(tmp_path: Path) -> None:
    with ScriptedServer(["no JSON", propose, propose]) as server:
        done = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert done.returncode == 0, done.stderr
    with Journal(tmp_path / "w" / "journal") as journal:
        seqs = [entry.seq for entry in journal.entries("model_called")]
        behind = [
            [call.seq for call in project.calls_behind(journal, view.record.hypothesis)]
            for view in project.findings(journal)
        ]
    assert behind == [seqs[:2], seqs[2:]]


@pytest.mark.parametrize(
    ("hint", "going_on"),
    [
        ("", "scientist run --resume C1"),
        ("scientist run --resume", "scientist run --resume"),
        ("scientist doctor", "scientist doctor; then: scientist run --resume C1"),
        (f"{LONGER} scientist run", f"{LONGER} scientist run --resume C1"),
        (
            "SCIENTIST_API_KEY=… scientist run --endpoint http://a/v1",
            "SCIENTIST_API_KEY=… scientist run --resume C1 --endpoint http://a/v1",
        ),
    ],
)
def test_a_hint_goes_on_with_the_campaign_and_opens_no_other(hint: str, going_on: str) -> None:
    assert resuming.hint(hint, "C1") == going_on
