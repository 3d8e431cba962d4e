"""Find or start the embedded server of this user, and hold a lease on it.

One server per model and context. Its state file names process, port and key; it is
believed only while that very process lives and answers.
"""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import json
import os
import platform
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from scientist.artifacts import Progress, alone
from scientist.errors import EndpointError
from scientist.llm.server import KEPT, start_time
from scientist.settings import Settings

START_SECONDS = 300.0
SILENT_SECONDS = 20.0
HEALTH_SECONDS = 5.0
PARALLEL = 4
# The threads that calculate wait for each other hundreds of times a token. Whoever spins meanwhile
# takes the core that the other one needs, as soon as anything else runs, too: so they spin for
# microseconds only. benchmarks/busy.py measures it.
WAITING = {"GOMP_SPINCOUNT": "2000"}
STATE_NAMES = {"pid", "start_time", "url", "key", "model", "digest", "context"}


@dataclass(frozen=True)
class Weights:
    """A model file the embedded server can load."""

    name: str
    path: Path
    digest: str


def runtime_folder() -> Path:
    """Where servers of this user keep their state; private to the user."""
    if named := os.environ.get("SCIENTIST_RUNTIME_DIR"):
        folder = Path(named).expanduser().absolute()
    else:  # beside the cache: a session's own runtime folder goes when the session ends
        # a home that machines share must not mix up their processes
        folder = Path(platformdirs.user_cache_dir("scientist")) / "run" / platform.node()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to another user")
    except OSError as fault:
        raise _explain(fault, folder) from fault
    return folder


def folder_of(weights: Weights, settings: Settings) -> Path:
    """The state folder of the server for these weights and this context."""
    return runtime_folder() / f"{weights.digest[:16]}-{settings.context}"


@contextmanager
def lease(weights: Weights, settings: Settings) -> Iterator[Path]:
    """Keep the server alive while this is held; a killed process lets go by itself."""
    folder = folder_of(weights, settings)
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = held.enter_context((folder / "lease").open("a+"))
            with (folder / "gate").open("a+") as gate:
                fcntl.flock(gate, fcntl.LOCK_SH)
                fcntl.flock(file, fcntl.LOCK_SH)
        except OSError as fault:
            raise _explain(fault, folder) from fault
        yield folder


def ensure(
    folder: Path, weights: Weights, settings: Settings, progress: Progress | None = None
) -> dict[str, Any]:
    """The state of a server that answers; started here if there is none."""
    say = progress or (lambda _what, _done, _total: None)
    try:
        with alone(folder / "start", lambda: say(f"loading {weights.name}", 0, 0)):
            return _living(folder) or _start(folder, weights, settings, say)
    except OSError as fault:
        raise _explain(fault, folder) from fault


def running(folder: Path) -> dict[str, Any] | None:
    """The state of the server, if that very process lives and answers."""
    state = recorded(folder)
    return state if state and healthy(state["url"]) else None


def keep(folder: Path) -> None:
    """Let the server stay when it is idle, until it is stopped."""
    (folder / KEPT).touch()


def stop(folder: Path) -> bool:
    """End a running server; True if there was one."""
    (folder / KEPT).unlink(missing_ok=True)
    state = recorded(folder)
    if state is None:
        return False
    _end(state, folder, signal.SIGTERM)
    return True


def threads(settings: Settings) -> int:
    """How many threads calculate on the processor."""
    # with cores to spare one stays free: the threads wait for each other at every layer, so
    # that one that shares its core with other work slows all of them
    cores = os.cpu_count() or 1
    return settings.threads or min(cores, max(2, cores - 1))


def servers() -> list[dict[str, Any]]:
    """Every running server of this user."""
    states = (running(path.parent) for path in sorted(runtime_folder().glob("*/state.json")))
    return [state for state in states if state]


def recorded(folder: Path) -> dict[str, Any] | None:
    """What the state file says, if the process it names is still that process."""
    try:
        state: dict[str, Any] = json.loads((folder / "state.json").read_text())
        alive = state["start_time"] == start_time(state["pid"])
        return state if alive and state.keys() >= STATE_NAMES else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _living(folder: Path) -> dict[str, Any] | None:
    """A server that answers. One that lives but stays silent is ended; a busy one gets time."""
    deadline = time.monotonic() + SILENT_SECONDS
    while state := recorded(folder):
        if healthy(state["url"]):
            return state
        if time.monotonic() > deadline:
            _end(state, folder, signal.SIGKILL)
        time.sleep(0.2)
    return None


def _end(state: dict[str, Any], folder: Path, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(state["pid"], how)
    (folder / "state.json").unlink(missing_ok=True)


def _start(folder: Path, weights: Weights, settings: Settings, say: Progress) -> dict[str, Any]:
    if importlib.util.find_spec("xllamacpp") is None:
        raise EndpointError(
            "the embedded server is not installed", "pip install xllamacpp, or set --endpoint URL"
        )
    cores = os.cpu_count() or 1
    specification = {
        "name": weights.name,
        "path": str(weights.path.absolute()),
        "digest": weights.digest,
        "context": settings.context,
        "parallel": PARALLEL,
        "threads": threads(settings),
        "batch_threads": settings.threads or cores,
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
            env={**WAITING, **os.environ},
        )
    try:
        state = _await(folder, child, lambda: say(f"loading {weights.name}", 0, 0))
    except BaseException:
        _kill(child)
        raise
    if state is None:
        ended = child.poll()
        _kill(child)
        raise EndpointError(
            f"the embedded server did not start: {_why(folder / 'log', ended)}",
            f"see {folder / 'log'}, or use another server: scientist run --endpoint URL",
        )
    if state["pid"] == child.pid:
        child.returncode = 0  # it outlives us; its end is not ours to wait for
    else:
        _kill(child)  # one whose starter was killed while it loaded has come up first
    return state


def _await(
    folder: Path, child: subprocess.Popen[bytes], say: Callable[[], None]
) -> dict[str, Any] | None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if state := running(folder):
            return state
        if child.poll() is not None:
            return None
        say()
        time.sleep(0.2)
    return None


def _kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()


def _why(log: Path, ended: int | None) -> str:
    """The line of the log that says most about a failed start."""
    if ended is None:
        return f"not ready after {START_SECONDS:.0f} seconds"
    if ended == -signal.SIGKILL:
        return "it was killed, most likely for want of memory"
    lines = log.read_text(errors="replace").strip().splitlines() or [f"it ended with {ended}"]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])


def _explain(fault: OSError, folder: Path) -> EndpointError:
    return EndpointError(
        f"the embedded server cannot keep its state in {folder}: {fault.strerror or fault}",
        "SCIENTIST_RUNTIME_DIR=DIR scientist run",
    )


def healthy(url: str) -> bool:
    """Whether a server of this machine answers."""
    import httpx2

    try:
        answer = httpx2.get(
            f"{url.removesuffix('/v1')}/health", timeout=HEALTH_SECONDS, trust_env=False
        )
    except httpx2.HTTPError:
        return False
    return answer.status_code == 200
