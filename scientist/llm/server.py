"""The embedded server process: llama.cpp on a loopback port, shared by a user's commands.

`python -m scientist.llm.server SPECIFICATION.json`, started by scientist.llm.embedded.
It ends by itself when for a while nobody has held a lease on it, unless it is kept; leases
are file locks, which the kernel gives back when a client dies in whatever way.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

WATCH_SECONDS = 1.0
KEPT = "kept"  # this file beside the state: no end for want of users
BATCH_TOKENS = 512  # of a prompt are read in one go: before the next, who has gone is noticed
CACHE_MEGABYTES = 2048  # prefixes kept beside the slots; llama.cpp's own default is 8 GB


def main(argv: list[str]) -> NoReturn:
    """Load the model, say where it listens, and stay while it is needed."""
    file = Path(argv[1])
    folder = file.parent
    with (folder / "server").open("a+") as lock:
        # one that still loads or ends goes first, so there are never two, nor a wrong state file
        fcntl.flock(lock, fcntl.LOCK_EX)
        specification = json.loads(file.read_text())
        server = _load(specification)
        state = {
            "pid": os.getpid(),
            "start_time": start_time(os.getpid()),
            "url": f"{server.listening_address}/v1",
            "key": specification["key"],
            "model": specification["name"],
            "digest": specification["digest"],
            "context": specification["context"],
        }
        part = folder / "state.part"
        part.touch(mode=0o600)
        part.write_text(json.dumps(state))
        part.replace(folder / "state.json")
        _stay(folder, specification["idle_seconds"])
        sys.stdout.flush()
        os._exit(0)  # llama.cpp's own teardown can wait for open connections


def _load(specification: dict[str, Any]) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = specification["path"]
    parameters.model_alias = {specification["name"]}
    parameters.n_ctx = specification["context"]
    parameters.n_parallel = specification["parallel"]
    parameters.kv_unified = True  # every slot may use the whole context
    parameters.n_batch = BATCH_TOKENS
    parameters.cache_ram_mib = CACHE_MEGABYTES
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [specification["key"]]
    parameters.endpoint_metrics = True
    parameters.ui = False
    parameters.warmup = False
    parameters.cpuparams.n_threads = specification["threads"]
    parameters.cpuparams_batch.n_threads = specification["batch_threads"]
    return xllamacpp.Server(parameters)


def _stay(folder: Path, idle_seconds: float) -> None:
    used = time.monotonic()
    with (folder / "lease").open("a+") as lease, (folder / "gate").open("a+") as gate:
        while True:
            time.sleep(WATCH_SECONDS)
            if not (folder / "state.json").exists():
                return  # nobody can find us any more
            # whoever wants a lease passes the gate first, so nobody is let in while we leave
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                used = time.monotonic()
                continue
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                used = time.monotonic()
            else:
                if time.monotonic() - used > idle_seconds and not (folder / KEPT).exists():
                    (folder / "state.json").unlink(missing_ok=True)
                    return
                fcntl.flock(lease, fcntl.LOCK_UN)
            fcntl.flock(gate, fcntl.LOCK_UN)


def start_time(pid: int) -> int | None:
    """When a process began, in the kernel's ticks; None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


if __name__ == "__main__":
    main(sys.argv)
