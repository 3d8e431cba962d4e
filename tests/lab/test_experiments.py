"""Run folders: claimed once, survived by their supervisor, the same numbers every time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scientist.lab import experiments, tiers
from scientist.lab.experiments import Run
from scientist.lab.sandbox import Limits

LIMITS = Limits(30, 30, 700, 24, 16, 64)
CODE = """
import numpy as np
ARMS = {"a": "", "b": ""}
METRICS = {"x": {}}
def trial(arm, seed, scale=1.0, pause=0.0):
    import time
    time.sleep(pause)
    rng = np.random.default_rng([seed, len(arm)])
    return {"x": float(scale * rng.normal()), "y": float(np.random.random())}
"""
PAIRS = [(arm, seed) for seed in range(5) for arm in ("a", "b")]


@pytest.fixture(scope="module")
def tier() -> tiers.Tier:
    return tiers.choose()


def prepare(folder: Path, tier: tiers.Tier, name: str = "run", **parameters: float) -> Run:
    return experiments.prepare(folder, name, CODE, parameters, PAIRS, LIMITS, tier)


def test_every_trial_gives_its_metrics_and_the_environment_is_recorded(
    tmp_path: Path, tier: tiers.Tier
) -> None:
    run = prepare(tmp_path, tier, scale=2.0)
    assert experiments.state(run) == "ready"
    experiments.launch(run)
    seen: list[int] = []
    outcome = experiments.wait(run, lambda done, _total: seen.append(done))
    assert outcome.status == "done", outcome.reason
    assert [(t.arm, t.seed) for t in outcome.trials] == PAIRS
    assert outcome.environment["numpy"]
    assert seen == sorted(seen)
    assert experiments.state(run) == "finished"


def test_two_runs_of_the_same_seeds_agree_to_the_last_digit(
    tmp_path: Path, tier: tiers.Tier
) -> None:
    outcomes = []
    for name in ("one", "two"):
        run = prepare(tmp_path, tier, name)
        experiments.launch(run)
        outcomes.append([trial.metrics for trial in experiments.wait(run).trials])
    assert outcomes[0] == outcomes[1]


def test_no_sandbox_gives_the_same_numbers_and_says_so(tmp_path: Path, tier: tiers.Tier) -> None:
    unsafe = tiers.choose(unsafe=True)
    assert unsafe.degradations()
    outcomes = []
    for name, chosen in (("safe", tier), ("unsafe", unsafe)):
        run = prepare(tmp_path, chosen, name)
        experiments.launch(run)
        outcome = experiments.wait(run)
        assert outcome.status == "done", (name, outcome.reason, outcome.stderr)
        outcomes.append([trial.metrics for trial in outcome.trials])
    assert outcomes[0] == outcomes[1]


def test_a_folder_that_exists_is_taken_as_it_is(tmp_path: Path, tier: tiers.Tier) -> None:
    first = prepare(tmp_path, tier, scale=1.0)
    prepare(tmp_path, tier, scale=9.0)
    plan = json.loads((first.folder / "input" / "params.json").read_text())
    assert plan["parameters"] == {"scale": 1.0}


def test_a_folder_is_claimed_only_once(tmp_path: Path, tier: tiers.Tier) -> None:
    run = prepare(tmp_path, tier)
    supervisors = [
        subprocess.Popen([sys.executable, "-m", "scientist.lab.supervisor", str(run.folder)])
        for _ in range(4)
    ]
    assert [supervisor.wait(timeout=30) for supervisor in supervisors] == [0, 0, 0, 0]
    lines = (run.folder / "trials.jsonl").read_text().splitlines()
    assert sum('"metrics"' in line for line in lines) == len(PAIRS)


def test_an_experiment_outlives_the_process_that_launched_it(
    tmp_path: Path, tier: tiers.Tier
) -> None:
    run = prepare(tmp_path, tier, pause=0.15)
    code = (
        "import sys, time; from pathlib import Path; from scientist.lab import experiments as x; "
        f"x.launch(x.Run(Path({str(run.folder)!r}), ())); print('up', flush=True); time.sleep(60)"
    )
    agent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert agent.stdout is not None
    agent.stdout.readline()
    while experiments.state(run) == "ready":
        time.sleep(0.02)
    agent.send_signal(signal.SIGKILL)
    agent.wait()
    agent.stdout.close()
    assert experiments.state(run) == "running"
    outcome = experiments.wait(run)
    assert outcome.status == "done", outcome.reason
    assert len(outcome.trials) == len(PAIRS)


def test_a_run_whose_supervisor_was_killed_is_lost_keeps_what_it_measured_and_starts_anew(
    tmp_path: Path, tier: tiers.Tier
) -> None:
    run = prepare(tmp_path, tier, pause=0.2)
    experiments.launch(run)
    while experiments._count(run.folder / "trials.jsonl") < 2:
        time.sleep(0.02)
    os.kill(json.loads((run.folder / "claim").read_text())["pid"], signal.SIGKILL)
    outcome = experiments.wait(run)
    assert outcome.status == "lost"
    assert 2 <= len(outcome.trials) < len(PAIRS)
    again = prepare(tmp_path, tier, pause=0.0)
    assert experiments.state(again) == "ready"
    assert (tmp_path / "run.lost-1").is_dir()
    experiments.launch(again)
    assert experiments.wait(again).status == "done"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return {'x': float('nan')}", "not a finite number"),
        ("return 3", "must return a dict"),
        ("return {}", "must return a dict"),
        ("raise KeyError('gone')", "KeyError"),
        ("sys.exit(0)", "gave no result"),
        ("os._exit(0)", "gave no result"),
    ],
)
def test_a_trial_that_goes_wrong_is_named(
    tmp_path: Path, tier: tiers.Tier, body: str, reason: str
) -> None:
    code = f"import os, sys\ndef trial(arm, seed):\n    {body}\n"
    run = experiments.prepare(tmp_path, "bad", code, {}, [("a", 1)], LIMITS, tier)
    experiments.launch(run)
    outcome = experiments.wait(run)
    assert outcome.status == "failed"
    assert reason in outcome.reason


@pytest.mark.parametrize("code", ["def trial(:", "x = 1", "raise RuntimeError('at import')"])
def test_code_that_cannot_be_loaded_is_a_failure_with_a_reason(
    tmp_path: Path, tier: tiers.Tier, code: str
) -> None:
    run = experiments.prepare(tmp_path, "bad", code, {}, [("a", 1)], LIMITS, tier)
    experiments.launch(run)
    outcome = experiments.wait(run)
    assert outcome.status == "failed"
    assert "Error" in outcome.reason
