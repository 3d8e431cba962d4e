"""Processes of vLLM and of MiniLM: detached, waited for, ended whole, started again if dead."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scientist.artifacts import Progress, alone
from scientist.errors import EndpointError
from scientist.llm.embedded import healthy
from scientist.llm.server import start_time
from scientist.llm.serving import reasons, records
from scientist.llm.serving.records import Record
from scientist.llm.serving.wishes import Wish

START_SECONDS = 3600.0  # weights of a large model come from the hub first
SILENT_SECONDS = 30.0
END_SECONDS = 20.0
LOOK_SECONDS = 0.25
SHOWN = 70
KEYS = {"vllm": "VLLM_API_KEY", "onnx": "SCIENTIST_EMBEDDING_API_KEY"}  # where they look for it
Watch = Callable[[Path], None]


def begin(record: Record, progress: Progress, watch: Watch | None = None) -> Record:
    """The record of a server that answers; a living one of that name is kept as it is."""
    folder = records.folder_of(record.backend, record.model)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    say = f"waiting for another start of {record.model}"
    with alone(folder / "start", lambda: progress(say, 0, 0)):
        known = records.read(folder)
        if known and known.lives:
            return _answering(folder, known, progress, watch)
        _check_port(record.wish)
        return _start(folder, record, progress, watch)


def ensure(folder: Path, progress: Progress) -> Record:
    """The record of a server that answers: a dead one is started again as it was."""
    if records.read(folder) is None:
        raise _stopped()
    with alone(folder / "start", lambda: progress("waiting for the model server", 0, 0)):
        record = records.read(folder)
        if record is None:
            raise _stopped()
        if record.lives:
            return _answering(folder, record, progress)
        return _start(folder, record, progress)


def end(folder: Path, record: Record) -> bool:
    """End a server and all its processes, and forget it; True if it ran."""
    ran = record.lives
    if ran:
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        while record.lives and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
    _kill(record)
    records.forget(folder)
    return ran


def members(record: Record) -> list[int]:
    """The processes of a server: its session, which outlives a leader that was killed."""
    if not record.pid or start_time(record.pid) not in (None, record.start_time):
        return []  # the number went to somebody else, so the old session is empty
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if session == str(record.pid) and state != "Z":
            found.append(int(folder.name))
    return found


def _kill(record: Record) -> None:
    """End what is left at once: an engine without its server would hold the card's memory."""
    for pid in members(record):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _answering(
    folder: Path, record: Record, progress: Progress, watch: Watch | None = None
) -> Record:
    """A living server once it answers; one that has answered before and is silent is replaced."""
    if not record.ready:
        return _await(folder, record, None, progress, watch)
    deadline = time.monotonic() + SILENT_SECONDS
    while not healthy(record.url):
        if not record.lives or time.monotonic() > deadline:
            return _start(folder, record, progress, watch)
        progress(f"waiting for {record.model}", 0, 0)
        time.sleep(LOOK_SECONDS)
    return record


def _start(folder: Path, record: Record, progress: Progress, watch: Watch | None = None) -> Record:
    _kill(record)
    again = record.ready
    log = folder / "log"
    environment = {**os.environ, **(record.environment or {}), KEYS[record.backend]: record.key}
    with log.open("wb") as file:
        try:
            child = subprocess.Popen(
                record.command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                close_fds=True,
                cwd=folder,  # Python looks for modules where it is started
                env=environment,
            )
        except OSError as fault:
            raise EndpointError(
                f"{record.command[0]} cannot be started: {fault.strerror}",
                record.wish.command(python="PYTHON"),
            ) from fault
    record = replace(record, pid=child.pid, start_time=start_time(child.pid), ready=False)
    records.write(folder, record)
    try:
        return _await(folder, record, child, progress, watch)
    except EndpointError:
        _kill(record)
        if not again:  # what never came up is not served; its log stays for the user to read
            (folder / records.NAME).unlink(missing_ok=True)
        raise
    except BaseException:
        end(folder, record)  # whoever asked for it no longer waits
        raise


def _await(
    folder: Path,
    record: Record,
    child: subprocess.Popen[bytes] | None,
    progress: Progress,
    watch: Watch | None,
) -> Record:
    """Wait until it answers, saying what its log says last."""
    deadline = time.monotonic() + START_SECONDS
    log = folder / "log"
    while time.monotonic() < deadline:
        if watch:
            watch(log)
        else:
            progress(f"starting {record.backend} with {record.model}", 0, 0)
        if healthy(record.url) and record.lives:
            record = replace(record, ready=True)
            records.write(folder, record)
            if child is not None:
                child.returncode = 0  # it outlives us; its end is not ours to wait for
            return record
        if (child is not None and child.poll() is not None) or not record.lives:
            break
        time.sleep(LOOK_SECONDS)
    else:
        raise EndpointError(
            f"{record.model} was not ready after {START_SECONDS / 60:.0f} minutes", f"see {log}"
        )
    ended = child.returncode if child is not None else None
    raise reasons.explain(log.read_text(errors="replace"), ended, record.wish, log)


def _check_port(wish: Wish) -> None:
    """Better said now than after half a minute of imports."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(wish.place)
        except OSError as fault:
            raise reasons.port_taken(wish, fault) from fault


def _stopped() -> EndpointError:
    return EndpointError("the served model was stopped", "scientist model serve")
