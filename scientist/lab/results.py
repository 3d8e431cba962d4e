"""Reads what a run left, believing none of it: every line is checked against the plan.

The lines were written by a process that ran experiment code. They may be missing, cut,
repeated, invented or enormous; they are never executed or unpickled. `lines` knows the shape
of one line, this module what may stand together.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scientist.lab import lines
from scientist.records import Trial

MOST_BYTES = 65 * 2**20
ERROR_LENGTH = 4000


@dataclass(frozen=True)
class Results:
    """Trials and errors of a run, and why none of it can be believed if so."""

    trials: tuple[Trial, ...] = ()
    errors: tuple[str, ...] = ()
    environments: tuple[dict[str, str], ...] = ()
    forged: str = ""


def read(path: Path, expected: Sequence[tuple[str, int]]) -> Results:
    """Every whole line, checked; one that nobody asked for spoils them all."""
    try:
        found = content(path, MOST_BYTES).split(b"\n")[:-1]
    except FileNotFoundError:
        return Results()
    except OSError as fault:
        return Results(forged=f"the results cannot be read: {fault}")
    wanted, trials, errors = set(expected), dict[tuple[str, int], Trial](), list[str]()
    failed: set[tuple[str, int]] = set()
    environments: list[dict[str, str]] = []
    for number, raw in enumerate(found, start=1):
        if (facts := lines.environment(raw)) is not None:
            environments.append(facts)
            continue
        problem = "" if environments else "the first line is not the environment"
        try:
            line = lines.read(raw)
        except ValueError as invalid:
            problem = problem or f"line {number} is not a result: {invalid}"
            return Results(environments=tuple(environments), forged=problem[:300])
        key = None if line.arm is None or line.seed is None else (line.arm, line.seed)
        if key and key not in wanted:
            problem = problem or f"a result nobody asked for: {key}"
        elif key and (key in trials or key in failed):
            problem = problem or f"two results for one trial: {key}"
        if problem:
            return Results(environments=tuple(environments), forged=problem[:300])
        if line.error is not None:
            errors.append(line.error[:ERROR_LENGTH])
            failed |= {key} if key else set()
        elif key and line.metrics is not None:
            trials[key] = Trial(arm=key[0], seed=key[1], metrics=line.metrics, seconds=line.seconds)
    ordered = tuple(trials[key] for key in expected if key in trials)
    return Results(ordered, tuple(errors), tuple(environments))


def content(path: Path, most: int, offset: int = 0) -> bytes:
    """The bytes of a plain file of its folder: no link, device or pipe, no second name."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path.name, flags, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise PermissionError(f"{path.name} is not a plain file with one name")
        if facts.st_size > most:
            raise PermissionError(f"{path.name} is larger than {most // 2**20} MB")
        file.seek(offset)
        return file.read(most)
