"""Code whose numbers could mean nothing is refused with a reason that can be acted on."""

from __future__ import annotations

import ast
import importlib.metadata
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scientist import settings
from scientist.errors import UsageError
from scientist.lab import checks, experiments, kits
from scientist.lab.experiments import Outcome, Run
from scientist.records import Protocol, Trial

ARMS = ("new", "old")
HEADER = "ARMS = {}\nMETRICS = {}\n"
GOOD = HEADER + (
    "import random\ndef trial(arm, seed):\n    draws = [random.random() for _ in range(9)]\n"
    "    return {'m': max(draws) if arm == 'new' else seed * sum(draws)}\n"
)


def smoke(ran: Callable[..., Outcome], body: str) -> tuple[str, ...]:
    """What the checks say about two real runs of a trial with this body."""
    code = f"import os, random\ndef trial(arm, seed):\n    {body}\n"
    pairs = [(arm, seed) for seed in (1, 2) for arm in ARMS]
    first, again = ran(code, pairs, name="first"), ran(code, pairs[:2], name="again")
    assert first.status == again.status == "done"
    return checks.check_trials(first.trials, again.trials, ARMS, "m")


def test_an_honest_experiment_passes(ran: Callable[..., Outcome]) -> None:
    assert smoke(ran, "return {'m': random.random() + (arm == 'new')}") == ()


def test_numbers_that_do_not_come_from_the_seed_are_refused(ran: Callable[..., Outcome]) -> None:
    found = smoke(ran, "return {'m': int.from_bytes(os.urandom(4), 'big') / 2**32}")
    assert any("the same seed gave two results" in reason for reason in found)


def test_arms_that_do_the_same_are_refused(ran: Callable[..., Outcome]) -> None:
    found = smoke(ran, "return {'m': random.random()}")
    assert any("arms new and old gave the same numbers" in reason for reason in found)


def test_numbers_that_ignore_the_seed_are_refused(ran: Callable[..., Outcome]) -> None:
    found = smoke(ran, "return {'m': 0.9 if arm == 'new' else 0.5}")
    assert any("the seed is not used" in reason for reason in found)


def test_arms_that_agree_are_a_result_where_the_code_is_known_to_use_them() -> None:
    trials = [
        Trial(arm=arm, seed=seed, metrics={"m": 0.0}, seconds=0) for arm in ARMS for seed in (1, 2)
    ]
    assert len(checks.check_trials(trials, trials[:1], ARMS, "m")) == 3
    assert checks.check_trials(trials, trials[:1], ARMS, "m", tested=True) == ()


def test_a_metric_at_its_bound_is_allowed_when_others_vary() -> None:
    trials = [
        Trial(arm=arm, seed=seed, metrics={"m": 0.0, "other": seed + bonus}, seconds=0)
        for arm, bonus in (("new", 0.5), ("old", 0.0))
        for seed in (1, 2)
    ]
    assert checks.check_trials(trials, trials[:1], ARMS, "m") == ()


def test_a_missing_metric_arm_or_number_is_named() -> None:
    def one(arm: str, **metrics: float) -> Trial:
        return Trial(arm=arm, seed=1, metrics=metrics, seconds=0)

    both = [one("new", m=1.0), one("old", m=2.0)]
    assert "no metric named x" in checks.check_trials(both, [], ARMS, "x")[0]
    assert "arm old gave no result" in checks.check_trials(both[:1], [], ARMS, "m")[0]
    wrong = [*both, both[1].model_copy(update={"metrics": {"m": 1.0, "extra": math.nan}})]
    assert "not finite" in checks.check_trials(wrong, [], ARMS, "m")[0]


