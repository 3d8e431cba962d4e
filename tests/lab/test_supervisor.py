"""Runs outlive whoever started them, happen once, and give the same numbers again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import until

from lab.processes import measured
from scientist.errors import UsageError, WorkspaceError
from scientist.lab import attempts, experiments
from scientist.lab.experiments import Outcome, Run

SLOW = """
    import random, time
    def trial(arm, seed):
        time.sleep(0.1)
        return {"m": random.random() + (arm == "a")}
"""
MANY = [(arm, seed) for seed in range(8) for arm in ("a", "b")]


def test_the_same_seeds_give_the_same_numbers(ran: Callable[..., Outcome]) -> None:
    code = """
        import random, numpy
        def trial(arm, seed):
            rng = numpy.random.default_rng(seed)
            matrix = rng.normal(size=(60, 60))
            return {"r": random.random(), "n": numpy.random.random(),
                    "s": float(numpy.linalg.svd(matrix)[1].sum()), "h": float(hash(arm) % 997)}
    """
    first, second = ran(code, MANY, name="first"), ran(code, MANY, name="second")
    assert first.status == second.status == "done"
    assert [t.metrics for t in first.trials] == [t.metrics for t in second.trials]
    assert len(first.trials) == len(MANY)
    assert first.environment == second.environment
    assert {"python", "numpy", "platform"} <= set(first.environment)


def test_all_arms_of_a_seed_come_before_the_next_seed(prepared: Callable[..., Run]) -> None:
    run = prepared(SLOW, [("a", 2), ("a", 1), ("b", 2), ("b", 1)])
    assert run.expected == (("a", 2), ("b", 2), ("a", 1), ("b", 1))


def test_a_trial_asked_for_twice_is_refused(prepared: Callable[..., Run]) -> None:
    with pytest.raises(UsageError):
        prepared(SLOW, [("a", 1), ("a", 1)])


def test_progress_is_told_trial_by_trial(prepared: Callable[..., Run]) -> None:
    run = prepared(SLOW, MANY)
    seen: list[tuple[int, int]] = []
    experiments.launch(run)
    outcome = experiments.wait(run, on_trial=lambda done, of: seen.append((done, of)))
    assert outcome.status == "done"
    assert seen == sorted(set(seen))
    assert len(seen) > 4
    assert all(of == len(MANY) and 0 <= done <= of for done, of in seen)


def test_a_run_can_be_stopped_and_keeps_what_it_measured(prepared: Callable[..., Run]) -> None:
    run = prepared(SLOW, MANY)
    experiments.launch(run)
    outcome = experiments.wait(run, should_stop=lambda: measured(run) > 3)
    assert (outcome.status, outcome.reason) == ("killed", "it was asked to stop")
    assert 3 <= len(outcome.trials) < len(MANY)


def test_a_run_outlives_the_kill_of_its_launcher_and_is_taken_up_again(
    prepared: Callable[..., Run], tmp_path: Path
) -> None:
    run = prepared(SLOW, MANY)
    launcher = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys, time; from pathlib import Path; from scientist.lab import experiments\n"
            "experiments.launch(experiments.attach(Path(sys.argv[1]))); time.sleep(60)",
            str(run.folder),
        ]
    )
    until(lambda: measured(run) > 2)
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    again = experiments.attach(run.folder)
    assert again == run
    assert experiments.state(again) == "running"
    experiments.launch(again)  # it runs already: this does nothing
    outcome = experiments.wait(again)
    assert outcome.status == "done"
    assert [(t.arm, t.seed) for t in outcome.trials] == MANY
    assert measured(run) == len(MANY) + 1
    assert experiments.state(again) == "finished"


def test_a_finished_run_is_taken_as_it_is(ran: Callable[..., Outcome], tmp_path: Path) -> None:
    first = ran(SLOW, MANY[:2])
    assert ran(SLOW, MANY[:2]) == first
    assert attempts.last(tmp_path / "runs" / "run") == 1


def test_a_folder_of_another_experiment_is_refused(
    ran: Callable[..., Outcome], prepared: Callable[..., Run]
) -> None:
    ran(SLOW, MANY[:2])
    with pytest.raises(WorkspaceError, match="holds another experiment"):
        prepared(SLOW, MANY[:4])
    with pytest.raises(WorkspaceError, match="holds another experiment"):
        prepared(SLOW + "\n", MANY[:2])


def test_a_half_made_folder_of_a_dead_process_is_no_obstacle(
    prepared: Callable[..., Run], tmp_path: Path
) -> None:
    (tmp_path / "runs" / f".run.{os.getpid()}" / "input").mkdir(parents=True)
    assert experiments.state(prepared(SLOW)) == "ready"


def test_a_folder_that_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="is not a run folder"):
        experiments.attach(tmp_path)


def test_a_run_may_be_launched_from_any_thread(prepared: Callable[..., Run]) -> None:
    run = prepared(SLOW, MANY[:4])
    thread = threading.Thread(target=experiments.launch, args=(run,))
    thread.start()
    thread.join()
    assert experiments.wait(run).status == "done"


def test_results_that_cannot_be_written_end_the_run_soon(prepared: Callable[..., Run]) -> None:
    run = prepared(
        "import time\ndef trial(arm, seed):\n    time.sleep(300)\n    return {'m': 1.0}\n",
        wall_seconds=300,
    )
    (run.folder / "trials.jsonl").symlink_to("/dev/full")
    experiments.launch(run)
    outcome = experiments.wait(run)
    assert outcome.status == "failed"
    assert outcome.seconds < 60
    assert not outcome.trials
    status = json.loads((run.folder / "status.json").read_text())
    assert "No space left on device" in status["reason"]


def test_a_missing_trial_is_never_passed_over(ran: Callable[..., Outcome]) -> None:
    code = """
        import os
        def trial(arm, seed):
            if arm == "b":
                os.kill(os.getppid(), 9)
            return {"m": 1.0}
    """
    outcome = ran(code)
    assert outcome.status == "failed"
    assert [trial.arm for trial in outcome.trials] == ["a"]
    assert "died 2 times in this trial" in outcome.reason
    assert outcome.restarts == 2


def test_a_python_below_the_scratch_folder_still_works(tmp_path: Path) -> None:
    """A virtual environment under /tmp must not vanish when /tmp inside is made empty."""
    place = Path("/tmp") / f"lab-test-libraries-{os.getpid()}"
    script = textwrap.dedent(
        """
        import sys, sysconfig
        from pathlib import Path
        from scientist.lab import experiments, sandbox, tiers
        paths = sysconfig.get_paths()
        sysconfig.get_paths = lambda: paths | {"purelib": sys.argv[2], "platlib": sys.argv[2]}
        code = "import marker_library as m\\ndef trial(arm, seed): return {'m': m.VALUE}\\n"
        tier = tiers.choose()
        limits = sandbox.Limits(20, 20, 512, 16, 64, 64)
        run = experiments.prepare(Path(sys.argv[1]), "run", code, {}, [("a", 1)], limits, tier)
        from scientist.lab import supervisor
        supervisor.main(["supervisor", str(run.folder)])
        outcome = experiments.collect(run)
        assert outcome.status == "done", outcome
        """
    )
    place.mkdir()
    try:
        (place / "marker_library.py").write_text("VALUE = 4.0\n")
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), str(place)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        (place / "marker_library.py").unlink()
        place.rmdir()
    assert done.returncode == 0, done.stderr
