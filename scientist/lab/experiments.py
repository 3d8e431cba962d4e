"""What the agent does with an experiment: prepare a run folder, launch, wait, attach.

A run folder's name is given by the caller and its input never changes, so whoever comes
back after a crash finds the same run: ready, running, finished, stopped or lost. A stopped or
lost run goes on from what it measured: its trials do not depend on one another, each is
decided by its arm and seed, and code, parameters and limits are those it began with.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from scientist.errors import WorkspaceError
from scientist.lab import attempts, process, results
from scientist.lab import ran as notes
from scientist.lab.attempts import Standing
from scientist.lab.executors import Placement, Script
from scientist.lab.folders import LAUNCH, Run, attach, prepare
from scientist.lab.ran import Ran
from scientist.lab.sandbox import RUNNER_FILE
from scientist.records import Trial

__all__ = [
    "Outcome",
    "Placement",
    "Ran",
    "Run",
    "Script",
    "Standing",
    "attach",
    "collect",
    "conduct",
    "launch",
    "prepare",
    "runner_hash",
    "state",
    "stop",
    "wait",
]
POLL_SECONDS = 0.02
START_SECONDS = 30
GRACE_SECONDS = 60
STOP_SECONDS = 5
TEXT_BYTES = 64 * 2**20
REASON_LENGTH = 300
FRUITLESS = 3
Status = Literal["done", "failed", "timeout", "killed", "lost"]


class _Started(NamedTuple):
    """A supervisor this process started, for the attempt after `attempt`."""

    process: subprocess.Popen[bytes]
    attempt: int


_children: dict[str, _Started] = {}


@dataclass(frozen=True)
class Outcome:
    """What came of a run; only checked trials are in it.

    Where attempts or machines differed in what they ran or were, `ran` and `environment` show
    every value; `attempts` has each of them apart. `restarts` counts replaced workers.
    """

    status: Status
    reason: str
    trials: tuple[Trial, ...]
    errors: tuple[str, ...]
    stdout: str
    stderr: str
    environment: dict[str, Any]
    seconds: float
    ran: Ran
    attempts: tuple[Ran, ...] = ()
    restarts: int = 0


def runner_hash() -> str:
    """What the code that calls the trials hashes to."""
    return notes.hash_of(RUNNER_FILE)


def launch(run: Run) -> None:
    """Start a supervisor for a run that has none and is not finished."""
    started = _children.get(str(run.folder))
    under_way = started is not None and started.process.poll() is None
    if (under_way and _starting(run)) or state(run) in ("running", "finished"):
        return
    _reap(run)
    attempt = attempts.last(run.folder)
    with (run.folder / "supervisor.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "scientist.lab.supervisor", str(run.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            cwd="/",
        )
    _children[str(run.folder)] = _Started(child, attempt)


def state(run: Run) -> Standing:
    """Where a run stands, by its folder and by whether its supervisor lives."""
    return attempts.standing(run.folder)


def conduct(
    run: Run,
    on_trial: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    patience: float = STOP_SECONDS,
) -> Outcome:
    """Launch and wait; an interrupt stops the experiment, which gets so many seconds to end."""
    try:
        return _to_its_end(run, on_trial, should_stop)
    except KeyboardInterrupt:
        stop(run, patience)
        raise


def _to_its_end(
    run: Run,
    on_trial: Callable[[int, int], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Outcome:
    """Go on after a killed supervisor, as long as that leads anywhere."""
    known = fruitless = 0
    while True:
        launch(run)
        try:
            outcome = wait(run, on_trial, should_stop)
        except _NotStarted:
            fruitless += 1
            if fruitless >= FRUITLESS:
                raise
            continue
        measured = len(outcome.trials) + len(outcome.errors)
        fruitless = 0 if measured > known else fruitless + 1
        known = measured
        if outcome.status != "lost" or fruitless >= FRUITLESS:
            return outcome


def stop(run: Run, patience: float = 0) -> None:
    """Ask the supervisor to end a run, and give it so many seconds to do so.

    What it measured so far is kept, but a stopped run is never taken for a whole one.
    """
    end = time.monotonic() + patience
    attempts.ask_to_stop(run.folder)
    while state(run) in ("ready", "running") or _starting(run):
        if time.monotonic() >= end:
            return
        time.sleep(POLL_SECONDS)
        attempts.ask_to_stop(run.folder)
    _reap(run)


def wait(
    run: Run,
    on_trial: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Follow a run to its end and collect what it measured."""
    told, lines, offset = -1, 0, 0
    patience = time.monotonic() + START_SECONDS
    deadline = time.monotonic() + _wall_seconds(run) + GRACE_SECONDS
    while (starting := _starting(run)) or state(run) in ("ready", "running"):
        running = not starting and state(run) == "running"
        if not running and time.monotonic() > patience:
            raise _did_not_start(run)
        if running and time.monotonic() > deadline:
            _end_supervisor(run)  # it should have ended the run itself, long ago
            continue
        if should_stop and should_stop():
            attempts.ask_to_stop(run.folder)
        more, offset = _count(run.folder / "trials.jsonl", offset)
        lines += more
        if on_trial and min(lines, len(run.expected)) > told:
            told = min(lines, len(run.expected))
            on_trial(told, len(run.expected))
        time.sleep(POLL_SECONDS)
    _reap(run)
    return collect(run)


