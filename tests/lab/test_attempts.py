"""Attempts at a run: one supervisor each, and the next goes on from what the last one measured."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import until

from lab.processes import measured, supervisor
from scientist.errors import WorkspaceError
from scientist.lab import attempts, experiments, process
from scientist.lab.experiments import Run
from scientist.lab.sandbox import RUNNER, UNSAFE
from scientist.lab.tiers import Tier

SLOW = """
    import random, time
    def trial(arm, seed):
        time.sleep(0.1)
        return {"m": random.random() + (arm == "a")}
"""
MANY = [(arm, seed) for seed in range(8) for arm in ("a", "b")]


def test_a_killed_supervisor_takes_its_boxes_with_it_and_the_run_goes_on(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(SLOW, MANY)
    experiments.launch(run)
    until(lambda: measured(run) > 2)
    claim = json.loads((run.folder / "claim").read_text())
    family = [member.pid for member in process.tree(claim["pid"])]
    assert len(family) > 2
    os.kill(claim["pid"], signal.SIGKILL)
    until(lambda: not any(process.start_time(pid) for pid in family))
    assert experiments.state(run) == "lost"
    partial = experiments.wait(run)
    assert partial.status == "lost"
    assert 1 <= len(partial.trials) < len(MANY)
    before = (run.folder / "trials.jsonl").read_bytes()
    with (run.folder / "trials.jsonl").open("ab") as file:
        file.write(b'{"arm": "b", "seed": 7, "met')  # torn by the kill

    again = prepared(SLOW, MANY)
    assert experiments.state(again) == "lost"
    experiments.launch(again)
    whole = experiments.wait(again)
    assert whole.status == "done"
    assert [(t.arm, t.seed) for t in whole.trials] == MANY
    after = (run.folder / "trials.jsonl").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == len(MANY) + 1
    assert whole.seconds > partial.seconds > 0
    assert (run.folder / "claim-2").exists()
    assert len(whole.attempts) == 1  # both ran the same


def test_what_a_dead_attempt_left_running_is_ended_before_the_next_one_measures(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(SLOW, MANY[:2])
    experiments.conduct(run)
    (run.folder / "status.json").unlink()  # as if the supervisor had been killed at its end
    place = str(run.folder / "input")
    left = subprocess.Popen([sys.executable, "-c", "input()", place, RUNNER], stdin=subprocess.PIPE)
    bystander = subprocess.Popen([sys.executable, "-c", "input()", place], stdin=subprocess.PIPE)
    try:
        assert experiments.conduct(run).status == "done"
        assert left.wait(timeout=60) == -signal.SIGKILL
        assert bystander.poll() is None
    finally:
        for process_ in (left, bystander):
            process_.kill()
            process_.communicate()


def test_without_a_sandbox_too_a_worker_ends_with_its_supervisor(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(SLOW, MANY, tier=Tier(UNSAFE))
    experiments.launch(run)
    until(lambda: measured(run) > 2)
    family = [member.pid for member in process.tree(supervisor(run))]
    os.kill(supervisor(run), signal.SIGKILL)
    until(lambda: not any(process.start_time(pid) for pid in family))
    outcome = experiments.conduct(run)
    assert outcome.status == "done"
    assert measured(run) == len(MANY) + 1


def test_a_run_goes_on_by_itself_after_its_supervisor_was_killed(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(SLOW, MANY)
    killed: list[int] = []

    def kill(done: int, of: int) -> None:
        if done == 3 * len(killed) + 3 and len(killed) < 2:
            killed.append(done)
            os.kill(supervisor(run), signal.SIGKILL)

    outcome = experiments.conduct(run, on_trial=kill)
    assert outcome.status == "done"
    assert len(outcome.trials) == len(MANY)
    assert attempts.last(run.folder) == 1 + len(killed)


def test_a_supervisor_that_dies_again_and_again_is_not_replaced_for_ever(
    prepared: Callable[..., Run],
) -> None:
    run = prepared("import time\ndef trial(arm, seed):\n    time.sleep(9)\n")

    def kill() -> bool:
        os.kill(supervisor(run), signal.SIGKILL)
        return False

    outcome = experiments.conduct(
        run, should_stop=lambda: experiments.state(run) == "running" and kill()
    )
    assert outcome.status == "lost"
    assert attempts.last(run.folder) == experiments.FRUITLESS


def test_a_supervisor_that_cannot_start_is_told_with_its_last_words(
    prepared: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(SLOW)
    monkeypatch.setattr(sys, "executable", "/usr/bin/env")  # which takes -P for a mistake
    with pytest.raises(WorkspaceError, match=r"did not start: .*env: "):
        experiments.conduct(run)
    monkeypatch.undo()
    assert experiments.conduct(run).status == "done"


def test_the_time_limit_holds_over_all_attempts(prepared: Callable[..., Run]) -> None:
    many = [("a", seed) for seed in range(200)]
    run = prepared(SLOW, many, wall_seconds=8)
    experiments.launch(run)
    first = experiments.wait(run, should_stop=lambda: measured(run) > 3)
    assert first.status == "killed"
    experiments.launch(run)
    outcome = experiments.wait(run)
    assert (outcome.status, outcome.reason) == ("timeout", "longer than 8 s")
    assert outcome.seconds - first.seconds < 8
    assert len(outcome.trials) > len(first.trials)


def test_a_stop_concerns_one_attempt_alone(prepared: Callable[..., Run]) -> None:
    run = prepared(SLOW, MANY[:4])
    experiments.stop(run)
    experiments.launch(run)
    assert experiments.wait(run).status == "killed"
    assert experiments.state(run) == "stopped"
    experiments.launch(run)
    assert experiments.wait(run).status == "done"


def test_a_process_with_a_recycled_number_is_not_taken_for_the_supervisor(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(SLOW, MANY)
    own = {"pid": os.getpid(), "start_time": process.start_time(os.getpid())}
    claim = run.folder / "claim"
    claim.write_text(json.dumps(own | {"boot": process.boot()}))
    assert experiments.state(run) == "running"
    claim.write_text(json.dumps(own | {"boot": process.boot(), "start_time": 1}))
    assert experiments.state(run) == "lost"
    claim.write_text(json.dumps(own | {"boot": "another"}))
    assert experiments.state(run) == "lost"
    for torn in ("", "[]", "{", '{"pid": 1}'):
        claim.write_text(torn)
        assert experiments.state(run) == "lost"


def test_many_supervisors_run_an_experiment_once(prepared: Callable[..., Run]) -> None:
    run = prepared(SLOW, MANY[:4])
    rivals = [
        subprocess.Popen([sys.executable, "-m", "scientist.lab.supervisor", str(run.folder)])
        for _ in range(6)
    ]
    outcome = experiments.wait(run)
    assert [rival.wait(timeout=120) for rival in rivals] == [0] * 6
    assert outcome.status == "done"
    assert len(outcome.trials) == 4
    assert measured(run) == 5


def test_a_supervisor_that_hangs_is_not_waited_for_for_ever(
    prepared: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiments, "GRACE_SECONDS", 1)
    run = prepared(SLOW, [("a", seed) for seed in range(200)], wall_seconds=5)
    experiments.launch(run)
    until(lambda: measured(run) > 2)
    claim = json.loads((run.folder / "claim").read_text())
    family = [member.pid for member in process.tree(claim["pid"])]
    os.kill(claim["pid"], signal.SIGSTOP)
    outcome = experiments.wait(run)
    assert outcome.status == "lost"
    assert outcome.trials
    until(lambda: not any(process.start_time(pid) for pid in family))


def test_many_processes_that_prepare_launch_and_wait_get_one_run(
    prepared: Callable[..., Run], tmp_path: Path
) -> None:
    """Some of them find it not there, some half made, some running, some finished."""
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                time.sleep(0.05 * number)
                outcome = experiments.conduct(prepared(SLOW, MANY[:6]))
                code = 0 if outcome.status == "done" and len(outcome.trials) == 6 else 2
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * 8
    run = experiments.attach(tmp_path / "runs" / "run")
    assert attempts.last(run.folder) == 1
    assert measured(run) == 7
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run"]


def test_many_processes_that_find_a_lost_run_go_on_with_it_once(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(SLOW, MANY[:6])
    experiments.launch(run)
    until(lambda: measured(run) > 2)
    os.kill(supervisor(run), signal.SIGKILL)
    assert experiments.wait(run).status == "lost"
    rivals = [
        subprocess.Popen([sys.executable, "-m", "scientist.lab.supervisor", str(run.folder)])
        for _ in range(6)
    ]
    assert [rival.wait(timeout=120) for rival in rivals] == [0] * 6
    outcome = experiments.wait(run)
    assert outcome.status == "done"
    assert attempts.last(run.folder) == 2
    assert measured(run) == 7
