"""Find or start the embedded server of this user, and hold a lease on it.

One server per model and context. Its state file names process, port and key; it is
believed only while that very process lives and answers.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from scientist.artifacts import Progress
from scientist.errors import EndpointError
from scientist.settings import Settings

START_SECONDS = 120.0
PARALLEL = 4


@dataclass(frozen=True)
class Weights:
    """A model file the embedded server can load."""

    name: str
    path: Path
    digest: str


def runtime_folder() -> Path:
    """Where servers of this user keep their state; private to the user."""
    if named := os.environ.get("SCIENTIST_RUNTIME_DIR"):
        folder = Path(named)
    else:  # beside the cache: a session's own runtime folder goes when the session ends
        folder = Path(platformdirs.user_cache_dir("scientist")) / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def folder_of(weights: Weights, settings: Settings) -> Path:
    """The state folder of the server for these weights and this context."""
    return runtime_folder() / f"{weights.digest[:16]}-{settings.context}"


@contextmanager
def lease(weights: Weights, settings: Settings) -> Iterator[Path]:
    """Keep the server alive while this is held; a killed process lets go by itself."""
    folder = folder_of(weights, settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lease").open("a") as file:
        with (folder / "gate").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)
            fcntl.flock(file, fcntl.LOCK_SH)
        yield folder


def ensure(
    folder: Path, weights: Weights, settings: Settings, progress: Progress | None = None
) -> dict[str, Any]:
    """The state of a server that answers; started here if there is none."""
    with (folder / "start").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        state = running(folder)
        return state if state else _start(folder, weights, settings, progress)


def running(folder: Path) -> dict[str, Any] | None:
    """The state of the server, if that very process lives and answers."""
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text())
    except (OSError, ValueError):
        return None
    if _start_time(state["pid"]) != state["start_time"] or not _healthy(state["url"]):
        return None
    return state


def stop(folder: Path) -> bool:
    """End a running server; True if there was one."""
    state = running(folder)
    if state is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(state["pid"], signal.SIGTERM)
    (folder / "state.json").unlink(missing_ok=True)
    return True


def servers() -> list[dict[str, Any]]:
    """Every running server of this user."""
    states = (running(path.parent) for path in sorted(runtime_folder().glob("*/state.json")))
    return [state for state in states if state]


def _start(
    folder: Path, weights: Weights, settings: Settings, progress: Progress | None
) -> dict[str, Any]:
    if importlib.util.find_spec("xllamacpp") is None:
        raise EndpointError(
            "the embedded server is not installed", "pip install xllamacpp, or set --endpoint URL"
        )
    specification = {
        "name": weights.name,
        "path": str(weights.path),
        "digest": weights.digest,
        "context": settings.context,
        "parallel": PARALLEL,
        "threads": settings.threads or os.cpu_count() or 1,
        "idle_seconds": settings.idle_seconds,
        "key": secrets.token_urlsafe(24),
    }
    file = folder / "specification.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(specification))
    (folder / "state.json").unlink(missing_ok=True)
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "scientist.llm.server", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            cwd=Path(__file__).parents[2],
        )
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS:
        if state := running(folder):
            child.returncode = 0  # it outlives us; its end is not ours to wait for
            return state
        if child.poll() is not None:
            break
        if progress:
            progress(f"loading {weights.name}", 0, 0)
        time.sleep(0.2)
    child.kill()
    child.wait()
    lines = (folder / "log").read_text(errors="replace").strip().splitlines()
    tail = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1:] or [""])
    raise EndpointError(
        f"the embedded server did not start: {tail if isinstance(tail, str) else tail[0]}",
        f"see {folder / 'log'}, or use another server: scientist run --endpoint URL",
    )


def _healthy(url: str) -> bool:
    import httpx2

    try:
        answer = httpx2.get(f"{url.removesuffix('/v1')}/health", timeout=5, trust_env=False)
    except httpx2.HTTPError:
        return False
    return answer.status_code == 200


def _start_time(pid: int) -> int | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