def collect(run: Run) -> Outcome:
    """Read a finished run, checking every line against what was asked for."""
    ended = _status(run)
    status, reason = ended.status, ended.reason
    found = results.read(run.folder / "trials.jsonl", run.expected)
    if found.forged and not ended.forged:
        status, reason = "failed", found.forged
    elif status == "done" and len(found.trials) + len(found.errors) < len(run.expected):
        missing = len(run.expected) - len(found.trials)
        status, reason = "failed", f"{missing} of {len(run.expected)} trials gave no result"
    believed = not found.forged and not ended.forged
    if found.errors and believed and status in ("done", "failed"):
        status, reason = "failed", _last_line(found.errors[0]) or "an error"
    try:
        noted = notes.read(results.content(run.folder / "ran.jsonl", TEXT_BYTES))
    except FileNotFoundError:
        noted = ()
    return Outcome(
        status=status,
        reason=reason,
        trials=found.trials if believed else (),
        errors=found.errors if believed else (),
        stdout=_text(run.folder / "stdout"),
        stderr=_text(run.folder / "stderr"),
        environment=common(found.environments),
        seconds=ended.seconds,
        ran=notes.joined(noted),
        attempts=noted,
        restarts=ended.restarts,
    )


def measured(folder: Path) -> int:
    """How many results a run folder holds by now, whatever they are worth."""
    return _count(folder / "trials.jsonl", 0)[0]


def _wall_seconds(run: Run) -> float:
    launch = json.loads((run.folder / LAUNCH).read_text())
    return float(launch["limits"]["wall_seconds"])


def _starting(run: Run) -> bool:
    """Whether a supervisor this process started is still to claim its attempt."""
    started = _children.get(str(run.folder))
    if started is None or attempts.last(run.folder) > started.attempt:
        return False
    if started.process.poll() is None:
        return True
    # it has ended: it had claimed in the meantime, or found that nothing was left to do
    if attempts.last(run.folder) > started.attempt or state(run) in ("running", "finished"):
        return False
    _reap(run)
    raise _did_not_start(run)


class _NotStarted(WorkspaceError):
    """A supervisor ended before it claimed its attempt."""


def _did_not_start(run: Run) -> _NotStarted:
    log = _text(run.folder / "supervisor.log")[-2000:]
    return _NotStarted(f"the supervisor did not start: {log.strip()}", "scientist doctor")


def _end_supervisor(run: Run) -> None:
    attempt = attempts.last(run.folder)
    if attempts.here(run.folder, attempt) and attempts.holder_lives(run.folder, attempt):
        process.end(attempts.holder(run.folder, attempt)["pid"])
    time.sleep(POLL_SECONDS)


def _reap(run: Run) -> None:
    if started := _children.pop(str(run.folder), None):
        started.process.wait()


class _Ended(NamedTuple):
    """How the last attempt ended, as its supervisor said."""

    status: Status
    reason: str
    seconds: float
    restarts: int = 0
    forged: bool = False


def _status(run: Run) -> _Ended:
    attempt = attempts.last(run.folder)
    last = attempts.read(run.folder / "status.json")
    if last is None or last.get("attempt", 1) != attempt:
        seconds = attempts.spent(run.folder, attempt)
        return _Ended("lost", "the supervisor died before the experiment ended", seconds)
    forged = last["status"] == "forged"
    status: Status = {"stopped": "killed", "forged": "failed"}.get(last["status"], last["status"])
    return _Ended(status, last["reason"], last["seconds"], last.get("restarts", 0), forged)


def common(environments: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One environment for all who measured; where they differ it shows every value."""
    names = dict.fromkeys(name for found in environments for name in found)
    return {
        name: notes.either([found.get(name, "absent") for found in environments]) for name in names
    }


def _last_line(error: str) -> str:
    """What an error says in the end, fit to stand in a sentence."""
    line = (error.strip().splitlines() or [""])[-1]
    return "".join(letter if letter.isprintable() else " " for letter in line)[:REASON_LENGTH]


def _count(path: Path, offset: int) -> tuple[int, int]:
    """Results that came since `offset`, and where the next look begins."""
    try:
        new = results.content(path, results.MOST_BYTES, offset)
    except OSError:
        return 0, offset
    whole = new[: new.rfind(b"\n") + 1]
    about_others = whole.count(b'{"environment"')
    return whole.count(b"\n") - about_others, offset + len(whole)


def _text(path: Path) -> str:
    try:
        return results.content(path, TEXT_BYTES).decode(errors="replace")
    except OSError:
        return ""
