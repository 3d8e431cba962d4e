"""Calls the trials of one experiment; runs inside the sandbox, stdlib only.

`python -m scientist.lab.runner RUN_DIR` reads RUN_DIR/experiment.py and RUN_DIR/params.json
({"parameters": {...}, "trials": [[arm, seed], ...]}) and writes one JSON line per trial to
RUN_DIR/trials.jsonl, each at once, so that a killed run keeps what it measured. A supervisor adds
`RESULTS_FD TASKS_FD MANNER`: lines go to the first descriptor, numbers of trials come from the
second one by one, and MANNER says what holds (see `main`). Every trial is a fork of the freshly
loaded experiment; in a sandbox what it leaves behind, processes and files, goes with it, so that
order and grouping of trials do not matter. The host believes nothing written here unchecked.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import numbers
import os
import platform
import random
import re
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
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
KILL_TRIES = 500
MOST_METRICS = 256
REPLACE_ME = 75
NICE = 5
LIBRARIES = ("numpy", "scipy", "scikit_learn", "networkx", "matplotlib", "torch")
IMPORTS = re.compile(r"^(?:import|from)\s+([\w.]+)", re.MULTILINE)
Plan = dict[str, typing.Any]
libc = ctypes.CDLL(None)


def main(argv: list[str]) -> int:
    """Run the trials of RUN_DIR; 0 if all of them gave metrics.

    MANNER: {"limits": {name in `resource`: value}, "alone": whether all other processes to be
    seen are the experiment's, "scratch": folders to empty between trials, "script": [word, ...]
    to run instead of trials, "resources": {...} to tell it}.
    """
    folder, handed = argv[1], len(argv) > 2
    target: int | str = int(argv[2]) if handed else os.path.join(folder, "trials.jsonl")
    manner = json.loads(argv[4]) if handed else {}
    limit(manner.get("limits", {}))
    if handed:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _lock_memory(True)
    with open(os.path.join(folder, "params.json"), encoding="utf-8") as file:
        plan = json.load(file)
    with open(target, "a", encoding="utf-8") as results:
        _write(results, {"environment": environment()})
        if manner.get("script"):
            _become(folder, manner, plan, results.fileno(), int(argv[3]))
        secret = [results.fileno()] + ([int(argv[3])] if handed else [])
        try:
            code = prepare(os.path.join(folder, "experiment.py"))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as fault:
            _write(results, {"error": _shorten(fault)})
            return 1
        gc.freeze()  # or collecting garbage in a fork would copy every page it looks at
        folders = [os.path.expandvars(name) for name in manner.get("scratch", ())]
        stays = _held(folders)  # before any code of the experiment
        loaded = _isolated(code, "", 0, {}, secret, only_load=True)
        if "error" in loaded:
            _write(results, {"error": loaded["error"]})
            return 1
        if handed:
            _write(results, {"ready": True})
        order = _handed(int(argv[3])) if handed else range(len(plan["trials"]))
        return _each(code, plan, order, results, secret, manner, folders, stays)


def _each(
    code: types.CodeType,
    plan: Plan,
    order: typing.Iterable[int],
    results: typing.TextIO,
    secret: list[int],
    manner: Plan,
    folders: list[str],
    stays: set[str],
) -> int:
    """One trial after the other, each as if it were the first."""
    # the parent's number is 1 only in a process space of our own, where nobody else can be hurt
    alone = bool(manner.get("alone")) and os.getppid() == 1
    if not alone:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what a trial leaves becomes our child
    failures = 0
    for number in order:
        if alone:
            end_others()
        if not empty(folders, stays):
            return REPLACE_ME
        for descriptor in (1, 2):  # all trials share them
            os.set_blocking(descriptor, True)
        arm, seed = plan["trials"][number]
        line = _isolated(code, arm, seed, plan["parameters"], secret)
        failures += "error" in line
        _write(results, line)
        if not alone and not end_children():
            return REPLACE_ME
    return 1 if failures else 0


def _handed(tasks: int) -> typing.Iterator[int]:
    """Numbers of trials as they come, until nobody can give more."""
    with os.fdopen(tasks, "rb") as file:
        while line := file.readline():
            yield int(line)


def _become(folder: str, manner: Plan, plan: Plan, results: int, tasks: int) -> None:
    """Turn into the script, which reads its plan from a file and appends results to another."""
    wanted = [plan["trials"][number] for number in _handed(tasks)]
    told = {"parameters": plan["parameters"], "trials": wanted, "resources": manner["resources"]}
    path = os.path.join(os.environ["TMPDIR"], "plan.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(told, file)
    os.set_inheritable(results, True)
    os.environ["SCIENTIST_PLAN"] = path
    # by number of this process: its descendants may open it though they did not inherit it
    os.environ["SCIENTIST_RESULTS"] = f"/proc/{os.getpid()}/fd/{results}"
    # `python3` is to be the interpreter whose version and libraries are on record
    os.environ["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
    os.chdir(folder)
    _lock_memory(False)
    os.execvp(manner["script"][0], manner["script"])


def limit(most: dict[str, int]) -> None:
    """Hard limits by their names in `resource`; nothing that runs later can raise them."""
    for name, value in most.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (capped, capped))
    if most:
        os.nice(NICE)
        # when the machine runs out of memory, the experiment goes before anything else
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")


def end_others() -> None:
    """End every other process there is: all of them belong to this experiment."""
    with contextlib.suppress(ProcessLookupError):
        for _ in range(KILL_TRIES):  # one that is killed may still end what it was writing
            os.kill(-1, signal.SIGKILL)
            time.sleep(0.0005)


def end_children() -> bool:
    """End what a trial left behind; False if something is there that cannot be found."""
    for _ in range(KILL_TRIES):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                left = file.read().split()
        except OSError:
            return False
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.0005)
    return False


def empty(folders: typing.Collection[str], stays: typing.Collection[str] = ()) -> bool:
    """Remove what these folders hold; False if anything resists that was not there before."""
    for folder in folders:
        with contextlib.suppress(OSError, RecursionError):
            _empty(folder, os.stat(folder).st_dev)
    return _held(folders) <= set(stays)


def _held(folders: typing.Iterable[str]) -> set[str]:
    """What lies in them; one that cannot be looked into stands for what it may hold."""
    found = set()
    for folder in folders:
        try:
            found |= {f"{folder}/{name}" for name in os.listdir(folder)}
        except OSError:
            found.add(folder)
    return found


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
    libc.prctl(PR_SET_DUMPABLE, 0 if locked else 1, 0, 0, 0)


def environment() -> dict[str, str]:
    """What the numbers were made with."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    found["machine"] = platform.machine()
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo") as file:
        model = next(line for line in file if line.startswith("model name"))
        found["processor"] = model.partition(":")[2].strip()
    return found | _libraries()


