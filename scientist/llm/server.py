"""The embedded server process: llama.cpp on a loopback port, shared by a user's commands.

`python -m scientist.llm.server SPECIFICATION.json`, started by scientist.llm.embedded.
It ends by itself when for a while nobody has held a lease on it; leases are file locks,
which the kernel gives back when a client dies in whatever way.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

WATCH_SECONDS = 1.0


def main(argv: list[str]) -> int:
    """Load the model, say where it listens, and stay while it is needed."""
    specification = json.loads(Path(argv[1]).read_text())
    folder = Path(argv[1]).parent
    server = _load(specification)
    state = {
        "pid": os.getpid(),
        "start_time": _start_time(os.getpid()),
        "url": f"{server.listening_address}/v1",
        "key": specification["key"],
        "model": specification["name"],
        "digest": specification["digest"],
        "context": specification["context"],
    }
    part = folder / "state.part"
    part.write_text(json.dumps(state))
    part.chmod(0o600)
    part.replace(folder / "state.json")
    _stay(folder, specification["idle_seconds"])
    (folder / "state.json").unlink(missing_ok=True)
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
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [specification["key"]]
    parameters.endpoint_metrics = True
    parameters.ui = False
    parameters.warmup = False
    parameters.cpuparams.n_threads = specification["threads"]
    parameters.cpuparams_batch.n_threads = specification["threads"]
    return xllamacpp.Server(parameters)


def _stay(folder: Path, idle_seconds: float) -> None:
    used = time.monotonic()
    with (folder / "lease").open("a") as lease, (folder / "gate").open("a") as gate:
        while True:
            time.sleep(WATCH_SECONDS)
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
                if time.monotonic() - used > idle_seconds:
                    (folder / "state.json").unlink(missing_ok=True)
                    return
                fcntl.flock(lease, fcntl.LOCK_UN)
            fcntl.flock(gate, fcntl.LOCK_UN)


def _start_time(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


if __name__ == "__main__":
    sys.exit(main(sys.argv))
