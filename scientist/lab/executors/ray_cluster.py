"""The Ray executor: trials run on the nodes of a cluster, an existing one or one of our own.

The supervisor of the run is the driver. It makes the run's actor (ray_keeper), or finds the one
that an earlier supervisor made, and takes from it what was measured. A cluster of our own lives as
long as the supervisor does; on an existing one the actor goes on alone when the supervisor is
killed. Nodes share no files: code and plan travel with the task, lines come back.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scientist.errors import UsageError
from scientist.lab import attempts, lines, pieces
from scientist.lab.executors import Ended, Job
from scientist.lab.executors.ray_keeper import Keeper, Needs, Work, short

if TYPE_CHECKING:
    from scientist.lab.executors.ray_keeper import Entry

NAMESPACE = "scientist"
LEAST_VERSION = (2, 52)  # guards its own clusters with a token
PORT_SECONDS = 5
CONNECT_SECONDS = 30
TAKE_SECONDS = 5
POLL_SECONDS = 0.05
AGAIN_SECONDS = 1
MOST_LOSSES = 3
OBJECT_STORE_MB = 80
HINT = (
    "ray status --address HOST:PORT on a machine of the cluster, or scientist run --executor local"
)
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
_PROBE = (
    "import sys, ray\nray.init(address=sys.argv[1], log_to_driver=False, configure_logging=False)\n"
)


def execute(job: Job, missing: Sequence[int]) -> Ended:
    """Give a result for every missing trial, on the nodes of a cluster."""
    address = str(job.placement.options.get("ray_address") or "")
    os.environ |= QUIET if address else QUIET | _guard()  # Ray reads them when it is imported
    require()
    with contextlib.ExitStack() as ending:
        if address:
            reach(address)
            _join(address, ending)
        else:
            _begin(job, ending)
        return _follow(job, missing)


def require() -> None:
    """Refuse if Ray is not installed, or is too old to guard a cluster of our own."""
    if importlib.util.find_spec("ray") is None:
        raise UsageError("the executor ray needs the library ray", "pip install 'scientist[ray]'")
    version = importlib.metadata.version("ray")
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_VERSION:
        raise UsageError(f"ray {version} is too old", "pip install --upgrade 'scientist[ray]'")


def reach(address: str) -> None:
    """Refuse, within a bounded time, an address where no cluster answers."""
    port_open(address)
    line = [sys.executable, "-P", "-c", _PROBE, address]
    try:
        done = subprocess.run(
            line,
            capture_output=True,
            timeout=CONNECT_SECONDS,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=os.environ | QUIET,
        )
    except subprocess.TimeoutExpired as late:
        raise UsageError(
            f"no Ray cluster answers at {address} within {CONNECT_SECONDS} s", HINT
        ) from late
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[
            -1
        ]
        raise UsageError(f"the Ray cluster at {address} cannot be used: {said[:300]}", HINT)


def port_open(address: str) -> None:
    """Refuse an address whose port nobody listens at; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto":
        return
    if not (host and colon and port.isdecimal() and int(port) < 65536):
        raise UsageError(
            f"{address!r} is no address of a Ray cluster", "set SCIENTIST_RAY_ADDRESS=HOST:PORT"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), PORT_SECONDS).close()
    except OSError as fault:
        raise UsageError(f"nothing answers at ray_address {address}: {fault}", HINT) from fault


def _join(address: str, ending: contextlib.ExitStack) -> None:
    import ray

    ending.callback(ray.shutdown)
    ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)


