"""`--approve`: nothing is measured before the user has seen plan and code, and said yes."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

from campaigns import ScriptedServer, command, environment, essays, propose, scientist

from scientist.journal import Journal, project

PATIENCE = 240


def answering(answers: list[str], arguments: list[str]) -> tuple[int, str]:
    """Run a command on a terminal, and answer its questions in turn."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="dumb", NO_COLOR="1", COLUMNS="200"),
        start_new_session=True,
    )
    os.close(theirs)
    said, read, until = b"", 0, time.monotonic() + PATIENCE
    left = list(answers)
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([ours], [], [], 0.2)
            if ready:
                try:
                    piece = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                said += piece
            asked = max(said.rfind(b"run it?"), said.rfind(b"why not?"))
            if left and asked >= read and said[asked:].rstrip().endswith(b":"):
                read = len(said)
                os.write(ours, left.pop(0).encode() + b"\n")
            if child.poll() is not None and not ready:
                break
        return child.wait(timeout=60), said.decode(errors="replace")
    finally:
        child.kill()
        os.close(ours)


def run(folder: Path, server: ScriptedServer, *more: object) -> list[str]:
    return command(
        *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 8, "--approve"),
        *("-w", folder / "w", "--endpoint", server.url, *more),
    )


def test_plan_and_code_are_shown_and_a_yes_launches(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        code, said = answering(["y", "y"], run(tmp_path, server))
    assert code == 0, said
    assert "to approve H" in said
    assert "smallest effect of interest" in said
    assert "def trial(" in said
    with Journal(tmp_path / "w" / "journal") as journal:
        asked = next(e.seq for e in journal.entries("campaign_paused"))
        sealed = next(e.seq for e in journal.entries("protocol_sealed"))
        assert asked < sealed
        assert project.findings(journal)
    assert scientist("audit", "verify", "--deep", "-w", tmp_path / "w").returncode == 0


def test_what_is_declined_is_not_measured_and_not_proposed_again(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        code, said = answering(["n", "too narrow"], run(tmp_path, server))
    assert code == 4, said  # no finding
    with Journal(tmp_path / "w" / "journal") as journal:
        (declined,) = (e.data for e in journal.entries("hypothesis_declined"))
        assert declined["reason"] == "too narrow"
        assert not list(journal.entries("protocol_sealed"))
        views = {v.record.id: v.status for v in project.hypotheses(journal)}
    assert views[declined["hypothesis"]] == "declined"


def test_without_a_terminal_it_waits_and_the_answer_can_be_given_later(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        arguments = run(tmp_path, server)
        done = scientist(*arguments[3:])
        assert done.returncode == 130, done.stderr
        assert "waits for your approval" in done.stderr
        assert "scientist run" in done.stderr
        assert "--resume C1" in done.stderr
        code, said = answering(["y", "y"], command("run", "--resume", "C1", "-w", tmp_path / "w"))
    assert code == 0, said
    with Journal(tmp_path / "w" / "journal") as journal:
        assert project.findings(journal)
        assert len(list(journal.entries("hypothesis_proposed"))) == 2


def test_a_declined_confirmation_makes_no_supported_finding(tmp_path: Path) -> None:
    question = "do learners pick up causes or spurious features when the cue is reversed?"
    with ScriptedServer(script=propose) as server:
        arguments = run(tmp_path, server)
        arguments.insert(4, question)
        code, said = answering(["y", "n", ""], arguments)
    assert "a second run, on fresh seeds" in said
    assert code == 0, said
    with Journal(tmp_path / "w" / "journal") as journal:
        (view,) = project.findings(journal)
    assert view.record.judgement.verdict == "infeasible"
    assert "declined the confirmation" in view.record.statement
    assert not view.record.deviations
