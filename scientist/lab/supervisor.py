"""Watches over one attempt at a run: `python -m scientist.lab.supervisor RUN_DIR [PARENT]`.

A process of its own, so that it outlives the agent; its main thread starts the boxes, because
bubblewrap dies with the thread that started it. It claims the attempt (`attempts`), cuts off
what a kill tore, hands the trials that have no result to the executor of the run, and ends
with an atomic status.json. With PARENT it ends when that process does, and its folder too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from scientist.errors import ScientistError
from scientist.lab import attempts, cgroup, executors, process, sandbox
from scientist.lab.executors import Ended, Forged, Job, Placement, TooMuch
from scientist.lab.ledger import Ledger
from scientist.lab.sandbox import Box, Limits

END_SECONDS = 2
OWN_MB = 128
LAUNCH = "launch.json"
PLAN = "params.json"


def main(argv: list[str]) -> int:
    """Run what is missing of the experiment in RUN_DIR, if nobody else is at it."""
    folder = Path(argv[1])
    parent = int(argv[2]) if len(argv) > 2 else None
    attempt = attempts.claim(folder)
    if attempt is None:
        return 0
    attempts.show_life(folder)
    began = time.monotonic()
    spent = float(attempts.holder(folder, attempt)["spent"])
    try:
        ended = conclude(folder, attempt, spent, parent)
    except Exception as fault:
        ended = Ended("failed", f"the supervisor failed: {fault!r}")
    seconds = round(spent + time.monotonic() - began, 4)
    status = ended._asdict() | {"seconds": seconds, "attempt": attempt}
    attempts.write(folder / "status.json", status)
    if parent is not None and os.getppid() != parent:
        shutil.rmtree(folder, ignore_errors=True)  # nobody is left who could want it
    return 0


def conclude(folder: Path, attempt: int, spent: float, parent: int | None) -> Ended:
    """Bring a run to its end from where it stands."""
    launch = json.loads((folder / LAUNCH).read_text())
    plan = json.loads((folder / "input" / PLAN).read_text())
    trials = tuple((str(arm), int(seed)) for arm, seed in plan["trials"])
    limits = Limits(**launch["limits"])
    placement = Placement(**launch.get("placement", {}))
    spent += launch.get("spent", 0.0)
    deadline = time.monotonic() + limits.wall_seconds - spent
    if attempt > 1:
        _end_leftovers(folder)
    try:
        with closing(Ledger(folder, trials, limits.output_kb)) as ledger:
            job = Job(
                folder=folder,
                trials=trials,
                limits=limits,
                box=Box(**launch["box"]),
                placement=placement,
                attempt=attempt,
                spent=spent,
                report=ledger.report,
                note=ledger.note,
                output=ledger.output,
                over=lambda: _over(folder, attempt, limits, deadline, parent),
                script=plan.get("script"),
            )
            missing = ledger.missing(launch.get("only"))
            if not missing:
                return Ended("done")
            local = placement.executor == "local"
            group = cgroup.cap(limits.memory_mb + limits.disk_mb + OWN_MB) if local else None
            try:
                return executors.find(placement.executor).execute(job, missing)
            finally:
                cgroup.leave(group)
    except Forged as forged:
        return Ended("forged", str(forged))
    except TooMuch as excess:
        return Ended("killed", str(excess))
    except ScientistError as fault:
        return Ended("failed", f"{fault} ({fault.hint})" if fault.hint else str(fault))


def _over(
    folder: Path, attempt: int, limits: Limits, deadline: float, parent: int | None
) -> Ended | None:
    attempts.show_life(folder)
    if time.monotonic() > deadline:
        return Ended("timeout", f"longer than {limits.wall_seconds:g} s")
    if attempts.asked_to_stop(folder, attempt):
        return Ended("stopped", "it was asked to stop")
    if parent is not None and os.getppid() != parent:
        return Ended("stopped", "the process it worked for has ended")
    return None


def _end_leftovers(folder: Path) -> None:
    """Boxes end with their supervisor by themselves; this is for one that did not."""
    place = str(folder.absolute() / "input")
    patience = time.monotonic() + END_SECONDS
    while left := [pid for name in sandbox.RUNNERS for pid in process.started_with(place, name)]:
        for pid in left if time.monotonic() > patience else ():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > 2 * END_SECONDS + patience:
            raise TimeoutError(f"processes of an earlier attempt do not end: {left}")
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
