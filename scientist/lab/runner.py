"""Calls the trials of one experiment; runs inside the sandbox, stdlib only.

`python -m scientist.lab.runner RUN_DIR [RESULTS_FD [RLIMITS [contained]]]` reads
RUN_DIR/experiment.py and RUN_DIR/params.json ({"parameters": {...}, "trials": [[arm, seed],
...]}) and writes one JSON line per trial to the descriptor (or RUN_DIR/trials.jsonl), each at
once, so that a killed run keeps what it measured. Every trial is a fork of the freshly loaded
experiment; in a sandbox what it leaves behind, processes and files, goes with it, so that the
order and grouping of trials do not matter. The host believes nothing written here unchecked.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import math
import numbers
import os
import platform
import random
import resource
import signal
import sys
import time
import traceback
import types
import typing

TRACEBACK_LINES = 12
ERROR_LENGTH = 4000
LINE_BYTES = 256 * 1024
SCRATCH = ("/tmp", "/dev/shm")
PR_SET_DUMPABLE = 4
KILL_TRIES = 500


def main(argv: list[str]) -> int:
    """Run every trial of RUN_DIR; 0 if all of them gave metrics."""
    folder = argv[1]
    target: int | str = int(argv[2]) if len(argv) > 2 else os.path.join(folder, "trials.jsonl")
    limit(json.loads(argv[3]) if len(argv) > 3 else {})
    # the parent's number is 1 only in a process space of our own, where nobody else can be hurt
    contained = argv[4:] == ["contained"] and os.getppid() == 1
    _lock_memory(True)
    with open(target, "a", encoding="utf-8") as results:
        with open(os.path.join(folder, "params.json"), encoding="utf-8") as file:
            plan = json.load(file)
        _write(results, {"environment": environment()})
        try:
            trial = load(os.path.join(folder, "experiment.py"))
        except BaseException as fault:
            _write(results, {"error": _shorten(fault)})
            return 1
        gc.freeze()  # or collecting garbage in a fork would copy every page it looks at
        failures = 0
        for arm, seed in plan["trials"]:
            if contained:
                tidy()
            line = _isolated(trial, arm, seed, plan["parameters"], results.fileno())
            failures += "error" in line
            _write(results, line)
    return 1 if failures else 0


def limit(most: dict[str, int]) -> None:
    """Hard limits by their names in `resource`; nothing that runs later can raise them."""
    for name, value in most.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (capped, capped))
    if most:
        os.nice(5)
        # when the machine runs out of memory, the experiment goes before anything else
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")


def tidy() -> None:
    """End every other process of the sandbox and empty its scratch folders."""
    with contextlib.suppress(ProcessLookupError):
        for _ in range(KILL_TRIES):  # one that is killed may still end what it was writing
            os.kill(-1, signal.SIGKILL)
            time.sleep(0.002)
    for folder in SCRATCH:
        with contextlib.suppress(OSError):
            _empty(folder, os.stat(folder).st_dev)


def _empty(folder: str, device: int) -> None:
    """Remove what a folder holds, but for what is mounted there: Python may lie below it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_dev != device:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry.path, 0o700)
                    _empty(entry.path, device)
                    os.rmdir(entry.path)
                else:
                    os.unlink(entry.path)


def _lock_memory(locked: bool) -> None:
    """Whether processes of the same user are kept from this one's memory and open files."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0 if locked else 1, 0, 0, 0)


def environment() -> dict[str, str]:
    """What the numbers were made with."""
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
    }
    try:
        import numpy
        import numpy.random  # loaded lazily, so every trial would pay for it

        found["numpy"] = numpy.__version__
    except ImportError:
        found["numpy"] = "absent"
    return found


def load(path: str) -> types.FunctionType:
    """The function `trial` of an experiment file."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    module = types.ModuleType("experiment")
    module.__file__ = path
    sys.modules["experiment"] = module
    exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102  the sandbox is for this
    trial = module.__dict__.get("trial")
    if not isinstance(trial, types.FunctionType):
        raise TypeError("experiment.py defines no function trial(arm, seed, **parameters)")
    return trial


def _isolated(
    trial: types.FunctionType, arm: str, seed: int, parameters: dict[str, object], results: int
) -> dict[str, object]:
    """One trial in a process of its own, timed from outside."""
    line: dict[str, object] = {"arm": arm, "seed": seed}
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    began = time.perf_counter()
    try:
        child = os.fork()
    except OSError as fault:
        os.close(reading)
        os.close(writing)
        return line | {"error": f"the trial could not start: {fault}", "seconds": 0.0}
    if child == 0:
        status = 1
        try:
            os.setpgid(0, 0)
            os.close(reading)
            os.close(results)
            _lock_memory(False)  # its own are its own affair
            _send(writing, json.dumps(_attempt(trial, arm, seed, parameters)).encode() + b"\n")
            sys.stdout.flush()
            sys.stderr.flush()
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    raw = _receive(reading)
    os.close(reading)
    if not raw.endswith(b"\n"):  # it closed the pipe or died; either way it is over
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = round(time.perf_counter() - began, 6)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)  # what the trial left behind
    try:
        answer = json.loads(raw)
        if "error" in answer:
            line["error"] = str(answer["error"])
        else:
            line["metrics"] = _metrics(answer["metrics"])
    except (ValueError, TypeError, KeyError, RecursionError):
        line["error"] = f"the trial ended without a result ({_ending(code)})"
    return line | {"seconds": seconds}


def _attempt(
    trial: types.FunctionType, arm: str, seed: int, parameters: dict[str, object]
) -> dict[str, object]:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)
    try:
        return {"metrics": _metrics(trial(arm, seed, **parameters))}
    except BaseException as fault:
        return {"error": _shorten(fault)}


def _metrics(result: object) -> dict[str, float]:
    if not isinstance(result, dict) or not result:
        raise TypeError(f"trial() must return a dict of numbers, it returned {type(result)}")
    metrics = {}
    for name, value in result.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"metric {name} is {value!r:.100}, not a number: use float()")
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"metric {name} is {number}, not a finite number")
        metrics[str(name)] = number
    return metrics


def _send(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _receive(descriptor: int) -> bytes:
    """Up to the end of the line: a process left behind may hold the pipe open for ever."""
    content = b""
    while not content.endswith(b"\n") and len(content) < LINE_BYTES:
        piece = os.read(descriptor, 65536)
        if not piece:
            break
        content += piece
    return content


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _shorten(fault: BaseException) -> str:
    lines = traceback.format_exception(type(fault), fault, fault.__traceback__)
    return "".join(lines[-TRACEBACK_LINES:])[-ERROR_LENGTH:]


def _write(results: typing.TextIO, line: dict[str, object]) -> None:
    results.write(json.dumps(line, allow_nan=False) + "\n")
    results.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