def _guard() -> dict[str, str]:
    """Any user of the machine can reach the ports: Ray is to answer who knows the token."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _begin(job: Job, ending: contextlib.ExitStack) -> None:
    """A cluster of this machine alone, that nobody else can use; it ends with this process."""
    import ray

    place = tempfile.mkdtemp(prefix="scientist-ray-")  # its sockets need a short path
    ending.callback(shutil.rmtree, place, ignore_errors=True)
    ending.callback(ray.shutdown)
    ray.init(
        address="local",
        num_cpus=max(1, round((job.placement.jobs or os.cpu_count() or 1) * _cpus(job))),
        namespace=NAMESPACE,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        object_store_memory=OBJECT_STORE_MB * 2**20,
        _temp_dir=place,
    )


def _follow(job: Job, missing: Sequence[int]) -> Ended:
    """Take what the run's actor has until it has ended; a lost actor is replaced."""
    import ray.exceptions as faults

    left, losses, restarts = set(missing), 0, 0
    while True:
        before = len(left)
        keeper = _keeper(job, sorted(left))
        why = "it gave no result for some trials"
        try:
            ended = _take_all(job, keeper, left)
            if ended.status != "done" or not left:
                return ended._replace(restarts=ended.restarts + restarts)
        except faults.RayActorError as fault:  # its node died, or it was at its end when found
            why = short(fault)
        except faults.RayError as fault:
            return Ended("failed", f"the cluster does not do its part: {short(fault)}", restarts)
        finally:
            _end(keeper)
        restarts += 1
        losses = 1 if len(left) < before else losses + 1
        if losses >= MOST_LOSSES:
            return Ended("failed", f"the experiment's actor was lost: {why}", restarts)
        time.sleep(AGAIN_SECONDS)


def _take_all(job: Job, keeper: Any, left: set[int]) -> Ended:
    import ray
    import ray.exceptions as faults

    since = 0
    ray.get(keeper.start.remote(), timeout=CONNECT_SECONDS)
    while True:
        if over := job.over():
            return over
        try:
            entries, ended = ray.get(keeper.take.remote(since), timeout=TAKE_SECONDS)
        except faults.GetTimeoutError:
            continue  # its node may be cut off: Ray will tell, or the time will be over
        for entry in entries:
            if excess := _pass_on(job, entry, left):
                return Ended("killed", excess)
        since += len(entries)
        if ended is not None and not entries:
            return Ended(*ended)
        time.sleep(POLL_SECONDS)


def _pass_on(job: Job, entry: Entry, left: set[int]) -> str:
    """One thing the actor has; a reason to end if it is too much."""
    kind, content = entry
    if kind == "note":
        job.note(content)
    elif kind == "stdout":
        return job.output("stdout", content)
    elif kind == "stderr":
        return job.output("stderr", content)
    else:
        job.report(content)
        with contextlib.suppress(ValueError):
            left -= set(lines.numbers(content, job.trials))
    return ""


def _keeper(job: Job, missing: list[int]) -> Any:
    """The run's actor: the one that lives, else a new one, as near to this process as can be."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    options: dict[str, Any] = {
        "name": _name(job),
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
        "max_restarts": 0,
        "max_task_retries": 0,
        "scheduling_strategy": here,
    }
    gpus = int((job.script or {}).get("gpus", 0))
    work = Work(
        piece=pieces.cut(job, missing),
        trials=job.trials,
        missing=missing,
        needs=Needs(_cpus(job), job.limits.memory_mb * 2**20, gpus),
        seconds=job.limits.wall_seconds - job.spent,
        most=job.placement.jobs,
        whole=bool(job.script),
    )
    return ray.remote(Keeper).options(**options).remote(work)


def _name(job: Job) -> str:
    """What the actor is called: a word of this run folder that no other machine's folder has."""
    file = job.folder / "actor.json"
    if attempts.read(file) is None:
        attempts.write(file, {"name": f"{job.folder.name}-{secrets.token_hex(8)}"})
    return str((attempts.read(file) or {})["name"])


def _cpus(job: Job) -> float:
    return float(job.placement.options.get("trial_cpus", 1))


def _end(keeper: Any) -> None:
    """End the actor; its tasks, and with them their boxes, end when it does."""
    import ray

    with contextlib.suppress(Exception):
        ray.kill(keeper, no_restart=True)
