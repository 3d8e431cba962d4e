"""What the agent does with an experiment: prepare a run folder, launch, wait, attach.

A run folder's name is given by the caller and its input never changes, so whoever comes
back after a crash finds the same run: ready, running, finished, stopped or lost.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scientist.errors import UsageError, WorkspaceError
from scientist.lab import process, results, supervisor
from scientist.lab.sandbox import RUNNER_FILE, Limits
from scientist.lab.tiers import Tier
from scientist.records import Trial
from scientist.workspace import explain

POLL_SECONDS = 0.02
START_SECONDS = 30
CLAIM_SECONDS = 2
GRACE_SECONDS = 60
TEXT_BYTES = 64 * 2**20
REASON_LENGTH = 300
Status = Literal["done", "failed", "timeout", "killed", "lost"]
Standing = Literal["ready", "running", "finished", "stopped", "lost"]
_children: dict[str, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Run:
    """A prepared run folder and the trials it is to give."""

    folder: Path
    expected: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Ran:
    """What the supervisor found in place when it began, and what contained it; else empty."""

    code_hash: str = ""
    runner_hash: str = ""
    parameters: dict[str, Any] | None = None
    tier: str = ""
    limits: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a run; only checked trials are in it."""

    status: Status
    reason: str
    trials: tuple[Trial, ...]
    errors: tuple[str, ...]
    stdout: str
    stderr: str
    environment: dict[str, Any]
    seconds: float
    ran: Ran


def runner_hash() -> str:
    """What the code that calls the trials hashes to."""
    return supervisor.hash_of(RUNNER_FILE)


def prepare(
    runs: Path,
    name: str,
    code: str,
    parameters: dict[str, Any],
    trials: Sequence[tuple[str, int]],
    limits: Limits,
    tier: Tier,
) -> Run:
    """Make the run folder whole or not at all; an existing one is taken as it is.

    All arms of a seed run before the next seed, so that a run cut short has whole pairs.
    A run that was lost or stopped is set aside and made anew. One that nobody began will
    run under the limits and the tier of now, not of whoever prepared it.
    """
    expected = _ordered(trials)
    folder = (runs / name).absolute()
    run = Run(folder, expected)
    plan = json.dumps({"parameters": parameters, "trials": expected})
    files = {"experiment.py": code.encode(), "params.json": plan.encode()}
    launch = {"limits": limits.plain(), "box": tier.box.plain()}
    try:
        if folder.exists():
            if any((folder / "input" / file).read_bytes() != data for file, data in files.items()):
                raise WorkspaceError(
                    f"{folder} holds another experiment", "scientist run (a new campaign)"
                )
            standing = state(run)
            if standing == "ready":
                supervisor.write(folder / "launch.json", launch)
            if standing not in ("stopped", "lost"):
                return run
            folder.rename(_free_name(folder, standing))
        part = runs / f".{name}.{os.getpid()}"
        shutil.rmtree(part, ignore_errors=True)
        (part / "input").mkdir(parents=True)
        (part / "input").chmod(0o755)  # the sandbox's user must read it
        for file, data in files.items():
            (part / "input" / file).write_bytes(data)
            (part / "input" / file).chmod(0o644)
        (part / "launch.json").write_text(json.dumps(launch))
        part.rename(folder)
    except OSError as fault:
        raise explain(fault, folder) from fault
    return run


def attach(folder: Path) -> Run:
    """The run that was prepared in a folder, whoever prepared it."""
    try:
        plan = json.loads((folder / "input" / "params.json").read_text())
        return Run(folder.absolute(), _ordered(plan["trials"]))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise WorkspaceError(
            f"{folder} is not a run folder: {fault}", "scientist experiment list"
        ) from fault


