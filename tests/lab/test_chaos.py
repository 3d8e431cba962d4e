"""kill -9 at random instants: no reported trial is lost or changed, none is reported twice.

Fifty instants each for the process that waits (as the agent does), for the supervisor and for
a worker. An experiment gives only a few instants; another one follows until there were enough.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from waiting import until

from lab.processes import runners
from scientist.lab import attempts, experiments, process
from scientist.lab.experiments import Run

INSTANTS = 50
IN_HAND = 4  # of two workers: one trial each, and one prefetched
CODE = """
    import random, time
    def trial(arm, seed):
        time.sleep(0.01)
        return {"m": random.random() + (arm == "a")}
"""
MANY = [(arm, seed) for seed in range(20) for arm in ("a", "b")]
Prepared = Callable[..., Run]
Values = list[tuple[str, int, dict[str, float]]]


def values(outcome: experiments.Outcome) -> Values:
    return [(trial.arm, trial.seed, trial.metrics) for trial in outcome.trials]


@pytest.fixture
def undisturbed(prepared: Prepared) -> Values:
    """What the experiment gives if nobody is killed."""
    return values(experiments.conduct(prepared(CODE, MANY, "undisturbed")))


def whole_lines(folder: Path) -> bytes:
    """What was reported so far."""
    try:
        content = (folder / "trials.jsonl").read_bytes()
    except FileNotFoundError:
        return b""
    return content[: content.rfind(b"\n") + 1]


def until_gone(family: list[int]) -> None:
    """Nothing outlives the supervisor it worked for."""
    until(lambda: not any(process.start_time(pid) for pid in family), pause=0.005)


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def check(run: Run, wanted: Values) -> None:
    """The run ends whole: every trial once, with the value it always has."""
    outcome = experiments.conduct(run)
    assert (outcome.status, outcome.reason) == ("done", "")
    assert values(outcome) == wanted
    lines = [json.loads(line) for line in whole_lines(run.folder).splitlines()]
    told = [(line["arm"], line["seed"]) for line in lines if "arm" in line]
    assert sorted(told) == sorted(MANY)
    assert sum("environment" in line for line in lines) == 1


def test_whoever_waits_may_be_killed_at_any_instant(
    prepared: Prepared, undisturbed: Values, tmp_path: Path
) -> None:
    chance = random.Random(1)
    killed, runs = 0, count()
    while killed < INSTANTS:
        name = f"run-{next(runs)}"
        folder, over = tmp_path / "runs" / name, False
        while not over and killed < INSTANTS:
            before = whole_lines(folder)
            waiting = os.fork()
            if waiting == 0:  # stands for the agent: prepares, launches, waits
                with contextlib.suppress(BaseException):
                    experiments.conduct(prepared(CODE, MANY, name, jobs=2))
                os._exit(0)
            time.sleep(chance.choice((0.01, 0.1, 0.4)) * chance.random())
            over = os.waitpid(waiting, os.WNOHANG)[0] != 0
            if not over:
                killed += 1
                kill(waiting)
                os.waitpid(waiting, 0)
            assert whole_lines(folder).startswith(before)
        run = prepared(CODE, MANY, name, jobs=2)
        check(run, undisturbed)
        assert attempts.last(run.folder) == 1  # one supervisor did all of it


def test_the_supervisor_may_be_killed_at_any_instant(
    prepared: Prepared, undisturbed: Values
) -> None:
    chance = random.Random(2)
    killed, runs = 0, count()
    while killed < INSTANTS:
        run = prepared(CODE, MANY, f"run-{next(runs)}", jobs=2)
        while experiments.state(run) != "finished" and killed < INSTANTS:
            before = whole_lines(run.folder)
            experiments.launch(run)
            started = experiments._children[str(run.folder)].process
            time.sleep(0.6 * chance.random())
            if started.poll() is None:
                killed += 1
                family = [member.pid for member in process.tree(started.pid)]
                started.kill()
                started.wait()
                until_gone(family)
            assert whole_lines(run.folder).startswith(before)
        check(run, undisturbed)


def test_a_worker_may_be_killed_at_any_instant(prepared: Prepared, undisturbed: Values) -> None:
    chance = random.Random(3)
    killed, runs = 0, count()
    while killed < INSTANTS:
        run = prepared(CODE, MANY, f"run-{next(runs)}", jobs=2)
        experiments.launch(run)
        due: set[tuple[str, int]] = set()
        while experiments.state(run) in ("ready", "running") and killed < INSTANTS:
            time.sleep(0.1 * chance.random())
            # a trial that was in hand at two deaths has failed: let it be measured in between
            if not due & set(missing(run)) and (found := workers(run)):
                before = whole_lines(run.folder)
                due = set(missing(run)[:IN_HAND])
                kill(chance.choice(found))
                killed += 1
                assert whole_lines(run.folder).startswith(before)
        check(run, undisturbed)


def missing(run: Run) -> list[tuple[str, int]]:
    """The trials that are not reported yet."""
    lines = [json.loads(line) for line in whole_lines(run.folder).splitlines()]
    told = {(line["arm"], line["seed"]) for line in lines if "arm" in line}
    return [trial for trial in run.expected if trial not in told]


def workers(run: Run) -> list[int]:
    """The runners inside and the boxes around them, while they are at work."""
    with contextlib.suppress(KeyError, FileNotFoundError):
        inside = runners(run)
        boxes = process.children(attempts.holder(run.folder, attempts.last(run.folder))["pid"])
        return [*inside, *boxes] if inside else []
    return []
