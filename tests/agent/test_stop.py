"""Ctrl-C wherever it comes: once lets the step finish, twice stops; both lose nothing."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, running, scientist
from waiting import until

from scientist.journal import Journal, project, verify

SECONDS = 120
Found = list[tuple[str, str, list[Any]]]


def settled(workspace: Path) -> Found:
    """What a campaign found and the very trials it rests on."""
    with Journal(workspace / "journal") as journal:
        return [
            (
                finding.statement,
                finding.judgement.verdict,
                [(t.arm, t.seed, t.metrics) for t in project.raw_trials(journal, trials)],
            )
            for finding in (view.record for view in project.findings(journal))
            for trials in (finding.trials_blob,)
        ]


def begin(folder: Path, server: ScriptedServer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(
            *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 24),
            *("-w", folder / "w", "--endpoint", server.url),
        ),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process_: subprocess.Popen[str], line: str) -> None:
    """Wait for a line of the live view."""
    assert process_.stderr is not None
    said = []
    for read in process_.stderr:
        said.append(read)
        if read.startswith(line):
            return
    pytest.fail(f"it never came to {line!r}: {''.join(said)}")


def stopped(process_: subprocess.Popen[str]) -> str:
    _, stderr = process_.communicate(timeout=SECONDS)
    assert process_.returncode == 130, stderr
    return str(stderr)


def resumed(folder: Path, server: ScriptedServer) -> Found:
    done = scientist("run", "--resume", "C1", "-w", folder / "w", "--endpoint", server.url)
    assert done.returncode == 0, done.stderr
    assert verify(folder / "w" / "journal").passed
    with Journal(folder / "w" / "journal") as journal:
        finished = [entry.data["experiment"] for entry in journal.entries("experiment_finished")]
        assert len(finished) == len(set(finished)) == journal.count("protocol_sealed")
        assert all(view.record.deviations == () for view in project.findings(journal))
    return settled(folder / "w")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("undisturbed")
    with ScriptedServer(script=propose) as server, begin(folder, server) as process_:
        _, stderr = process_.communicate(timeout=SECONDS)
    assert process_.returncode == 0, stderr
    return settled(folder / "w")


def test_twice_in_a_model_call_stops_at_once_and_the_call_is_asked_again(
    tmp_path: Path, undisturbed: Found
) -> None:
    asked, released = threading.Event(), threading.Event()

    def hanging(request: dict[str, Any]) -> Any:
        if not asked.is_set():
            asked.set()
            released.wait(SECONDS)
        return propose(request)

    with ScriptedServer(script=hanging) as server:
        with begin(tmp_path, server) as process_:
            assert asked.wait(SECONDS)
            process_.send_signal(signal.SIGINT)
            told(process_, "stopping after this step")
            process_.send_signal(signal.SIGINT)
            assert "--resume C1" in stopped(process_)
        released.set()
        assert resumed(tmp_path, server) == undisturbed
    with Journal(tmp_path / "w" / "journal") as journal:
        calls = [call.data["outcome"] for call in journal.entries("model_called")]
    assert calls[:2] == ["fault", "valid"], "both stand in the record"


def test_once_in_an_experiment_lets_it_end_and_be_recorded(
    tmp_path: Path, undisturbed: Found
) -> None:
    with ScriptedServer(script=propose) as server:
        with begin(tmp_path, server) as process_:
            told(process_, "experiment X1 starts")
            process_.send_signal(signal.SIGINT)
            assert "--resume C1" in stopped(process_)
        until(lambda: not running(tmp_path / "w"))
        assert resumed(tmp_path, server) == undisturbed


def test_twice_in_an_experiment_stops_it_and_what_it_measured_is_kept(
    tmp_path: Path, undisturbed: Found
) -> None:
    with ScriptedServer(script=propose) as server:
        with begin(tmp_path, server) as process_:
            told(process_, "experiment X1 starts")
            # the smoke run and a few more
            until(lambda: measured(tmp_path / "w") > 28 + 4, SECONDS)
            process_.send_signal(signal.SIGINT)
            told(process_, "stopping after this step")
            process_.send_signal(signal.SIGINT)
            stopped(process_)
        until(lambda: not running(tmp_path / "w"))
        kept = measured(tmp_path / "w")
        assert resumed(tmp_path, server) == undisturbed
        assert measured(tmp_path / "w") > kept


def test_once_between_two_steps_stops_before_the_next(tmp_path: Path, undisturbed: Found) -> None:
    with ScriptedServer(script=propose) as server:
        with begin(tmp_path, server) as process_:
            told(process_, "sealed ")
            process_.send_signal(signal.SIGINT)
            assert "stopped before" in stopped(process_)
        assert settled(tmp_path / "w") == []
        assert resumed(tmp_path, server) == undisturbed


def measured(workspace: Path) -> int:
    """How many lines all runs of a workspace have written."""
    return sum(
        file.read_bytes().count(b"\n") for file in (workspace / "runs").glob("*/trials.jsonl")
    )
