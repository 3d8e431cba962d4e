"""Run folders: one is made whole or not at all, once, and its input never changes.

NAME/input/          what a box shows: the code and params.json, or a script and its files
NAME/launch.json     limits, box and placement of the next attempt
NAME/claim, claim-2  the supervisor of each attempt (attempts.py); stop, stop-2 ask it to end
NAME/trials.jsonl, ran.jsonl, stdout, stderr   what came (ledger.py)
NAME/status.json     how the last attempt ended
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from scientist.errors import UsageError, WorkspaceError
from scientist.lab import attempts, pieces, results
from scientist.lab.executors import Placement, Script
from scientist.lab.ran import CODE, PLAN
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier
from scientist.workspace import explain

LAUNCH = "launch.json"
MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Run:
    """A prepared run folder and the trials it is to give."""

    folder: Path
    expected: tuple[tuple[str, int], ...]


def prepare(
    runs: Path,
    name: str,
    code: str,
    parameters: dict[str, Any],
    trials: Sequence[tuple[str, int]],
    limits: Limits,
    tier: Tier,
    placement: Placement | None = None,
    script: Script | None = None,
) -> Run:
    """Make the run folder whole or not at all; an existing one is taken as it is.

    All arms of a seed run before the next seed, so that a run cut short has whole pairs.
    With a `script` there is no `code`. A run that was lost or stopped will go on under its own
    limits, placed as asked now; in another tier it is set aside and made anew. One that nobody
    began will run under the limits and tier of now.
    """
    placement = placement or Placement()
    expected = _ordered(trials)
    folder = (runs / name).absolute()
    run = Run(folder, expected)
    files = _files(code, parameters, expected, script)
    if script and script.gpus and not placement.gpus:
        raise UsageError(
            f"the script wants {script.gpus} graphics processors, which is off",
            "SCIENTIST_SANDBOX_GPUS=true scientist experiment run FOLDER",
        )
    launch = {"limits": limits.plain(), "box": tier.box.plain(), "placement": placement.plain()}
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with _alone(runs):
            if folder.exists():
                if _input(folder) != files:
                    raise WorkspaceError(
                        f"{folder} holds another experiment", "scientist run (a new campaign)"
                    )
                if _taken_up(run, launch):
                    return run
                folder.rename(_free_name(folder, attempts.standing(run.folder)))
            _make(runs / f".{name}.part", folder, files, launch)
    except OSError as fault:
        raise explain(fault, folder) from fault
    return run


def _taken_up(run: Run, launch: dict[str, Any]) -> bool:
    """Whether an existing run stays, with what may still change brought up to date."""
    standing = attempts.standing(run.folder)
    if standing in ("running", "finished"):
        return True
    if standing != "ready":
        begun = json.loads((run.folder / LAUNCH).read_text())
        if begun["box"]["name"] != launch["box"]["name"]:
            return False
        launch = launch | {"limits": begun["limits"]}
    attempts.write(run.folder / LAUNCH, launch)
    return True


def _make(part: Path, folder: Path, files: dict[str, bytes], launch: dict[str, Any]) -> None:
    shutil.rmtree(part, ignore_errors=True)
    pieces.lay_out(part / "input", files)
    (part / LAUNCH).write_text(json.dumps(launch))
    part.rename(folder)


def _files(
    code: str,
    parameters: dict[str, Any],
    trials: Sequence[tuple[str, int]],
    script: Script | None,
) -> dict[str, bytes]:
    """The input of a run, by relative name."""
    plan: dict[str, Any] = {"parameters": parameters, "trials": trials}
    if script is None:
        return {CODE: code.encode(), PLAN: json.dumps(plan).encode()}
    if code or not script.command:
        raise UsageError("a script stands for the code, and has a command", "give one of the two")
    for name in script.files:
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts or ".." in path.parts or name == PLAN:
            raise UsageError(
                f"{name!r} is no name for a file of a script", "name it relative to its folder"
            )
    return {**script.files, PLAN: json.dumps(plan | {"script": script.plain()}).encode()}


def _input(folder: Path) -> dict[str, bytes]:
    place = folder / "input"
    paths = [path for path in place.rglob("*") if not path.is_dir()]
    return {str(path.relative_to(place)): results.content(path, MOST_BYTES) for path in paths}


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process prepares a run here meanwhile; the lock ends with its holder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def attach(folder: Path) -> Run:
    """The run that was prepared in a folder, whoever prepared it."""
    try:
        plan = json.loads((folder / "input" / PLAN).read_text())
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


def _free_name(folder: Path, why: str) -> Path:
    number = 1
    while (name := folder.with_name(f"{folder.name}.{why}-{number}")).exists():
        number += 1
    return name
