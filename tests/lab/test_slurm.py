"""Experiments as jobs of a queue: submitit's stand-in for Slurm on this machine runs them."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from scientist.errors import UsageError
from scientist.lab import attempts, experiments, process
from scientist.lab.executors import Placement, Script, slurm_job, slurm_queue
from scientist.lab.experiments import Run
from tests.lab.spread import (
    CODE,
    COMES,
    LOCAL,
    MANY,
    ONCE,
    begin,
    measured,
    measurements,
    values,
    whole,
)

SLURM = Placement(jobs=2, executor="slurm", options={"slurm_cluster": "local"})
Begin = Callable[..., Run]


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Begin]:
    """Begins experiments in the queue; ends what is left of them."""
    runs: list[Run] = []

    def make(code: str = CODE, placement: Placement = SLURM, **changes: Any) -> Run:
        runs.append(begin(tmp_path / "runs", code, placement, **changes))
        return runs[-1]

    yield make
    for run in runs:
        experiments.stop(run, 10)


def jobs(run: Run) -> list[dict[str, Any]]:
    """The claims of jobs that run a piece now."""
    found = [attempts.read(file) or {} for file in run.folder.glob("pieces/*/claim.json")]
    return [claim for claim in found if process.alive(claim["pid"], claim["start_time"])]


def test_the_queue_gives_the_same_trials_as_this_machine(begun: Begin) -> None:
    run, near = begun(), begun(placement=LOCAL, name="near")
    outcome = whole(run)
    assert values(outcome) == values(whole(near))
    assert outcome.restarts == 0
    assert outcome.ran == experiments.collect(near).ran
    assert outcome.environment["python"]
    assert len(list(run.folder.glob("pieces/*/settled"))) > 1


def test_a_job_that_is_killed_loses_nothing_and_nothing_counts_twice(begun: Begin) -> None:
    run = begun()
    until(lambda: measured(run) > 4 and bool(jobs(run)), COMES)
    before = (run.folder / "trials.jsonl").read_bytes()
    os.kill(jobs(run)[0]["pid"], signal.SIGKILL)
    outcome = whole(run)
    assert outcome.restarts == 1
    assert (run.folder / "trials.jsonl").read_bytes().startswith(before)


def test_a_killed_supervisor_leaves_its_jobs_and_the_next_one_takes_what_they_gave(
    begun: Begin,
) -> None:
    run = begun()
    until(lambda: measured(run) > 2, COMES)
    holder = attempts.holder(run.folder, 1)
    os.kill(holder["pid"], signal.SIGKILL)
    until(lambda: not process.alive(holder["pid"], holder["start_time"]), COMES)
    lines = [file.stat().st_size for file in run.folder.glob("pieces/*/lines")]
    until(lambda: [f.stat().st_size for f in run.folder.glob("pieces/*/lines")] != lines, COMES)
    assert experiments.state(run) == "lost"
    outcome = whole(run)
    assert attempts.last(run.folder) == 2
    assert outcome.restarts == 0
    assert measurements(outcome) == ONCE


def test_a_supervisor_killed_while_it_submitted_cannot_have_a_trial_run_twice(
    begun: Begin, tmp_path: Path
) -> None:
    """Its piece may be submitted or not: whoever claims it first decides."""
    run = begun(launch=False)
    folder = run.folder / "pieces" / "0001"
    folder.mkdir(parents=True)
    (folder / slurm_job.PLAN).write_text(json.dumps({"only": [0, 1, 2]}))
    outcome = whole(run)
    assert measurements(outcome) == ONCE
    late: Any = None  # the job begins only now: it finds that its piece was taken back
    slurm_job.work(str(folder), late)
    assert not (folder / slurm_job.LINES).exists()


def test_a_stop_ends_the_jobs_and_the_rest_is_measured_later(begun: Begin) -> None:
    run = begun()
    until(lambda: measured(run) > 3, COMES)
    experiments.stop(run, 20)
    assert experiments.state(run) == "stopped"
    until(lambda: not jobs(run), 20)
    kept = experiments.collect(run).trials
    assert 3 <= len(kept) < len(MANY)
    outcome = whole(run)
    assert set(values(experiments.collect(run))) >= {
        (t.arm, t.seed, *t.metrics.items()) for t in kept
    }
    assert outcome.restarts == 0


def test_a_broken_experiment_fails_with_the_machine_that_said_so(begun: Begin) -> None:
    run = begun("import nothing_of_the_kind\n")
    outcome = experiments.conduct(run)
    assert outcome.status == "failed"
    assert "nothing_of_the_kind" in outcome.reason


def test_a_script_is_one_job(begun: Begin) -> None:
    body = "".join(
        f"echo '{json.dumps({'arm': a, 'seed': s, 'metrics': {'m': float(s)}})}' >> "
        "$SCIENTIST_RESULTS\n"
        for a, s in MANY
    )
    script = Script(("/bin/sh", "go.sh"), {"go.sh": body.encode()})
    run = begun("", script=script)
    assert len(whole(run).trials) == len(MANY)
    assert len(list(run.folder.glob("pieces/0*"))) == 1


def test_a_machine_without_slurm_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="has no sbatch"):
        slurm_queue.require("slurm")
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UsageError) as caught:
        slurm_queue.require("local")
    assert caught.value.hint == "pip install 'scientist[slurm]'"