def repeated(ran: Callable[..., Outcome], deterministic: bool) -> checks.Checked:
    """What is measured of code whose numbers do not come from the seed."""
    code = (
        "import os\ndef trial(arm, seed):\n    return {'m': float(os.urandom(1)[0]) + seed / 7}\n"
    )
    pairs = [(arm, seed) for seed in (1, 2) for arm in ARMS]
    first, again = ran(code, pairs, name="first"), ran(code, pairs, name="again")
    return checks.measure(first.trials, again.trials, ARMS, "m", deterministic=deterministic)


def test_code_that_says_it_cannot_repeat_itself_passes_with_a_flag(
    ran: Callable[..., Outcome],
) -> None:
    found = repeated(ran, deterministic=True)
    assert "declare DETERMINISTIC = False" in found.problems[0]
    assert found.flags == ()
    found = repeated(ran, deterministic=False)
    assert found.problems == ()
    (flag,) = found.flags
    assert flag.startswith("nondeterministic, as the code declares")
    assert "repeated smoke trials gave another result" in flag
    assert "independent draw" in flag


def test_only_a_plain_declaration_makes_code_nondeterministic() -> None:
    assert checks.deterministic(GOOD)
    assert checks.deterministic(GOOD + "DETERMINISTIC = True\n")
    assert checks.deterministic(GOOD + "def f():\n    DETERMINISTIC = False\n")
    assert not checks.deterministic(GOOD + "DETERMINISTIC = False\n")
    assert not checks.deterministic(GOOD + "DETERMINISTIC: bool = False\n")
    assert checks.deterministic("not python(")


def protocol(**change: Any) -> Protocol:
    kit = kits.all_kits()[0]
    plan = {
        "hypothesis": "H1",
        "kit": kit.name,
        "treatment": "new",
        "control": "old",
        "arms": ARMS,
        "metric": "m",
        "direction": "increase",
        "smallest_effect": 0.1,
        "parameters": {},
        "seeds": (1, 2, 3),
        "smoke_seeds": (11, 12),
        "looks": (3,),
        "test": "",
        "alpha": 0.05,
        "level": 0.05,
        "confidence": 0.95,
        "resamples": 99,
        "stopping_rule": "",
        "code_hash": "",
        "runner_hash": "",
    }
    return Protocol.model_validate(plan | change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"smoke_seeds": (3, 11)}, "1 smoke seeds are among the measured seeds (the first is 3)"),
        ({"seeds": (1, 1, 2)}, "a measured seed is named twice"),
        ({"smoke_seeds": (11, 11)}, "a smoke seed is named twice"),
        ({"smoke_seeds": ()}, "there are no smoke seeds"),
        ({"smoke_seeds": (11,)}, "one smoke seed cannot show"),
    ],
)
def test_a_plan_whose_seeds_could_know_each_other_is_refused(
    change: dict[str, Any], says: str
) -> None:
    assert checks.check_seeds(protocol()) == ()
    (problem,) = checks.check_seeds(protocol(**change))
    assert says in problem


def test_nothing_that_a_trial_leaves_behind_reaches_another_one(
    ran: Callable[..., Outcome],
) -> None:
    code = """
        import os
        KEPT = []
        def trial(arm, seed):
            place = os.path.join(os.environ["TMPDIR"], "cache")
            known = os.path.exists(place) + len(KEPT)
            open(place, "w").write("what the smoke run saw")
            KEPT.append(seed)
            return {"known": float(known)}
    """
    smoke = ran(code, [("new", 1), ("new", 2)], name="run-smoke")
    measured = ran(code, [("new", 3), ("new", 4)], name="run-1")
    assert smoke.status == measured.status == "done"
    assert {t.metrics["known"] for t in (*smoke.trials, *measured.trials)} == {0.0}


