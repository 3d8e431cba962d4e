"""The runner by itself, as a plain program: one line a trial, each trial alone."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from scientist.lab import runner


def lines(folder: Path, code: str, trials: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """Run the code and read what was written, the environment first."""
    folder.mkdir(exist_ok=True)
    (folder / "experiment.py").write_text(textwrap.dedent(code))
    (folder / "params.json").write_text(json.dumps({"parameters": {"scale": 2}, "trials": trials}))
    subprocess.run(
        [sys.executable, "-m", "scientist.lab.runner", str(folder)], capture_output=True, timeout=60
    )
    written = (folder / "trials.jsonl").read_text().splitlines()
    return [json.loads(line) for line in written]


def test_every_trial_gives_a_line_after_the_environment(tmp_path: Path) -> None:
    first, *rest = lines(
        tmp_path, "def trial(arm, seed, scale): return {'m': seed * scale}", [("a", 1), ("b", 2)]
    )
    assert first["environment"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert first["environment"]["numpy"]
    assert [(line["arm"], line["seed"], line["metrics"]) for line in rest] == [
        ("a", 1, {"m": 2.0}),
        ("b", 2, {"m": 4.0}),
    ]


def test_an_exception_is_recorded_with_its_traceback_and_the_rest_goes_on(tmp_path: Path) -> None:
    code = """
        def trial(arm, seed, scale):
            if arm == "bad":
                raise KeyError("no such thing")
            return {"m": 1.0}
    """
    _, bad, good = lines(tmp_path, code, [("bad", 1), ("good", 1)])
    assert "KeyError: 'no such thing'" in bad["error"]
    assert "line 4" in bad["error"]
    assert good["metrics"] == {"m": 1.0}


def test_what_is_no_finite_number_is_refused(tmp_path: Path) -> None:
    code = """
        import numpy
        VALUES = [float("nan"), float("inf"), "1.0", True, None, numpy.float32(0.5), 10**400]
        def trial(arm, seed, scale):
            return {"m": VALUES[seed]}
    """
    _, *found = lines(tmp_path, code, [("a", seed) for seed in range(7)])
    assert ["metrics" in line for line in found] == [False] * 5 + [True, False]
    assert "not a finite number" in found[0]["error"]
    assert "use float()" in found[2]["error"]


def test_a_trial_that_ends_its_process_is_an_error_of_that_trial_alone(tmp_path: Path) -> None:
    code = """
        import os, sys
        def trial(arm, seed, scale):
            if arm == "exit": sys.exit(0)
            if arm == "hard": os._exit(0)
            if arm == "crash": os.abort()
            return {"m": 1.0}
    """
    arms = ["exit", "hard", "crash", "fine"]
    _, left, hard, crash, fine = lines(tmp_path, code, [(arm, 1) for arm in arms])
    assert "SystemExit" in left["error"]
    assert "without a result (exit code 0)" in hard["error"]
    assert "SIGABRT" in crash["error"]
    assert fine["metrics"] == {"m": 1.0}


def test_trials_share_nothing_so_their_order_does_not_matter(tmp_path: Path) -> None:
    code = """
        import random, numpy
        SEEN = []
        def trial(arm, seed, scale):
            SEEN.append(seed)
            return {"seen": len(SEEN), "r": random.random(), "n": numpy.random.random()}
    """
    pairs = [("a", 1), ("a", 2), ("b", 1)]
    forward = lines(tmp_path / "forward", code, pairs)[1:]
    backward = lines(tmp_path / "backward", code, pairs[::-1])[1:]
    assert [line["metrics"] for line in forward] == [line["metrics"] for line in backward[::-1]]
    assert all(line["metrics"]["seen"] == 1 for line in forward)
    assert forward[0]["metrics"]["r"] != forward[1]["metrics"]["r"]
    assert forward[0]["metrics"]["n"] != forward[1]["metrics"]["n"]


def test_time_is_measured_outside_the_trial(tmp_path: Path) -> None:
    code = """
        import time
        def trial(arm, seed, scale):
            time.perf_counter = lambda: 0.0
            time.sleep(0.2)
            return {"m": 1.0}
    """
    assert lines(tmp_path, code, [("a", 1)])[1]["seconds"] >= 0.2


def test_code_that_does_not_load_is_one_error(tmp_path: Path) -> None:
    _, only = lines(tmp_path, "import nothing_of_that_name", [("a", 1)])
    assert "ModuleNotFoundError" in only["error"]


def test_the_runner_needs_nothing_but_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import runner; print(set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, {FOLDER!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    roots = {name.strip("' {}\n").split(".")[0] for name in done.stdout.split(",")}
    assert roots <= sys.stdlib_module_names | {"runner"}


FOLDER = str(Path(runner.__file__).parent)
