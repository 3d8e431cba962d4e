"""One worker: a box with a runner in it, and the pipes that lead in and out.

Numbers of trials go in by a pipe, result lines come out by another; neither reaches the trials
themselves. What lies in place is looked at before every start.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

from scientist.lab import sandbox
from scientist.lab.executors import Job

REPLACE_ME = 75  # the runner found something left behind that it cannot end
READY = b'{"ready": true}'
Kind = Literal["results", "stdout", "stderr"]


class Worker:
    """A started box and what it is at."""

    def __init__(self, child: subprocess.Popen[bytes], results: int, tasks: int | None) -> None:
        assert child.stdout is not None
        assert child.stderr is not None
        self.child = child
        self.tasks = tasks
        self.streams: dict[Kind, int] = {
            "results": results,
            "stdout": child.stdout.fileno(),
            "stderr": child.stderr.fileno(),
        }
        self.begun = dict.fromkeys(self.streams, b"")  # lines whose end is still to come
        self.hand: deque[int] = deque()
        self.greeted = self.ready = self.quick = self.gave = False
        self.began = time.monotonic()
        self.leaving: float | None = None
        for descriptor in self.streams.values():
            os.set_blocking(descriptor, False)

    def give(self, number: int) -> None:
        """Put a trial into its hand."""
        self.hand.append(number)
        if self.tasks is not None:
            with contextlib.suppress(BrokenPipeError):  # it has died, as will be seen
                os.write(self.tasks, b"%d\n" % number)

    def dismiss(self) -> None:
        """Let it end once it has done what it has in hand."""
        if self.tasks is not None:
            os.close(self.tasks)
            self.tasks = None

    def close(self) -> None:
        """Let go of its pipes."""
        self.dismiss()
        os.close(self.streams["results"])
        for stream in (self.child.stdout, self.child.stderr):
            assert stream is not None
            stream.close()


def start(job: Job, script_trials: Sequence[int] = ()) -> Worker:
    """Start a box with a runner; a script is told all its trials at once."""
    with contextlib.ExitStack() as closing:
        results, writing = os.pipe()
        closing.callback(os.close, writing)
        failing = contextlib.ExitStack()
        with failing:
            failing.callback(os.close, results)
            tasks = None
            if job.script:
                os.fchmod(writing, 0o622)  # a script opens it by name, as the user inside
                wanted = closing.enter_context(tempfile.TemporaryFile(buffering=0))
                wanted.write(b"".join(b"%d\n" % number for number in script_trials))
                wanted.seek(0)
                reading = wanted.fileno()
            else:
                reading, tasks = os.pipe()
                closing.callback(os.close, reading)
                failing.callback(os.close, tasks)
                os.set_blocking(tasks, False)
            command = [sandbox.python(), "-P", sandbox.RUNNER, sandbox.INPUT]
            command += [str(writing), str(reading), json.dumps(_manner(job))]
            child = sandbox.start(
                job.folder / "input",
                job.limits,
                command,
                job.box,
                (writing, reading),
                gpus=_gpus(job),
            )
            failing.pop_all()
    return Worker(child, results, tasks)


def _gpus(job: Job) -> bool:
    return bool(job.script and job.script["gpus"])


def _manner(job: Job) -> dict[str, Any]:
    """What holds inside, as the runner reads it."""
    box, limits = job.box, job.limits
    scratch = list(sandbox.SCRATCH) if box.own_processes else ["$TMPDIR"]
    manner: dict[str, Any] = {
        "limits": limits.of_a_process(contained=box.own_user, gpus=_gpus(job)),
        "alone": box.own_processes,
        "scratch": scratch if box.contained else [],
    }
    if job.script:
        resources = limits.plain() | {"gpus": job.script["gpus"]}
        manner |= {"script": job.script["command"], "resources": resources}
    return manner