def _ordered(trials: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    pairs = [(str(arm), int(seed)) for arm, seed in trials]
    if len(set(pairs)) != len(pairs):
        raise UsageError("a trial is asked for twice", "give every arm and seed once")
    first: dict[int, int] = {}
    for _, seed in pairs:
        first.setdefault(seed, len(first))
    return tuple(sorted(pairs, key=lambda pair: first[pair[1]]))


def launch(run: Run) -> None:
    """Start the supervisor of a run that nobody has claimed."""
    if state(run) != "ready":
        return
    with (run.folder / "supervisor.log").open("ab") as log:
        _children[str(run.folder)] = subprocess.Popen(
            [sys.executable, "-P", "-m", "scientist.lab.supervisor", str(run.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            cwd="/",
        )


def state(run: Run) -> Standing:
    """Where a run stands, by its folder and by whether its supervisor lives."""
    if ended := _ended(run):
        return ended
    try:
        claim = json.loads((run.folder / "claim").read_text() or "{}")
        pid, began, boot = claim["pid"], claim["start_time"], claim["boot"]
    except FileNotFoundError:
        return "ready"
    except (ValueError, KeyError):  # claimed this instant, or died while claiming
        age = time.time() - (run.folder / "claim").stat().st_mtime
        return "running" if age < CLAIM_SECONDS else "lost"
    if boot == process.boot() and process.alive(pid, began):
        return "running"
    return _ended(run) or "lost"


def stop(run: Run, patience: float = 0) -> None:
    """Ask the supervisor to end a run, and give it so many seconds to do so.

    What it measured so far is kept, but a stopped run is never taken for a whole one.
    """
    (run.folder / "stop").touch()
    end = time.monotonic() + patience
    while state(run) in ("ready", "running"):
        if time.monotonic() >= end:
            return
        time.sleep(POLL_SECONDS)
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
    while (standing := state(run)) in ("ready", "running"):
        if standing == "ready" and time.monotonic() > patience:
            log = _text(run.folder / "supervisor.log")[-2000:]
            raise WorkspaceError(f"the supervisor did not start: {log.strip()}", "scientist doctor")
        if standing == "running" and time.monotonic() > deadline:
            _end_supervisor(run)  # it should have ended the run itself, long ago
            continue
        if should_stop and should_stop():
            stop(run)
            should_stop = None
        more, offset = _count(run.folder / "trials.jsonl", offset)
        lines += more
        done = min(max(0, lines - 1), len(run.expected))  # the first line is the environment
        if on_trial and done > told:
            told = done
            on_trial(done, len(run.expected))
        time.sleep(POLL_SECONDS)
    _reap(run)
    return collect(run)


def collect(run: Run) -> Outcome:
    """Read a finished run, checking every line against what was asked for."""
    status, reason, seconds = _status(run)
    found = results.read(run.folder / "trials.jsonl", run.expected)
    if found.forged:
        status, reason = "failed", found.forged
    elif status == "done" and len(found.trials) + len(found.errors) < len(run.expected):
        missing = len(run.expected) - len(found.trials)
        status, reason = "failed", f"{missing} of {len(run.expected)} trials gave no result"
    if found.errors and not found.forged and status in ("done", "failed"):
        status, reason = "failed", _last_line(found.errors[0]) or "an error"
    return Outcome(
        status=status,
        reason=reason,
        trials=found.trials,
        errors=found.errors,
        stdout=_text(run.folder / "stdout"),
        stderr=_text(run.folder / "stderr"),
        environment=found.environment or {},
        seconds=seconds,
        ran=Ran(**(_read(run, "ran.json") or {})),
    )


def _wall_seconds(run: Run) -> float:
    launch = json.loads((run.folder / "launch.json").read_text())
    return float(launch["limits"]["wall_seconds"])


def _end_supervisor(run: Run) -> None:
    claim = json.loads((run.folder / "claim").read_text())
    if process.alive(claim["pid"], claim["start_time"]):
        process.end(claim["pid"])
    time.sleep(POLL_SECONDS)


def _reap(run: Run) -> None:
    if child := _children.pop(str(run.folder), None):
        child.wait()


def _ended(run: Run) -> Literal["finished", "stopped"] | None:
    if (last := _read(run, "status.json")) is None:
        return None
    return "stopped" if last["status"] == "stopped" else "finished"


def _status(run: Run) -> tuple[Status, str, float]:
    if (last := _read(run, "status.json")) is None:
        return "lost", "the supervisor died before the experiment ended", 0.0
    status: Status = "killed" if last["status"] == "stopped" else last["status"]
    return status, last["reason"], last["seconds"]


def _read(run: Run, name: str) -> dict[str, Any] | None:
    """What the supervisor wrote in a file of the run; None if it did not come to that."""
    try:
        found: dict[str, Any] = json.loads((run.folder / name).read_text())
    except FileNotFoundError:
        return None
    return found


def _last_line(error: str) -> str:
    """What an error says in the end, fit to stand in a sentence."""
    line = (error.strip().splitlines() or [""])[-1]
    return "".join(letter if letter.isprintable() else " " for letter in line)[:REASON_LENGTH]


def _count(path: Path, offset: int) -> tuple[int, int]:
    """Lines that came since `offset`, and where the next look begins."""
    try:
        new = results.content(path, results.MOST_BYTES, offset)
    except OSError:
        return 0, offset
    return new.count(b"\n"), offset + len(new)


def _text(path: Path) -> str:
    try:
        return results.content(path, TEXT_BYTES).decode(errors="replace")
    except OSError:
        return ""


def _free_name(folder: Path, why: str) -> Path:
    number = 1
    while (name := folder.with_name(f"{folder.name}.{why}-{number}")).exists():
        number += 1
    return name
