"""What the agent does with an experiment: prepare a run folder, launch, wait, attach.

A run folder's name is given by the caller and its input never changes, so whoever
comes back after a crash finds the same run: ready, running, finished or lost.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scientist.errors import WorkspaceError
from scientist.lab import process
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier
from scientist.records import Trial
from scientist.workspace import explain

POLL_SECONDS = 0.05
Status = Literal["done", "failed", "timeout", "killed", "lost"]
_children: dict[str, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Run:
    """A prepared run folder and the trials it is to give."""

    folder: Path
    expected: tuple[tuple[str, int], ...]


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


def runner_hash() -> str:
    """What the code that calls the trials hashes to."""
    return hashlib.sha256(Path(__file__).with_name("runner.py").read_bytes()).hexdigest()


def prepare(
    runs: Path,
    name: str,
    code: str,
    parameters: dict[str, Any],
    trials: Sequence[tuple[str, int]],
    limits: Limits,
    tier: Tier,
) -> Run:
    """Make the run folder whole or not at all; an existing one is taken as it is."""
    folder = runs / name
    run = Run(folder, tuple((str(arm), int(seed)) for arm, seed in trials))
    if folder.exists() and state(run) != "lost":
        return run
    try:
        if folder.exists():
            folder.rename(_free_name(folder))
        part = runs / f".{name}.{os.getpid()}"
        (part / "input").mkdir(parents=True)
        plan = {"parameters": parameters, "trials": run.expected}
        launch = {"limits": limits.plain(), "binary": tier.binary}
        for path, content in (
            (part / "input" / "experiment.py", code),
            (part / "input" / "params.json", json.dumps(plan)),
            (part / "launch.json", json.dumps(launch)),
        ):
            path.write_text(content, encoding="utf-8")
        for path in (part / "input", *(part / "input").iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)  # readable by the sandbox's user
        part.rename(folder)
    except OSError as fault:
        raise explain(fault, folder) from fault
    return run


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
            cwd=Path(__file__).parents[2],
        )


def state(run: Run) -> Literal["ready", "running", "finished", "lost"]:
    """Where a run stands, by its folder and by whether its supervisor lives."""
    if (run.folder / "status.json").exists():
        return "finished"
    try:
        claim = json.loads((run.folder / "claim").read_text() or "{}")
    except FileNotFoundError:
        return "ready"
    except ValueError:
        claim = {}
    if not claim:  # claimed this instant, or died while claiming
        age = time.time() - (run.folder / "claim").stat().st_mtime
        return "running" if age < 2 else "lost"
    if process.alive(claim["pid"], claim["start_time"]):
        return "running"
    return "finished" if (run.folder / "status.json").exists() else "lost"


def wait(run: Run, on_trial: Callable[[int, int], None] | None = None) -> Outcome:
    """Follow a run to its end and collect what it measured."""
    seen = -1
    patience = time.monotonic() + 30
    while (standing := state(run)) in ("ready", "running"):
        if standing == "ready" and time.monotonic() > patience:
            log = (run.folder / "supervisor.log").read_text(errors="replace")[-2000:]
            raise WorkspaceError(f"the supervisor did not start: {log.strip()}", "scientist doctor")
        if on_trial:
            done = _count(run.folder / "trials.jsonl")
            if done != seen:
                seen = done
                on_trial(min(done, len(run.expected)), len(run.expected))
        time.sleep(POLL_SECONDS)
    if child := _children.pop(str(run.folder), None):
        child.wait()
    return collect(run)


def collect(run: Run) -> Outcome:
    """Read a finished run, checking every line against what was asked for."""
    status, reason, seconds = _status(run)
    trials, errors, environment, forged = _read_trials(run)
    if forged:
        status, reason = "failed", forged
    elif status == "done" and len(trials) != len(run.expected):
        missing = len(run.expected) - len(trials)
        status, reason = "failed", f"{missing} of {len(run.expected)} trials gave no result"
    if errors and status in ("done", "failed"):
        status, reason = "failed", errors[0].strip().splitlines()[-1]
    return Outcome(
        status=status,
        reason=reason,
        trials=tuple(trials),
        errors=tuple(errors),
        stdout=_text(run.folder / "stdout"),
        stderr=_text(run.folder / "stderr"),
        environment=environment,
        seconds=seconds,
    )


def _status(run: Run) -> tuple[Status, str, float]:
    try:
        raw = json.loads((run.folder / "status.json").read_text())
    except FileNotFoundError:
        return "lost", "the supervisor died before the experiment ended", 0.0
    return raw["status"], raw["reason"], raw["seconds"]


def _read_trials(run: Run) -> tuple[list[Trial], list[str], dict[str, Any], str]:
    """Trials, errors, environment, and why the results cannot be believed if so."""
    expected = set(run.expected)
    trials: list[Trial] = []
    errors: list[str] = []
    environment: dict[str, Any] = {}
    seen: set[tuple[str, int]] = set()
    for raw in _lines(run.folder / "trials.jsonl"):
        if "environment" in raw and not seen:
            environment = {str(k): str(v)[:200] for k, v in dict(raw["environment"]).items()}
            continue
        if raw == {"finished": True}:
            continue
        if "arm" not in raw:
            errors.append(str(raw.get("error", "a line that is no result"))[:4000])
            continue
        name = (str(raw["arm"]), raw["seed"])
        if name not in expected:
            return [], errors, environment, f"a result nobody asked for: {name}"
        if name in seen:
            return [], errors, environment, f"two results for one trial: {name}"
        seen.add(name)
        if "error" in raw:
            errors.append(str(raw["error"])[:4000])
            continue
        metrics = raw["metrics"]
        if not all(isinstance(v, float | int) and math.isfinite(v) for v in metrics.values()):
            return [], errors, environment, f"a metric of {name} is not a finite number"
        trials.append(
            Trial(arm=name[0], seed=name[1], metrics=metrics, seconds=float(raw["seconds"]))
        )
    return trials, errors, environment, ""


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines that are JSON objects; anything else is an error line."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n")[:-1]:
        try:
            raw = json.loads(line)
            if not isinstance(raw, dict):
                raise TypeError
        except (ValueError, TypeError):
            raw = {"error": f"not a result line: {line[:200]!r}"}
        yield raw


def _count(path: Path) -> int:
    try:
        return path.read_bytes().count(b'"metrics"')
    except FileNotFoundError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _free_name(folder: Path) -> Path:
    number = 1
    while (name := folder.with_name(f"{folder.name}.lost-{number}")).exists():
        number += 1
    return name


def discard(run: Run) -> None:
    """Remove a run whose trials can never count."""
    shutil.rmtree(run.folder, ignore_errors=True)
