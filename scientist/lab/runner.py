"""Calls the trials of one experiment; runs inside the sandbox, stdlib only.

`python -m scientist.lab.runner RUN_DIR [RESULTS_FD]` reads RUN_DIR/experiment.py and
RUN_DIR/params.json ({"parameters": {...}, "trials": [[arm, seed], ...]}) and writes one
JSON line per trial to the descriptor (or RUN_DIR/trials.jsonl), each flushed at once, so
that a killed run keeps what it measured. Nothing it writes is trusted by the host.
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import sys
import time
import traceback
import types
import typing

TRACEBACK_LINES = 12


def main(argv: list[str]) -> int:
    """Run every trial of RUN_DIR; 0 if all of them gave metrics."""
    folder = argv[1]
    descriptor = int(argv[2]) if len(argv) > 2 else None
    target: int | str = os.path.join(folder, "trials.jsonl") if descriptor is None else descriptor
    with open(target, "a", encoding="utf-8") as results:
        with open(os.path.join(folder, "params.json"), encoding="utf-8") as file:
            plan = json.load(file)
        _write(results, {"environment": _environment()})
        try:
            trial = _load(os.path.join(folder, "experiment.py"))
        except BaseException as fault:
            _write(results, {"error": _shorten(fault)})
            return 1
        failures = 0
        for arm, seed in plan["trials"]:
            line = _attempt(trial, arm, seed, plan["parameters"])
            failures += "error" in line
            _write(results, line)
        _write(results, {"finished": True})
    return 1 if failures else 0


def _load(path: str) -> types.FunctionType:
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


def _attempt(
    trial: types.FunctionType, arm: str, seed: int, parameters: dict[str, object]
) -> dict[str, object]:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)
    began = time.perf_counter()
    line: dict[str, object] = {"arm": arm, "seed": seed}
    try:
        line["metrics"] = _metrics(trial(arm, seed, **parameters))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as fault:
        line["error"] = _shorten(fault)
    line["seconds"] = round(time.perf_counter() - began, 6)
    return line


def _metrics(result: object) -> dict[str, float]:
    if not isinstance(result, dict) or not result:
        raise TypeError(f"trial() must return a dict of numbers, it returned {type(result)}")
    metrics = {}
    for name, value in result.items():
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"metric {name} is {number}, not a finite number")
        metrics[str(name)] = number
    return metrics


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    try:
        import numpy

        found["numpy"] = numpy.__version__
    except ImportError:
        found["numpy"] = "absent"
    return found


def _shorten(fault: BaseException) -> str:
    lines = traceback.format_exception(type(fault), fault, fault.__traceback__)
    return "".join(lines[-TRACEBACK_LINES:])[-4000:]


def _write(results: typing.TextIO, line: dict[str, object]) -> None:
    results.write(json.dumps(line, allow_nan=False) + "\n")
    results.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
