"""An interrupted experiment is stopped, and goes on later from what it had measured."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import until

from scientist.agent.toolkit import Toolkit
from scientist.lab import attempts, experiments, process
from scientist.lab.experiments import Outcome, Run
from scientist.lab.tiers import Tier
from scientist.settings import Settings

SLOW = textwrap.dedent(
    """
    import time
    def trial(arm, seed):
        time.sleep(0.1)
        return {"m": float(seed)}
    """
)
MANY = [(arm, seed) for seed in range(8) for arm in ("a", "b")]
Launch = Callable[..., Outcome]


@pytest.fixture
def launch(tmp_path: Path, tier: Tier) -> Launch:
    """The agent's tool, as a node uses it."""
    tool = Toolkit().tool("launch_experiment")

    def call(on_trial: Callable[[int, int], None] | None = None) -> Outcome:
        bench: Any = SimpleNamespace(
            workspace=SimpleNamespace(runs=tmp_path / "runs"),
            settings=Settings(),
            tier=tier,
            on_trial=on_trial,
            meter=SimpleNamespace(seconds_left=600.0, check=lambda: None),
        )
        arguments = tool.arguments(folder="run", code=SLOW, parameters={}, trials=MANY)
        outcome, _ = tool.call(arguments, bench)
        assert isinstance(outcome, Outcome)
        return outcome

    return call


def interrupt(done: int, of: int) -> None:
    """A second Ctrl-C after a few trials."""
    if done >= 3:
        raise KeyboardInterrupt


def test_an_interrupt_stops_the_experiment_and_the_resume_measures_the_rest(
    launch: Launch, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        launch(interrupt)
    folder = tmp_path / "runs" / "run"
    stopped = experiments.attach(folder)
    assert experiments.state(stopped) == "stopped"
    claim = json.loads((folder / "claim").read_text())
    assert not process.alive(claim["pid"], claim["start_time"])
    half = experiments.collect(stopped)
    assert 3 <= len(half.trials) < len(MANY)
    before = (folder / "trials.jsonl").read_bytes()

    outcome = launch()
    assert outcome.status == "done"
    assert [(trial.arm, trial.seed) for trial in outcome.trials] == MANY
    assert (folder / "trials.jsonl").read_bytes().startswith(before)
    assert outcome.seconds > half.seconds
    assert [path.name for path in folder.parent.iterdir()] == ["run"]
    assert launch() == outcome  # a whole run is taken as it is


def test_an_experiment_that_is_still_stopping_at_the_resume_goes_on_too(
    launch: Launch, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        launch(interrupt)
    launcher = subprocess.Popen(  # another run, under way when the next launch finds it
        [
            *(sys.executable, "-c"),
            "import sys; from pathlib import Path; from scientist.lab import experiments as e\n"
            "run = e.attach(Path(sys.argv[1])); e.launch(run); e.wait(run)",
            str(_again(tmp_path)),
        ]
    )
    run = experiments.attach(tmp_path / "runs" / "run")
    until(lambda: experiments.state(run) == "running")
    experiments.stop(run)
    outcome = launch()
    launcher.wait(timeout=120)
    assert outcome.status == "done"
    assert len(outcome.trials) == len(MANY)


def _again(tmp_path: Path) -> Path:
    """The same run folder, made ready by hand."""
    folder, old = tmp_path / "runs" / "run", tmp_path / "runs" / "run.stopped-1"
    folder.rename(old)
    (folder / "input").mkdir(parents=True)
    (folder / "input").chmod(0o755)
    for name in ("launch.json", "input/params.json", "input/experiment.py"):
        (folder / name).write_bytes((old / name).read_bytes())
        (folder / name).chmod(0o644)
    return folder


def test_a_stop_that_came_before_the_start_does_not_spoil_the_run(
    launch: Launch, prepared: Callable[..., Run], tmp_path: Path
) -> None:
    experiments.stop(prepared(SLOW, MANY))
    assert launch().status == "done"


def test_a_run_that_ended_before_the_stop_reached_it_is_whole(
    launch: Launch, tmp_path: Path
) -> None:
    def late(done: int, of: int) -> None:
        if not done:
            return
        claim = json.loads((tmp_path / "runs" / "run" / "claim").read_text())
        until(lambda: not process.alive(claim["pid"], claim["start_time"]))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(late)
    assert launch().status == "done"
    assert attempts.last(tmp_path / "runs" / "run") == 1
