"""Where the trials of an experiment run: what a supervisor hands an executor, and gets back.

An executor is a module with `execute(job, missing) -> Ended`. The supervisor of a run calls it
once per attempt with the numbers of the trials that have no result yet; it reports lines as they
come and says how it ended. `local` (lab/workers.py) runs them in boxes of this machine; others
send pieces (lab/pieces.py) to other machines, where the same supervisor runs them. Only the
standard library is needed here.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from scientist.errors import UsageError
from scientist.lab.sandbox import Box, Limits

if TYPE_CHECKING:
    from scientist.settings import Settings

EXECUTORS = {
    "local": "scientist.lab.workers",
    "ray": "scientist.lab.executors.ray_cluster",
    "slurm": "scientist.lab.executors.slurm_queue",
}
OPTIONS = ("trial_cpus", "ray_address", "slurm_partition", "slurm_cluster")
Status = Literal["done", "failed", "killed", "timeout", "stopped", "forged"]


class Ended(NamedTuple):
    """How an attempt, or a piece of one, ended; after `forged` none of its lines count."""

    status: Status
    reason: str = ""
    restarts: int = 0


class Forged(Exception):
    """A line that is no result of a trial that was asked for: somebody made it up."""


class TooMuch(Exception):
    """More results than any honest run of this plan has."""


@dataclass(frozen=True)
class Placement:
    """Which executor runs the trials, how many at once, and what else it must know."""

    jobs: int = 1
    executor: str = "local"
    options: dict[str, Any] = field(default_factory=dict)
    gpus: bool = False  # whether scripts may use graphics processors

    @classmethod
    def of(cls, settings: Settings) -> Placement:
        """As a user set it; jobs 0 stands for all processors, here or of the cluster."""
        options: dict[str, Any] = {}
        jobs = settings.jobs
        if settings.executor == "local":
            jobs = jobs or os.cpu_count() or 1
        else:
            names = [name for name in OPTIONS if name.split("_")[0] in ("trial", settings.executor)]
            options = {name: getattr(settings, name) for name in names}
        return cls(jobs, settings.executor, options, gpus=settings.sandbox_gpus)

    def plain(self) -> dict[str, Any]:
        """For the run folder."""
        return asdict(self)


@dataclass(frozen=True)
class Script:
    """A command that stands for trial(): it appends result lines to $SCIENTIST_RESULTS.

    It runs in the folder of its files, which it sees read-only; $SCIENTIST_PLAN names a file
    with the parameters, the trials that are wanted and what it may use.
    """

    command: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    gpus: int = 0

    def plain(self) -> dict[str, Any]:
        """For the plan; the files lie beside it."""
        return {"command": list(self.command), "gpus": self.gpus}

    @property
    def code(self) -> str:
        """What stands for its code in a seal: the command, and the hash of every file."""
        hashes = {name: hashlib.sha256(held).hexdigest() for name, held in self.files.items()}
        return json.dumps([self.plain(), hashes], sort_keys=True)

    @classmethod
    def of(cls, code: str, held: Callable[[str], bytes]) -> Script:
        """The script that such a code stands for, its files fetched by their hashes."""
        plain, hashes = json.loads(code)
        files = {name: held(digest) for name, digest in hashes.items()}
        return cls(tuple(plain["command"]), files, plain["gpus"])


@dataclass(frozen=True)
class Job:
    """One attempt at an experiment, as its supervisor hands it to an executor.

    `report` takes whole result lines, checks them against the plan and appends them to
    trials.jsonl; a line that stands there already is passed over; it raises Forged or TooMuch.
    `note` records what a piece ran under. `output` keeps what was printed and gives a reason to
    end if it is too much. `over` says whether the attempt must end: it was asked to stop, or has
    no time left.
    """

    folder: Path
    trials: tuple[tuple[str, int], ...]
    limits: Limits
    box: Box
    placement: Placement
    attempt: int
    spent: float
    report: Callable[[bytes], None]
    note: Callable[[dict[str, Any]], None]
    output: Callable[[Literal["stdout", "stderr"], bytes], str]
    over: Callable[[], Ended | None]
    script: dict[str, Any] | None = None


class Executor(Protocol):
    """What a module named in EXECUTORS offers."""

    def execute(self, job: Job, missing: Sequence[int]) -> Ended:
        """Give a result for every missing trial; `done` only if all of them have one."""
        ...


def find(name: str) -> Executor:
    """The executor of that name, loaded when it is wanted."""
    if name not in EXECUTORS:
        raise UsageError(f"there is no executor {name!r}", f"one of {', '.join(EXECUTORS)}")
    executor: Executor = importlib.import_module(EXECUTORS[name])
    return executor
