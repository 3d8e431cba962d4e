"""Watches over one experiment: `python -m scientist.lab.supervisor RUN_DIR`.

A process of its own, so that it outlives the agent; its main thread starts the
sandbox, because bubblewrap dies with the thread that started it. It claims the
folder once, writes to ran.json what it is about to run and how, enforces the limits of
the whole process tree, appends result lines to trials.jsonl as they come, and ends with
an atomic status.json.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from scientist.lab import process, sandbox
from scientist.lab.sandbox import Box, Limits

WATCH_SECONDS = 0.05
THOROUGH_EVERY = 20
RESULT_KB = 32
RESULTS_MB = 64
SCRATCH_FILES = 20_000
OWN_PROCESSES = 2  # bubblewrap outside and inside

Targets = dict[int, tuple[BinaryIO, int]]


def main(argv: list[str]) -> int:
    """Run the experiment in RUN_DIR, if nobody else has claimed it."""
    folder = Path(argv[1])
    try:
        claim = os.open(folder / "claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return 0
    own = os.getpid()
    identity = {"pid": own, "start_time": process.start_time(own), "boot": process.boot()}
    os.write(claim, json.dumps(identity).encode())
    os.close(claim)
    began = time.monotonic()
    try:
        launch = json.loads((folder / "launch.json").read_text())
        write(folder / "ran.json", about_to_run(folder, launch))
        status, reason = supervise(folder, Limits(**launch["limits"]), Box(**launch["box"]))
    except Exception as fault:
        status, reason = "failed", f"the supervisor failed: {fault!r}"
    seconds = round(time.monotonic() - began, 4)
    write(folder / "status.json", {"status": status, "reason": reason, "seconds": seconds})
    return 0


def about_to_run(folder: Path, launch: dict[str, Any]) -> dict[str, Any]:
    """What lies in place at the start, to be held against the seal, and what contains it."""
    return {
        "code_hash": hash_of(folder / "input" / "experiment.py"),
        "runner_hash": hash_of(sandbox.RUNNER_FILE),
        "parameters": json.loads((folder / "input" / "params.json").read_text())["parameters"],
        "tier": launch["box"]["name"],
        "limits": launch["limits"],
    }


def hash_of(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def supervise(folder: Path, limits: Limits, box: Box) -> tuple[str, str]:
    """Start the contained runner and watch it to its end."""
    if not box.contained:
        process.adopt_orphans()  # nothing else ends what experiment code leaves behind
    expected = len(json.loads((folder / "input" / "params.json").read_text())["trials"])
    reading, writing = os.pipe()
    held = json.dumps(limits.of_a_process(contained=box.contained))
    command = [sandbox.python(), "-P", sandbox.RUNNER, sandbox.INPUT, str(writing), held]
    command += ["contained"] if box.contained else []
    with (
        selectors.DefaultSelector() as streams,
        os.fdopen(reading, "rb") as results,
        os.fdopen(writing, "wb") as writer,
        (folder / "trials.jsonl").open("ab") as trials,
        (folder / "stdout").open("wb") as stdout,
        (folder / "stderr").open("wb") as stderr,
        sandbox.start(folder / "input", limits, command, box, (writing,)) as child,
    ):
        writer.close()
        assert child.stdout is not None
        assert child.stderr is not None
        cap = limits.output_kb * 1024
        room = min(RESULTS_MB * 2**20, 2**20 + expected * RESULT_KB * 1024)
        targets: Targets = {}
        for source, file, most in (
            (results, trials, room),
            (child.stdout, stdout, cap),
            (child.stderr, stderr, cap),
        ):
            os.set_blocking(source.fileno(), False)
            streams.register(source.fileno(), selectors.EVENT_READ)
            targets[source.fileno()] = (file, most)
        try:
            verdict = _watch(child, folder, limits, box.contained, streams, targets)
            for file in (trials, stdout, stderr):
                file.flush()
                os.fdatasync(file.fileno())
        except BaseException:  # a full disk, say: nobody watches the limits any more
            _end(child, box.contained)
            raise
    if verdict:
        return verdict
    if child.returncode == 0:
        return "done", ""
    return "failed", f"the experiment ended with exit code {child.returncode}"


def _watch(
    child: subprocess.Popen[bytes],
    folder: Path,
    limits: Limits,
    contained: bool,
    streams: selectors.BaseSelector,
    targets: Targets,
) -> tuple[str, str] | None:
    """Copy output under its caps and enforce the limits; a reason if it was ended."""
    deadline = time.monotonic() + limits.wall_seconds
    next_look, looks = 0.0, 0
    verdict: tuple[str, str] | None = None
    while targets:
        excess = ""
        for key, _ in streams.select(WATCH_SECONDS):
            excess = _copy(key.fd, streams, targets) or excess
        now = time.monotonic()
        if verdict is None and excess:
            verdict = ("killed", excess)
            _end(child, contained)
        elif verdict is None and now >= next_look:
            next_look, looks = now + WATCH_SECONDS, looks + 1
            members = process.tree(child.pid, thorough=looks % THOROUGH_EVERY == 0)
            if verdict := _exceeded(members, folder, limits, now, deadline):
                _end(child, contained)
        if child.poll() is not None and not contained:
            _end(child, contained)  # it is over, and nothing it left may hold the pipes
    child.wait()
    return verdict


def _end(child: subprocess.Popen[bytes], contained: bool) -> None:
    child.kill()  # bubblewrap takes everything inside with it
    if not contained:
        child.wait()
        process.end(os.getpid(), spare=os.getpid())


def _copy(descriptor: int, streams: selectors.BaseSelector, targets: Targets) -> str:
    """Move what has come to its file; a reason if it is too much."""
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


def _exceeded(
    members: list[process.Member], folder: Path, limits: Limits, now: float, deadline: float
) -> tuple[str, str] | None:
    """Which limit of the whole tree is broken, if any."""
    if now > deadline:
        return "timeout", f"longer than {limits.wall_seconds:g} s"
    if (folder / "stop").exists():
        return "stopped", "it was asked to stop"
    if len(members) > limits.processes + OWN_PROCESSES:
        return "killed", f"more than {limits.processes} processes"
    memory = limits.memory_mb * 2**20
    if process.memory(members, memory) > memory:
        return "killed", f"more than {limits.memory_mb} MB of memory in all"
    if sum(member.processor_seconds for member in members) > limits.cpu_seconds:
        return "killed", f"more than {limits.cpu_seconds} s of processor time in all"
    # the sizes of scratch folders hold by themselves; the number of files in them does not
    if len(members) > OWN_PROCESSES and _files(members) > SCRATCH_FILES:
        return "killed", f"more than {SCRATCH_FILES} files"
    return None


def _files(members: list[process.Member]) -> int:
    return process.scratch_files(max(member.pid for member in members), sandbox.SCRATCH)


def write(file: Path, content: dict[str, Any]) -> None:
    """A small file, whole and on disk before it is visible."""
    part = file.with_suffix(".part")
    with part.open("w") as text:
        json.dump(content, text)
        text.flush()
        os.fsync(text.fileno())
    part.replace(file)
    with contextlib.suppress(OSError):
        descriptor = os.open(file.parent, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
