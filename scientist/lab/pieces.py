"""A piece of an experiment: some of its trials, measured on whatever machine this runs on.

`cut` makes a piece of plain data that can travel; `run` measures it in a private folder through
the same supervisor, runner and boxes as a local experiment, and hands back its lines as they
come. Nothing needs to be shared between the machines but this package.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scientist.errors import ScientistError
from scientist.lab import attempts, process, tiers
from scientist.lab.executors import Job, Placement, Status

PREFIX = "scientist-piece-"
POLL_SECONDS = 0.02
END_SECONDS = 10


@dataclass(frozen=True)
class Piece:
    """What another machine needs to measure some of the trials."""

    files: dict[str, bytes]
    only: tuple[int, ...]
    limits: dict[str, Any]
    spent: float
    jobs: int = 1
    unsafe: bool = False
    gpus: bool = False


@dataclass(frozen=True)
class Finished:
    """What came of a piece; `lost` if its supervisor was killed."""

    status: Status | Literal["lost"]
    reason: str
    lines: bytes
    ran: tuple[dict[str, Any], ...]
    stdout: bytes
    stderr: bytes


def cut(job: Job, indexes: Sequence[int], jobs: int = 1, elapsed: float = 0.0) -> Piece:
    """The piece with these trials; `elapsed` seconds of this attempt have passed."""
    folder = job.folder / "input"
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return Piece(
        files={str(path.relative_to(folder)): path.read_bytes() for path in paths},
        only=tuple(indexes),
        limits=job.limits.plain(),
        spent=job.spent + elapsed,
        jobs=jobs,
        unsafe=not job.box.contained,
        gpus=job.placement.gpus,
    )


def run(
    piece: Piece,
    on_lines: Callable[[bytes], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_note: Callable[[dict[str, Any]], None] | None = None,
) -> Finished:
    """Measure a piece here, in the tier this machine holds; its lines go to `on_lines` too.

    `on_note` hears what it runs under before `on_lines` hears the first line.
    """
    try:
        box = tiers.choose(piece.unsafe).box
    except ScientistError as fault:
        return Finished("failed", str(fault), b"", (), b"", b"")
    sweep()
    own = os.getpid()
    mark = f"{PREFIX}{own}-{process.start_time(own)}-{process.boot()[:8]}-"
    with tempfile.TemporaryDirectory(prefix=mark) as place:
        folder = Path(place)
        lay_out(folder / "input", piece.files)
        launch = {
            "limits": piece.limits,
            "box": box.plain(),
            "placement": Placement(piece.jobs, gpus=piece.gpus).plain(),
            "only": piece.only,
            "spent": piece.spent,
        }
        (folder / "launch.json").write_text(json.dumps(launch))
        return _follow(folder, on_lines, should_stop, on_note)


def sweep() -> None:
    """Remove the folders of pieces whose process and supervisor were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            pid, began, boot = folder.name.removeprefix(PREFIX).split("-")[:3]
            alive = boot == process.boot()[:8] and process.alive(int(pid), int(began))
            ours = folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
            if ours and not alive and attempts.standing(folder) != "running":
                shutil.rmtree(folder)


def lay_out(folder: Path, files: dict[str, bytes]) -> None:
    """Write the input of a run so that the user of a sandbox can read it."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name, content in files.items():
        path = folder / name
        for parent in reversed(path.relative_to(folder).parents[:-1]):
            (folder / parent).mkdir(exist_ok=True)
            (folder / parent).chmod(0o755)
        path.write_bytes(content)
        path.chmod(0o755 if content.startswith(b"#!") else 0o644)


def _follow(
    folder: Path,
    on_lines: Callable[[bytes], None] | None,
    should_stop: Callable[[], bool] | None,
    on_note: Callable[[dict[str, Any]], None] | None,
) -> Finished:
    """Start the supervisor of a folder and pass on what it adds, to its end."""
    line = [sys.executable, "-P", "-m", "scientist.lab.supervisor", str(folder), str(os.getpid())]
    with (folder / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
    over, sent, noted = False, 0, 0
    try:
        while not over:
            over = supervisor.poll() is not None
            fresh = _whole_lines(folder / "trials.jsonl", sent)
            sent += len(fresh)
            news = _whole_lines(folder / "ran.jsonl", noted)  # it stands before any line does
            noted += len(news)
            if on_note:
                for note in news.splitlines():
                    on_note(json.loads(note))
            if fresh and on_lines:
                on_lines(fresh)
            if should_stop and should_stop():
                attempts.ask_to_stop(folder)
            if not over:
                time.sleep(POLL_SECONDS)
    finally:
        _end(supervisor, folder)
    log_text = _bytes(folder / "supervisor.log")[-500:].decode(errors="replace").strip()
    lost = {"status": "lost", "reason": f"its supervisor was killed {log_text}".strip()}
    status: dict[str, Any] = attempts.read(folder / "status.json") or lost
    notes = _whole_lines(folder / "ran.jsonl").split(b"\n")[:-1]
    return Finished(
        status=status["status"],
        reason=status["reason"],
        lines=_whole_lines(folder / "trials.jsonl"),
        ran=tuple(json.loads(note) for note in notes),
        stdout=_bytes(folder / "stdout"),
        stderr=_bytes(folder / "stderr"),
    )


def _end(supervisor: subprocess.Popen[bytes], folder: Path) -> None:
    if supervisor.poll() is None:
        attempts.ask_to_stop(folder)
        try:
            supervisor.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.end(supervisor.pid)
            supervisor.wait()


def _whole_lines(path: Path, offset: int = 0) -> bytes:
    """What stands from there on, up to the last end of a line."""
    content = _bytes(path, offset)
    return content[: content.rfind(b"\n") + 1]


def _bytes(path: Path, offset: int = 0) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""
