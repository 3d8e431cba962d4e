"""What a run ran: the code, runner, parameters, tier and limits found in place, for the seal.

Whoever starts a box notes it at once (ran.jsonl), also on another machine and also when a run
is taken up again; where such notes differ, what is shown matches no seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from scientist.lab import sandbox
from scientist.lab.executors import Job

CODE = "experiment.py"
PLAN = "params.json"


@dataclass(frozen=True)
class Ran:
    """What was found in place when a run began, and what contained it; else empty."""

    code_hash: str = ""
    runner_hash: str = ""
    parameters: dict[str, Any] | None = None
    tier: str = ""
    limits: dict[str, Any] = field(default_factory=dict)


def found(job: Job) -> dict[str, Any]:
    """What lies in place now."""
    folder = job.folder / "input"
    plan = json.loads((folder / PLAN).read_text())
    return {
        "code_hash": code_hash(folder, plan.get("script")),
        "runner_hash": hash_of(sandbox.RUNNER_FILE),
        "parameters": plan["parameters"],
        "tier": job.box.name,
        "limits": job.limits.plain(),
    }


def code_hash(folder: Path, script: dict[str, Any] | None) -> str:
    """What an experiment's code hashes to: its one file, or a script's command and files."""
    if script is None:
        return hash_of(folder / CODE)
    names = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != PLAN)
    hashes = {str(path.relative_to(folder)): hash_of(path) for path in names}
    return hashlib.sha256(json.dumps([script, hashes], sort_keys=True).encode()).hexdigest()


def hash_of(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read(raw: bytes) -> tuple[Ran, ...]:
    """Every note in a ran.jsonl; a torn last line is left out."""
    names = {one.name for one in fields(Ran)}
    notes = [json.loads(line) for line in raw.split(b"\n")[:-1]]
    return tuple(Ran(**{name: note[name] for name in names & set(note)}) for note in notes)


def joined(notes: Sequence[Ran]) -> Ran:
    """All notes as one: a field that differs among them shows every value it had."""
    if len(notes) < 2:
        return notes[0] if notes else Ran()
    return Ran(
        code_hash=either([note.code_hash for note in notes]),
        runner_hash=either([note.runner_hash for note in notes]),
        parameters=_all([note.parameters for note in notes]),
        tier=either([note.tier for note in notes]),
        limits=_all([note.limits for note in notes]) or {},
    )


def either(values: Sequence[str]) -> str:
    """The one value there is, or all there are."""
    return " or ".join(dict.fromkeys(values))


def _all(values: Sequence[dict[str, Any] | None]) -> dict[str, Any] | None:
    if all(value == values[0] for value in values):
        return values[0]
    return {f"in part {number}": value for number, value in enumerate(values, start=1)}