def test_what_a_smoke_run_gave_lies_where_the_measured_run_cannot_see_it(
    prepared: Callable[..., Run],
) -> None:
    code = """
        import os
        def trial(arm, seed):
            found = [name for place in ("/", "/input", "..", os.getcwd(), os.path.dirname(__file__))
                     if os.path.isdir(place) for _, _, names in [next(os.walk(place), ("", [], []))]
                     for name in names]
            return {"seen": float(sum("trials" in name for name in found))}
    """
    smoke, measured = prepared(code, name="run-smoke"), prepared(code, name="run-1")
    assert smoke.folder != measured.folder
    for run in (smoke, measured):
        experiments.launch(run)
        outcome = experiments.wait(run)
        assert outcome.status == "done", outcome
        assert {trial.metrics["seen"] for trial in outcome.trials} == {0.0}
    assert (smoke.folder / "trials.jsonl").exists()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def trial(", "does not parse"),
        ("x = " + "(" * 500, "does not parse"),
        (GOOD + "import os", "import of os is not allowed"),
        (GOOD + "from subprocess import run", "import of subprocess is not allowed"),
        (GOOD + "from . import secret", "is not allowed"),
        (GOOD + "open('x')", "open is not allowed"),
        (GOOD + "().__class__.__subclasses__()", "__subclasses__ is not allowed"),
        (GOOD + "random._os.environ", "_os is not allowed"),
        (HEADER + "x = 1", "there is no function trial"),
        ("def trial(arm, seed): return {'m': arm + seed}", "ARMS is not defined"),
        (HEADER + "def trial(seed, arm): return {'m': seed}", "in this order"),
        (HEADER + "def trial(arm, seed): return {'m': seed}", "trial does not use arm"),
        (HEADER + "def trial(arm, seed): return {'m': arm}", "trial does not use seed"),
        (HEADER + "async def trial(arm, seed): return {}", "there is no function trial"),
        (GOOD + "def trial(arm, seed): return {'m': arm + seed}", "trial is defined twice"),
        (GOOD + "import scientist.science", "may not see what judges it"),
        (GOOD + "from scientist.lab import runner", "may not see what judges it"),
        (GOOD + "import sys", "import of sys is not allowed"),
        (GOOD + "import inspect, gc, ctypes", "import of gc is not allowed"),
        (GOOD + "from math import *", "import * from math is not allowed"),
        (GOOD + "trial.__globals__", "__globals__ is not allowed: it leads out"),
        (GOOD + "(x for x in []).gi_frame.f_back", "gi_frame is not allowed"),
        (GOOD + "def f(fault): return fault.__traceback__", "__traceback__ is not allowed"),
        (GOOD + "import numpy as np\nnp.load('x.npy')", "load is not allowed: it reads or"),
        (GOOD + "import numpy as np\nxp = np\nxp.save('x', 1)", "save is not allowed"),
        (GOOD + "from numpy import load as fetch", "load is not allowed"),
        (GOOD + "from numpy import fromfile", "fromfile is not allowed"),
        (GOOD + "import numpy\nnumpy.memmap('x')", "memmap is not allowed"),
        (GOOD + "import numpy\nnumpy.genfromtxt('x')", "genfromtxt is not allowed"),
        (GOOD + "import numpy\nnumpy.loadtxt('x')", "loadtxt is not allowed"),
        (GOOD + "import numpy\nnumpy.savez_compressed('x')", "savez_compressed is not allowed"),
        (GOOD + "import numpy\nnumpy.zeros(3).tofile('x')", "tofile is not allowed"),
        (GOOD + "import numpy.ctypeslib", "ctypeslib is not allowed"),
        (GOOD + "import numpy\nnumpy.lib.npyio", "npyio is not allowed"),
        (GOOD + "from scipy import io", "io is not allowed"),
        (GOOD + "from scipy.io import loadmat", "loadmat is not allowed"),
        (GOOD + "import networkx as nx\nnx.read_gml('x')", "read_gml is not allowed"),
        (GOOD + "import torch\ntorch.load('x')", "load is not allowed"),
        (GOOD + "from sklearn.datasets import fetch_openml", "fetch_openml is not allowed"),
        (GOOD + "import matplotlib\nmatplotlib.os", "os is not allowed: it leads out"),
        (GOOD + "place = '/input/params.json'", "the path '/input/params.json' is not allowed"),
        (GOOD + "place = f'/scientist/{3}'", "the path '/scientist/' is not allowed"),
        (GOOD + "place = b'/input'", "the path b'/input' is not allowed"),
        (GOOD + "place = '/proc'", "the path '/proc' is not allowed"),
        (GOOD + "getattr(random, '_o' + 's')", "getattr with a computed name is not allowed"),
        (GOOD + "getattr(random, '_os')", "getattr of _os is not allowed"),
        (GOOD + "from operator import attrgetter", "attrgetter is not allowed"),
        (GOOD + "import typing\ntyping.get_type_hints(3)", "get_type_hints is not allowed"),
    ],
)
def test_code_is_refused_with_a_reason(code: str, reason: str) -> None:
    assert any(reason in found for found in checks.check_code(code))


