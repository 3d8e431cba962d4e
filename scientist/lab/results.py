"""Reads what a run left, believing none of it: every line is checked against the plan.

The lines were written by a process that ran experiment code. They may be missing, cut,
repeated, invented or enormous; they are never executed or unpickled.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from scientist.records import Trial

MOST_BYTES = 65 * 2**20
MOST_METRICS = 256
ERROR_LENGTH = 4000


class _Line(BaseModel):
    """The only shape a line after the first may have."""

    model_config = ConfigDict(strict=True, extra="forbid")

    arm: str | None = None
    seed: int | None = None
    metrics: dict[str, FiniteFloat] | None = Field(None, min_length=1, max_length=MOST_METRICS)
    error: str | None = None
    seconds: FiniteFloat = Field(0.0, ge=0)


class _Environment(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    environment: dict[str, str]


@dataclass(frozen=True)
class Results:
    """Trials and errors of a run, and why none of it can be believed if so."""

    trials: tuple[Trial, ...] = ()
    errors: tuple[str, ...] = ()
    environment: dict[str, Any] | None = None
    forged: str = ""


def read(path: Path, expected: Sequence[tuple[str, int]]) -> Results:
    """Every whole line, checked; one that nobody asked for spoils them all."""
    try:
        lines = content(path, MOST_BYTES).split(b"\n")[:-1]
    except FileNotFoundError:
        return Results()
    except OSError as fault:
        return Results(forged=f"the results cannot be read: {fault}")
    environment = _environment(lines[0]) if lines else {}
    if environment is None:
        return Results(forged="the first line is not the environment")
    wanted, trials, errors = set(expected), dict[tuple[str, int], Trial](), list[str]()
    failed: set[tuple[str, int]] = set()
    for number, raw in enumerate(lines[1:], start=2):
        try:
            line = _Line.model_validate_json(raw)
        except ValidationError as invalid:
            return Results(
                forged=f"line {number} is not a result: {invalid.errors()[0]['msg']}",
                environment=environment,
            )
        problem = ""
        if line.arm is None or line.seed is None:
            if line.error is None or line.metrics is not None:
                problem = f"line {number} names no trial"
            else:
                errors.append(line.error[:ERROR_LENGTH])
                continue
        key = (line.arm or "", line.seed or 0)
        if not problem and key not in wanted:
            problem = f"a result nobody asked for: {key}"
        elif not problem and (key in trials or key in failed):
            problem = f"two results for one trial: {key}"
        elif not problem and (line.metrics is None) == (line.error is None):
            problem = f"line {number} is neither a result nor an error"
        if problem:
            return Results(forged=problem[:300], environment=environment)
        if line.metrics is None:
            failed.add(key)
            errors.append((line.error or "")[:ERROR_LENGTH])
        else:
            trials[key] = Trial(arm=key[0], seed=key[1], metrics=line.metrics, seconds=line.seconds)
    ordered = tuple(trials[key] for key in expected if key in trials)
    return Results(ordered, tuple(errors), environment)


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


def _environment(line: bytes) -> dict[str, Any] | None:
    try:
        found = _Environment.model_validate_json(line).environment
    except ValidationError:
        return None
    return {name[:100]: value[:200] for name, value in list(found.items())[:20]}
