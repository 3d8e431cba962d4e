"""Experiment code that would rather write results than measure them, against every sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scientist.lab.experiments import Outcome
from scientist.lab.tiers import Tier

Ran = Callable[..., Outcome]
ONE = (("a", 1),)


@pytest.fixture
def tier(each_tier: Tier) -> Tier:
    return each_tier


@pytest.mark.parametrize(
    "line",
    [
        '{"arm": "b", "seed": 9, "metrics": {"m": 99.0}, "seconds": 0.1}',
        '{"arm": "a", "seed": 1, "metrics": {"m": 99.0}, "seconds": 0.1}',
        '{"environment": {"python": "99"}}',
    ],
    ids=["nobody asked for it", "a second result", "another environment"],
)
def test_a_forged_result_line_never_counts(ran: Ran, line: str) -> None:
    code = f"""
        import os
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, {(line + chr(10)).encode()!r})
            except OSError:
                pass
        def trial(arm, seed):
            return {{"m": 1.0}}
    """
    outcome = ran(code, ONE)
    assert outcome.status == "failed"
    assert outcome.reason
    assert not outcome.trials
    assert outcome.environment.get("python") != "99"


def test_printing_result_lines_forges_nothing(ran: Ran) -> None:
    code = """
        def trial(arm, seed):
            print('{"arm": "a", "seed": 1, "metrics": {"m": 99.0}, "seconds": 0.1}')
            return {"m": 1.0}
    """
    outcome = ran(code, ONE)
    assert [trial.metrics for trial in outcome.trials] == [{"m": 1.0}]
    assert "99.0" in outcome.stdout


def test_a_trial_reaches_neither_the_memory_of_the_runner_nor_its_pipe(
    attempts: Callable[..., dict[str, Any]],
) -> None:
    body = """
    parent = f"/proc/{os.getppid()}"
    def opened(path, mode):
        with open(path, mode, buffering=0):
            return "opened"
    def pipes():
        reached = []
        for number in range(64):
            for mode in ("rb", "wb"):
                try:
                    opened(f"{parent}/fd/{number}", mode)
                    reached.append(number)
                except OSError:
                    pass
        return reached
    def written():
        reached = []
        for number in range(3, 64):
            try:  # its own answer leaves through a pipe, made after the runner's
                os.write(number, b"")
                reached.append(number)
            except OSError:
                pass
        return len(reached)
    def traced():
        ptrace = 117 if platform.machine() == "aarch64" else 101
        libc = ctypes.CDLL(None, use_errno=True)
        return "traced" if libc.syscall(ptrace, 16, os.getppid(), 0, 0) == 0 else "refused"
    return {
        "read": lambda: opened(parent + "/mem", "rb"),
        "write": lambda: opened(parent + "/mem", "r+b"),
        "link": lambda: os.readlink(parent + "/fd/3"),
        "environ": lambda: opened(parent + "/environ", "rb"),
        "trace": traced,
        "written": written,
        "pipes": pipes,
    }"""
    got = attempts(body)
    assert got.pop("pipes") == []
    assert got.pop("written") == 1
    assert got.pop("trace") == "refused"
    assert set(got.values()) == {"PermissionError"}, got


def test_a_trial_cannot_change_the_next_one(ran: Ran) -> None:
    code = """
        import builtins, gc, math, os, sys, __main__
        def trial(arm, seed):
            if seed == 1:
                __main__._metrics = lambda result: {"m": 99.0}
                math.isfinite = builtins.float = lambda *a: 99.0
                os.kill(os.getppid(), 0)
            return {"m": float(seed)}
    """
    outcome = ran(code, (("a", 1), ("a", 2)))
    assert outcome.trials[-1].metrics == {"m": 2.0}


def test_the_runner_and_the_plan_stay_as_they_are(ran: Ran) -> None:
    code = """
        import json, os, sys
        HERE, RUNNER = os.path.dirname(__file__), sys.modules["__main__"].__file__
        def spoil(path):
            for way in (lambda: open(path, "w").close(), lambda: os.unlink(path),
                        lambda: os.replace(os.environ["TMPDIR"] + "/other", path)):
                open(os.environ["TMPDIR"] + "/other", "w").close()
                try:
                    way()
                    return 1.0
                except OSError:
                    pass
            return 0.0
        def trial(arm, seed):
            return {name: spoil(path) for name, path in {
                "runner": RUNNER, "code": __file__, "plan": HERE + "/params.json",
                "results": os.path.dirname(HERE) + "/trials.jsonl",
                "status": os.path.dirname(HERE) + "/status.json",
                "claim": os.path.dirname(HERE) + "/claim"}.items()}
    """
    outcome = ran(code, ONE)
    assert outcome.status == "done", outcome
    assert set(outcome.trials[0].metrics.values()) == {0.0}, outcome.trials
