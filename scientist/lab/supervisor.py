"""Watches over one experiment: `python -m scientist.lab.supervisor RUN_DIR`.

A process of its own, so that it outlives the agent; its main thread starts the
sandbox, because bubblewrap dies with the thread that started it. It claims the
folder once, enforces the limits of the whole process tree, appends result lines to
trials.jsonl as they come, and ends with an atomic status.json.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scientist.lab import process, sandbox, seccomp
from scientist.lab.sandbox import Limits

WATCH_SECONDS = 0.05
TRIALS_MB = 64
FINAL = ("done", "failed", "timeout", "killed")


def main(argv: list[str]) -> int:
    """Run the experiment in RUN_DIR, if nobody else has claimed it."""
    folder = Path(argv[1])
    try:
        claim = os.open(folder / "claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return 0
    with os.fdopen(claim, "w") as file:
        json.dump({"pid": os.getpid(), "start_time": process.start_time(os.getpid())}, file)
    launch = json.loads((folder / "launch.json").read_text())
    limits = Limits(**launch["limits"])
    began = time.monotonic()
    try:
        status, reason = supervise(folder, limits, launch["binary"])
    except Exception as fault:
        status, reason = "failed", f"the supervisor failed: {fault!r}"
    write_status(folder, status, reason, time.monotonic() - began)
    return 0


def supervise(folder: Path, limits: Limits, binary: str | None) -> tuple[str, str]:
    """Start the contained runner and watch it to its end."""
    reading, writing = os.pipe()
    command = [sandbox.python(), "-P", sandbox.RUNNER, sandbox.INPUT, str(writing)]
    child, filter_ = start(folder / "input", limits, command, binary, (writing,))
    os.close(writing)
    if filter_ is not None:
        os.close(filter_)
    streams = selectors.DefaultSelector()
    targets: dict[int, tuple[Any, int]] = {}
    with (
        (folder / "trials.jsonl").open("ab") as trials,
        (folder / "stdout").open("wb") as stdout,
        (folder / "stderr").open("wb") as stderr,
        child,
    ):
        assert child.stdout is not None
        assert child.stderr is not None
        cap = limits.output_kb * 1024
        for descriptor, file, most in (
            (reading, trials, TRIALS_MB * 2**20),
            (child.stdout.fileno(), stdout, cap),
            (child.stderr.fileno(), stderr, cap),
        ):
            os.set_blocking(descriptor, False)
            streams.register(descriptor, selectors.EVENT_READ)
            targets[descriptor] = (file, most)
        verdict = _watch(child, limits, streams, targets)
        for file in (trials, stdout, stderr):
            file.flush()
            os.fdatasync(file.fileno())
    os.close(reading)
    streams.close()
    if verdict:
        return verdict
    if child.returncode == 0:
        return "done", ""
    return "failed", f"the experiment ended with exit code {child.returncode}"


def start(
    folder: Path,
    limits: Limits,
    command: Sequence[str],
    binary: str | None,
    descriptors: Sequence[int] = (),
) -> tuple[subprocess.Popen[bytes], int | None]:
    """Start a command, contained unless `binary` is None; nothing is inherited."""
    if binary is None:
        line, environment = sandbox.uncontained(command, folder)
        filter_ = None
    else:
        filter_ = _filter()
        line = sandbox.contained(binary, folder, limits, command, filter_)
        environment = {}
    child = subprocess.Popen(
        line,
        env=environment,  # bubblewrap's own environment stays readable inside at /proc/1
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        close_fds=True,
        pass_fds=[*descriptors, *([filter_] if filter_ is not None else [])],
        preexec_fn=lambda: _cap(limits),
        cwd="/",
    )
    return child, filter_


def _filter() -> int | None:
    program = seccomp.program()
    if program is None:
        return None
    descriptor = os.memfd_create("seccomp", 0)
    os.write(descriptor, program)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _cap(limits: Limits) -> None:
    """Limits per process; the tree as a whole is watched."""
    memory = limits.memory_mb * 2**20
    disk = limits.disk_mb * 2**20
    for what, value in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, memory + 2**30),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        hard = resource.getrlimit(what)[1]
        capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (capped, capped))
    os.nice(5)


def _watch(
    child: subprocess.Popen[bytes],
    limits: Limits,
    streams: selectors.BaseSelector,
    targets: dict[int, tuple[Any, int]],
) -> tuple[str, str] | None:
    """Copy output under its caps and enforce the limits; a reason if it was ended."""
    deadline = time.monotonic() + limits.wall_seconds
    next_look = 0.0
    verdict: tuple[str, str] | None = None
    while targets:
        for key, _ in streams.select(WATCH_SECONDS):
            if (excess := _copy(key.fd, streams, targets)) and verdict is None:
                verdict = ("killed", excess)
                child.kill()
        now = time.monotonic()
        if verdict is None and now >= next_look:
            next_look = now + WATCH_SECONDS
            if verdict := _exceeded(child.pid, limits, now, deadline):
                child.kill()
        if child.poll() is not None and verdict is not None and now > deadline + 5:
            break
    child.wait()
    return verdict


def _copy(
    descriptor: int, streams: selectors.BaseSelector, targets: dict[int, tuple[Any, int]]
) -> str:
    file, most = targets[descriptor]
    try:
        piece = os.read(descriptor, 65536)
    except BlockingIOError:
        return ""
    if not piece:
        streams.unregister(descriptor)
        del targets[descriptor]
        return ""
    room = max(0, most - file.tell())
    file.write(piece[:room])
    file.flush()
    return "" if len(piece) <= room else f"more than {most // 1024} kB of output"


def _exceeded(pid: int, limits: Limits, now: float, deadline: float) -> tuple[str, str] | None:
    if now > deadline:
        return "timeout", f"longer than {limits.wall_seconds:g} s"
    members = process.tree(pid)
    memory = sum(size for _, size in members)
    if memory > limits.memory_mb * 2**20:
        return "killed", f"more than {limits.memory_mb} MB of memory in all"
    if len(members) > limits.processes:
        return "killed", f"more than {limits.processes} processes"
    return None


def write_status(folder: Path, status: str, reason: str, seconds: float) -> None:
    """The last word on a run, on disk before it is visible."""
    content = {"status": status, "reason": reason, "seconds": round(seconds, 4)}
    part = folder / "status.part"
    with part.open("w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / "status.json")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
