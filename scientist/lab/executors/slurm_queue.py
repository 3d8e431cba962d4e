"""The Slurm executor: pieces of an experiment are jobs of a queue, submitted through submitit.

It needs a file system that all machines share. Each piece has a folder in the run's folder: its
trials, the claim of the job that runs it, the lines as they come, and how it ended (slurm_job). A
supervisor that comes after a killed one reads the same folders, follows the jobs that still wait
or run, and submits only what nobody has. submitit's own results are never read.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from scientist.errors import UsageError
from scientist.lab import attempts, pieces, process, results
from scientist.lab.executors import Ended, Job, slurm_job
from scientist.lab.executors.hands import Hands, verdict

FOLDER = "pieces"
LOGS = "submitit"
AT_ONCE = 16
POLL_SECONDS = 0.2
ASK_SECONDS = 15
SPARE_MINUTES = 2
SPARE_MEMORY_MB = 512  # for the supervisor of the piece
SIGNAL_SECONDS = 30
STILLBORN = 3
MISSED = 3  # a shared disk may show what a job wrote later than the queue shows that it ended


def execute(job: Job, missing: Sequence[int]) -> Ended:
    """Give a result for every missing trial, by jobs of the queue."""
    queue = Queue(job, missing)
    try:
        queue.take_up()
        ended = queue.run()
        return ended._replace(restarts=queue.hands.restarts)
    finally:
        queue.cancel()


def require(cluster: str = "slurm") -> None:
    """Refuse if submitit or Slurm itself is not here."""
    if importlib.util.find_spec("submitit") is None:
        raise UsageError(
            "the executor slurm needs the library submitit", "pip install 'scientist[slurm]'"
        )
    if cluster == "slurm" and not (shutil.which("sbatch") and shutil.which("srun")):
        raise UsageError(
            "this machine submits to no Slurm cluster: it has no sbatch and srun",
            "log in to one that does, or scientist run --executor local",
        )


@dataclass
class Place:
    """A piece that waits in the queue or runs, followed by its folder."""

    folder: Path
    handle: Any = None  # submitit's job; none if its supervisor died while submitting it
    offset: int = 0
    missed: int = 0  # times in a row that the queue did not know it

    def claim(self) -> dict[str, Any]:
        """Who runs it, or sees to it that nobody does; nothing before that."""
        return attempts.read(self.folder / slurm_job.CLAIM) or {}

    def mark(self, word: str) -> None:
        (self.folder / word).touch()

    def marked(self, word: str) -> bool:
        return (self.folder / word).exists()


class Queue:
    """The pieces of one attempt."""

    def __init__(self, job: Job, missing: Sequence[int]) -> None:
        self.job, self.missing = job, missing
        self.cluster = str(job.placement.options.get("slurm_cluster", "slurm"))
        require(self.cluster)
        self.hands = Hands(job.trials, missing, whole=bool(job.script), shares=1)
        self.most = job.placement.jobs or AT_ONCE
        self.folder = job.folder / FOLDER
        self.folder.mkdir(exist_ok=True)
        self.began = time.monotonic()
        self.asked = 0.0
        self.stillborn = 0
        self.places: dict[int, Place] = {}

    def take_up(self) -> None:
        """Follow again what an earlier supervisor submitted; of two that had a trial, the later."""
        free = set(self.missing)
        for folder in sorted(self.folder.glob("[0-9]*"), key=lambda f: int(f.name), reverse=True):
            plan = attempts.read(folder / slurm_job.PLAN)
            place = Place(folder)
            settled = place.marked(slurm_job.SETTLED)
            held = [] if settled or not plan else sorted(free.intersection(plan["only"]))
            free.difference_update(held)
            number = self.hands.adopt(int(folder.name), held)
            if settled:
                self.hands.close(number)
            else:
                self.places[number] = place

    def run(self) -> Ended:
        """Keep the queue filled until each trial has its line."""
        while self.hands.left:
            if over := self.job.over():
                return over
            for number, place in list(self.places.items()):
                if ended := self._look(number, place):
                    return ended
            while (free := self.most - len(self.places)) > 0 and (piece := self.hands.next(free)):
                self._submit(*piece)
            time.sleep(POLL_SECONDS)
        return Ended("done")

    def cancel(self) -> None:
        """End what still waits or runs."""
        for place in self.places.values():
            with contextlib.suppress(Exception):
                place.mark(slurm_job.STOP)
                if place.handle is not None:
                    place.handle.cancel(check=False)

    def _submit(self, number: int, indexes: list[int]) -> None:
        folder = self.folder / f"{number:04d}"
        folder.mkdir()
        attempts.write(folder / slurm_job.PLAN, {"only": indexes})
        piece = pieces.cut(self.job, indexes, elapsed=time.monotonic() - self.began)
        self.places[number] = Place(folder)
        try:
            handle = self._executor(piece.spent).submit(slurm_job.work, str(folder), piece)
        except Exception as fault:  # submitit gives what sbatch said, in several ways
            raise UsageError(
                f"the queue took no job: {fault}"[:500], "sinfo; SCIENTIST_SLURM_PARTITION=NAME"
            ) from fault
        attempts.write(folder / slurm_job.NUMBER, {"id": str(handle.job_id)})
        self.places[number].handle = handle

    def _executor(self, spent: float) -> Any:
        import submitit

        options, limits = self.job.placement.options, self.job.limits
        executor = submitit.AutoExecutor(folder=self.folder / LOGS, cluster=self.cluster)
        executor.update_parameters(
            name=f"scientist-{self.job.folder.name}"[:60],
            timeout_min=ceil(max(0.0, limits.wall_seconds - spent) / 60) + SPARE_MINUTES,
            nodes=1,
            tasks_per_node=1,
            cpus_per_task=ceil(float(options.get("trial_cpus", 1))),
            mem_gb=(limits.memory_mb + SPARE_MEMORY_MB) / 1024,
            gpus_per_node=int((self.job.script or {}).get("gpus", 0)) or None,
            slurm_partition=options.get("slurm_partition"),
            slurm_signal_delay_s=SIGNAL_SECONDS,
            slurm_additional_parameters={"no-requeue": True},  # what died is submitted by us
        )
        return executor

    def _look(self, number: int, place: Place) -> Ended | None:
        """Read what a piece has; a reason to end everything if there is one."""
        dead = self._dead(place)  # asked first: whatever it wrote stands by the time we read
        self._read(number, place)
        finished = attempts.read(place.folder / slurm_job.FINISHED)
        if finished and place.offset >= finished["bytes"]:
            return self._finished(number, place, finished)
        if not dead or finished:
            return None
        return self._lost(number, place)

    def _lost(self, number: int, place: Place) -> Ended | None:
        """A job died, or will never begin: its trials go to others."""
        if place.claim().get("job") and not place.marked(slurm_job.STOP):
            self.job.report(self.hands.gone(number, "its job ended without a word"))
        else:
            self.hands.back(number)
            self.stillborn += not place.claim()
        self._settle(number, place)
        if self.stillborn >= STILLBORN:
            return Ended("failed", f"jobs end before they begin: {_last_words(place)}")
        return None

    def _settle(self, number: int, place: Place) -> None:
        place.mark(slurm_job.STOP)  # in case it was cut off from us, not dead
        place.mark(slurm_job.SETTLED)
        del self.places[number]

    def _read(self, number: int, place: Place) -> None:
        """Pass on the whole lines that came."""
        try:
            new = results.content(place.folder / slurm_job.LINES, results.MOST_BYTES, place.offset)
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        ran = attempts.read(place.folder / slurm_job.RAN)  # on the disk before any line
        if whole and ran:
            self.stillborn = 0
            self.job.note(ran)
            place.offset += len(whole)
            self.job.report(self.hands.take(number, whole))

    def _finished(self, number: int, place: Place, said: dict[str, Any]) -> Ended | None:
        for name in ("stdout", "stderr"):
            if excess := self.job.output(name, (place.folder / name).read_bytes()):
                return Ended("killed", excess)
        stopped = place.marked(slurm_job.STOP)  # by an earlier attempt: this one was not stopped
        self._settle(number, place)
        if stopped and said["status"] in ("stopped", "lost"):
            self.hands.back(number)
            return None
        if said["status"] == "lost":
            self.job.report(self.hands.gone(number, f"{said['reason']} (on {said['host']})"))
            return None
        rest = self.hands.close(number)
        return verdict(said["status"], said["reason"], rest, said["host"])

    def _dead(self, place: Place) -> bool:
        """Whether the job of a piece has ended, as far as can be known now."""
        claim = place.claim()
        if claim and not claim["job"]:
            return True
        if claim.get("boot") == process.boot():
            return not process.alive(claim["pid"], claim["start_time"])
        place.handle = place.handle or self._handle_of(place)
        unwanted = place.handle is None or place.marked(slurm_job.STOP)
        if not claim and unwanted and slurm_job.claim(place.folder, job=False):
            return True  # if it was submitted, it will find that it is not to begin
        if place.handle is None:
            return False
        if self.cluster == "local":
            return bool(place.handle.done())
        if time.monotonic() - self.asked > ASK_SECONDS:
            self._ask()
        return place.missed >= MISSED

    def _ask(self) -> None:
        """One question for all jobs: which of them does the queue know?"""
        self.asked = time.monotonic()
        line = ["squeue", "--noheader", "--format=%i", f"--user={os.getuid()}"]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=ASK_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return
        if done.returncode == 0:
            known = set(done.stdout.split())
            for place in self.places.values():
                gone = place.handle is not None and place.handle.job_id not in known
                place.missed = place.missed + 1 if gone else 0

    def _handle_of(self, place: Place) -> Any:
        """submitit's job again, if its number was written down; on this machine processes tell."""
        import submitit

        written = attempts.read(place.folder / slurm_job.NUMBER) or place.claim()
        number = written.get("id")
        if number is None or self.cluster == "local":
            return None
        return submitit.SlurmJob(folder=self.folder / LOGS, job_id=number)


def _last_words(place: Place) -> str:
    said = ""
    with contextlib.suppress(Exception):
        said = (place.handle.stderr() or "").strip().splitlines()[-1]
    return said[:300] or f"see {place.folder.parent / LOGS}"