def test_ordinary_code_is_not_refused() -> None:
    assert checks.check_code(GOOD) == ()
    classes = (
        "class Learner(dict):\n    def __init__(self):\n        super().__init__()\n"
        "        self._weights = [0.0]\n"
    )
    assert checks.check_code(GOOD + classes) == ()
    plain = (
        "import numpy as np\nfrom sklearn.datasets import make_moons\n"
        "class Server:\n    def __init__(self):\n        self.load, self.os = 0.0, 'per / hour'\n"
        "    def read_mind(self):\n        return self.load + getattr(self, 'busy', 1)\n"
        "busy = [server.load for server in ()]\n"
        "text = '/ and /input of a neuron'\n"
    )
    assert checks.check_code(GOOD + plain) == ()
    assert all(checks.check_code(kit.code) == () for kit in kits.all_kits())


def test_an_outcome_that_is_written_down_is_among_the_reasons() -> None:
    code = HEADER + (
        "import random\ndef trial(arm, seed):\n    random.seed(seed)\n"
        "    return {'m': {'new': 0.9, 'old': 0.5}[arm] + random.gauss(0, 0.1)}\n"
    )
    (reason,) = checks.check_code(code)
    assert "line 6: metric m is a constant picked by the arm, with random noise" in reason


def test_what_may_be_imported_is_a_setting() -> None:
    code = GOOD + "import jax.numpy\n"
    (reason,) = checks.check_code(code)
    assert "import of jax.numpy is not allowed" in reason
    assert "numpy, scipy, sklearn, networkx, matplotlib, torch" in reason
    assert checks.check_code(code, libraries=("jax",)) == ()
    assert checks.check_code(GOOD + "import numpy", libraries=()) != ()
    assert checks.check_code(GOOD + "import math", libraries=()) == ()


def test_the_setting_is_a_list_of_names_and_lets_nothing_out(tmp_path: Path) -> None:
    given = {"SCIENTIST_LIBRARIES": "numpy, jax"}
    found = settings.load(tmp_path, environment=given, user=tmp_path / "none").values
    assert found.libraries == ("numpy", "jax")
    for wrong in ("os", "scientist", "sub-process"):
        with pytest.raises(UsageError, match="SCIENTIST_LIBRARIES cannot be"):
            settings.load(tmp_path, environment={"SCIENTIST_LIBRARIES": wrong})


def test_what_is_installed_is_told_without_importing_it() -> None:
    code = (
        "import sys\nfrom scientist.lab import checks\n"
        "print(checks.available(('numpy', 'sklearn', 'no_such_library')))\n"
        "print([name for name in ('numpy', 'sklearn') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    found, imported = done.stdout.splitlines()
    versions = ast.literal_eval(found)
    assert versions["numpy"] == importlib.metadata.version("numpy")
    assert versions["no_such_library"] is None
    assert imported == "[]"


def test_the_runner_hash_names_its_bytes() -> None:
    assert len(experiments.runner_hash()) == 64