def _libraries() -> dict[str, str]:
    """Versions of what experiments may use, by the names of folders: importing takes long."""
    found = {"numpy": "absent"}
    for folder in reversed(sys.path):
        with contextlib.suppress(OSError):
            for entry in os.listdir(folder):
                name, _, rest = entry.partition("-")
                if name.lower() in LIBRARIES and entry.endswith((".dist-info", ".egg-info")):
                    found[name.lower()] = rest.rpartition(".")[0].partition("-")[0]
    return dict(sorted(found.items()))


def prepare(path: str) -> types.CodeType:
    """An experiment file, compiled but not run; the libraries it names are loaded once for all."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    code = compile(source, path, "exec")
    names = IMPORTS.findall(source)
    if any(name in source for name in (*LIBRARIES, "sklearn")):
        names.insert(0, "numpy.random")  # or each trial would load it, and unseeded
    for name in names:
        if name.partition(".")[0] in (*LIBRARIES, "sklearn"):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    return code


def load(code: types.CodeType) -> types.FunctionType:
    """The function `trial` of an experiment; everything its code does ends with this process."""
    module = types.ModuleType("experiment")
    module.__file__ = code.co_filename
    sys.modules["experiment"] = module
    exec(code, module.__dict__)  # noqa: S102  the sandbox is for this
    trial = module.__dict__.get("trial")
    if not isinstance(trial, types.FunctionType):
        raise TypeError("experiment.py defines no function trial(arm, seed, **parameters)")
    return trial


def _isolated(
    code: types.CodeType,
    arm: str,
    seed: int,
    parameters: Plan,
    secret: typing.Iterable[int],
    only_load: bool = False,
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
            for descriptor in secret:
                os.close(descriptor)
            _lock_memory(False)  # its own are its own affair
            answer = _attempt(code, arm, seed, parameters, only_load)
            _send(writing, json.dumps(answer).encode() + b"\n")
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
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = round(time.perf_counter() - began, 6)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)  # what the trial left behind
    try:
        answer = json.loads(raw)
        if set(answer) == {"error"}:
            line["error"] = str(answer["error"])
        else:
            line["metrics"] = _metrics(answer["metrics"] if len(answer) == 1 else None)
    except (ArithmeticError, ValueError, TypeError, KeyError, RecursionError):
        what = "loading the experiment" if only_load else "the trial"
        line["error"] = f"{what} ended without a result ({_ending(status)})"
    return line | {"seconds": seconds}


def _attempt(
    code: types.CodeType, arm: str, seed: int, parameters: Plan, only_load: bool
) -> dict[str, object]:
    try:
        _sow(seed)
        trial = load(code)
        _sow(seed)
        result = {"loaded": 1.0} if only_load else trial(arm, seed, **parameters)
        return {"metrics": _metrics(result)}
    except BaseException as fault:
        return {"error": _shorten(fault)}


def _sow(seed: int) -> None:
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)


def _metrics(result: object) -> dict[str, float]:
    if not isinstance(result, dict) or not result:
        raise TypeError(f"trial() must return a dict of numbers, it returned {type(result)}")
    if len(result) > MOST_METRICS:
        raise ValueError(f"{len(result)} metrics are more than the {MOST_METRICS} of one trial")
    metrics = {}
    for name, value in result.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"metric {name} is {value!r:.100}, not a number: use float()")
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"metric {name} is {number}, not a finite number")
        str(name).encode()  # half a character cannot be written down
        metrics[str(name)] = number
    return metrics


def _send(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _receive(descriptor: int) -> bytes:
    """Up to the end of the line: a process left behind may hold the pipe open for ever."""
    content = b""
    while not content.endswith(b"\n") and len(content) < LINE_BYTES:
        if not (piece := os.read(descriptor, 65536)):
            break
        content += piece
    return content


def _ending(code: int) -> str:
    names = {one.value: one.name for one in signal.Signals}
    return f"exit code {code}" if code >= 0 else f"signal {names.get(-code, -code)}"


def _shorten(fault: BaseException) -> str:
    lines = traceback.format_exception(type(fault), fault, fault.__traceback__)
    text = "".join(lines[-TRACEBACK_LINES:])[-ERROR_LENGTH:]
    return text.encode("utf-8", "backslashreplace").decode()


def _write(results: typing.TextIO, line: dict[str, object]) -> None:
    results.write(json.dumps(line, allow_nan=False) + "\n")
    results.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
