"""Several workers share an experiment: the same numbers and limits, nothing lost or forged."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab.processes import measured, runners
from scientist.lab import experiments, lines, workers
from scientist.lab.executors import Forged, Placement, TooMuch
from scientist.lab.experiments import Outcome, Run
from scientist.lab.ledger import Ledger
from scientist.lab.tiers import Tier

Ran = Callable[..., Outcome]
MANY = [(arm, seed) for seed in range(12) for arm in ("a", "b")]
DRAW = """
    import random, numpy, time
    def trial(arm, seed, pause=0.0):
        time.sleep(pause)
        rng = numpy.random.default_rng(seed)
        return {"r": random.random(), "n": numpy.random.random(), "g": float(rng.normal())}
"""


def test_the_results_are_the_same_however_many_workers_there_are(ran: Ran) -> None:
    found = [ran(DRAW, MANY, name=f"with-{jobs}", jobs=jobs) for jobs in (1, 2, 3)]
    assert [outcome.status for outcome in found] == ["done"] * 3
    assert [[t.metrics for t in outcome.trials] for outcome in found] == (
        [[t.metrics for t in found[0].trials]] * 3
    )
    assert [(t.arm, t.seed) for t in found[2].trials] == MANY
    assert found[0].environment == found[2].environment


def test_the_results_are_the_same_in_every_kind_of_sandbox(ran: Ran, each_tier: Tier) -> None:
    """One that cannot end what a trial leaves behind by itself takes a fresh worker each time."""
    leaving = DRAW.replace(
        "time.sleep(pause)",
        "os.fork() or (os.setsid(), time.sleep(30), os._exit(0))",
    ).replace("import random", "import os, random")
    found = [
        ran(code, MANY, name=name, jobs=2, tier=each_tier)
        for name, code in (("plain", DRAW), ("leaving", leaving))
    ]
    assert [outcome.status for outcome in found] == ["done"] * 2, found[1].reason
    assert [t.metrics for t in found[0].trials] == [t.metrics for t in found[1].trials]
    assert [outcome.restarts for outcome in found] == [0, 0]
    assert found[0].ran.tier == each_tier.name


def test_workers_really_work_at_once_and_share_the_work(ran: Ran) -> None:
    code = """
        import os, time
        print("loaded")
        def trial(arm, seed):
            began = time.monotonic()
            time.sleep(0.4)
            return {"began": began, "ended": time.monotonic()}
    """
    outcome = ran(code, MANY, jobs=3)
    spans = [(t.metrics["began"], t.metrics["ended"]) for t in outcome.trials]
    most = max(sum(a <= moment < b for a, b in spans) for moment, _ in spans)
    assert most == 3
    assert outcome.stdout == "loaded\n" * (3 + len(MANY))  # once to look, once for each trial


def test_a_run_cut_short_has_whole_pairs(prepared: Callable[..., Run]) -> None:
    code = "import time\ndef trial(arm, seed):\n    time.sleep(0.1)\n    return {'m': 1.0}\n"
    run = prepared(code, MANY, jobs=2)
    experiments.launch(run)
    outcome = experiments.wait(run, should_stop=lambda: measured(run) > 6)
    counted = [t.seed for t in outcome.trials]
    assert counted
    alone = [seed for seed in counted if counted.count(seed) == 1]
    assert len(alone) <= 1


def test_limits_hold_for_all_workers_together(ran: Ran) -> None:
    code = """
        import time
        def trial(arm, seed):
            held = b"x" * (160 * 2**20)
            time.sleep(20)
            return {"m": 1.0}
    """
    outcome = ran(code, memory_mb=256, jobs=2)
    assert outcome.status == "killed"
    assert outcome.reason == "more than 256 MB of memory in all (2 workers)"
    assert (
        ran(code.replace("sleep(20)", "sleep(0.1)"), name="one", memory_mb=256, jobs=1).status
        == "done"
    )


def test_processor_time_is_that_of_all_workers_together(ran: Ran) -> None:
    outcome = ran("def trial(arm, seed):\n    while True: pass\n", cpu_seconds=1, jobs=2)
    assert outcome.status == "killed"
    assert outcome.reason == "more than 1 s of processor time in all"


def test_processor_time_of_workers_that_are_over_counts(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            while time.process_time() < 0.6: pass
            os.kill(os.getppid(), 9)
    """
    outcome = ran(code, MANY, cpu_seconds=2)
    assert outcome.status == "killed"
    assert outcome.reason == "more than 2 s of processor time in all"


def test_there_are_never_more_workers_than_the_limits_leave_room_for(tier: Tier) -> None:
    def most(jobs: int, missing: int, **limits: int) -> int:
        held: Any = SimpleNamespace(**({"processes": 64, "memory_mb": 2048} | limits))
        job: Any = SimpleNamespace(limits=held, placement=Placement(jobs), script=None)
        return workers.most_workers(job, missing)

    assert most(4, 100) == 4
    assert most(4, 3) == 3
    assert most(100, 1000) == 16
    assert most(100, 1000, processes=8) == 2
    assert most(100, 1000, memory_mb=64, processes=1) == 1


def test_output_of_several_workers_is_capped_in_all_and_never_cut_within_a_line(ran: Ran) -> None:
    code = """
        import sys, time
        def trial(arm, seed):
            for number in range(20):
                sys.stdout.write(f"{arm}{seed}:{number}")
                sys.stdout.flush()
                sys.stdout.write(" end\\n")
            time.sleep(0.02)
            return {"m": 1.0}
    """
    outcome = ran(code, MANY, jobs=3)
    assert outcome.status == "done"
    printed = outcome.stdout.splitlines()
    assert len(printed) == 20 * len(MANY)
    for arm, seed in MANY:
        own = [line for line in printed if line.startswith(f"{arm}{seed}:")]
        assert own == [f"{arm}{seed}:{number} end" for number in range(20)]
    flood = "def trial(arm, seed):\n    while True: print('x' * 1000)\n"
    outcome = ran(flood, name="flood", jobs=2)
    assert (outcome.status, outcome.reason) == ("killed", "more than 64 kB of output")
    assert len(outcome.stdout) <= 64 * 1024


def test_a_killed_worker_is_replaced_and_its_trials_are_measured_once(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(DRAW, MANY, jobs=2, parameters={"pause": 0.05})
    killed: list[int] = []

    def kill(done: int, of: int) -> None:
        if done >= 4 * len(killed) + 2 and len(killed) < 3 and (found := runners(run)):
            killed.append(done)
            os.kill(found[0], signal.SIGKILL)

    outcome = experiments.conduct(run, on_trial=kill)
    assert outcome.status == "done", outcome.reason
    assert outcome.restarts == len(killed) > 1
    assert [(t.arm, t.seed) for t in outcome.trials] == MANY
    undisturbed = prepared(DRAW, MANY, name="undisturbed", parameters={"pause": 0.0})
    whole = experiments.conduct(undisturbed)
    assert [t.metrics for t in whole.trials] == [t.metrics for t in outcome.trials]


def test_a_trial_that_kills_its_worker_twice_has_failed_and_the_others_are_measured(
    ran: Ran,
) -> None:
    code = """
        import os
        def trial(arm, seed):
            if (arm, seed) == ("b", 5):
                os.kill(os.getppid(), 9)
            return {"m": 1.0}
    """
    outcome = ran(code, MANY, jobs=2)
    assert outcome.status == "failed"
    assert outcome.reason == ("the worker died 2 times in this trial (last with exit code 137)"), (
        outcome
    )
    assert [(t.arm, t.seed) for t in outcome.trials] == [p for p in MANY if p != ("b", 5)]
    assert outcome.restarts == 2


def test_code_that_ends_its_worker_while_loading_is_not_tried_for_ever(ran: Ran) -> None:
    outcome = ran("import os\nos._exit(7)\n", MANY)
    assert outcome.status == "failed"
    assert outcome.reason == "loading the experiment ended without a result (exit code 7)"
    assert outcome.restarts == 0


def test_code_that_does_not_load_is_said_once_with_what_it_printed(ran: Ran) -> None:
    outcome = ran("print('about to')\nimport nothing_of_that_name\n", MANY, jobs=3)
    assert outcome.status == "failed"
    assert "nothing_of_that_name" in outcome.reason
    assert "about to" in outcome.stdout


@pytest.mark.parametrize("jobs", [1, 2])
def test_code_that_is_loaded_cannot_answer_for_any_trial(ran: Ran, jobs: int) -> None:
    line = json.dumps({"arm": "b", "seed": 11, "metrics": {"m": 9.0}, "seconds": 0.1}) + "\n"
    code = f"""
        import os
        for descriptor in range(3, 20):
            try:
                os.write(descriptor, {line.encode()!r})
            except OSError:
                pass
        def trial(arm, seed):
            return {{"m": 1.0}}
    """
    outcome = ran(code, MANY, jobs=jobs)
    assert outcome.status == "failed"
    assert outcome.reason.startswith("loading the experiment ended without a result")
    assert not outcome.trials


def test_what_a_module_keeps_is_no_way_from_one_trial_to_the_next(ran: Ran) -> None:
    code = """
        import mmap
        shared = mmap.mmap(-1, 4096)
        def trial(arm, seed):
            shared[0] = shared[0] + 1
            return {"calls": float(shared[0])}
    """
    assert {t.metrics["calls"] for t in ran(code, MANY, jobs=1).trials} == {1.0}


def test_memory_hidden_from_the_watchdog_is_still_counted(ran: Ran) -> None:
    code = """
        import ctypes, os, time
        def trial(arm, seed):
            for _ in range(4):
                if os.fork() == 0:
                    ctypes.CDLL(None).prctl(15, b"\\xff", 0, 0, 0)
                    held = bytearray(200 * 2**20)
                    time.sleep(3)
                    os._exit(0)
            time.sleep(3)
            return {"m": 1.0}
    """
    outcome = ran(code, memory_mb=256)
    assert outcome.status in ("killed", "failed"), outcome
    assert not outcome.trials


def test_a_trial_reaches_neither_the_pipe_of_tasks_nor_that_of_results(ran: Ran) -> None:
    code = """
        import os
        def trial(arm, seed):
            own = [os.readlink(f"/proc/self/fd/{n}") for n in range(3, 64)
                   if os.path.lexists(f"/proc/self/fd/{n}")]
            reached = 0
            for number in range(64):
                for flags in (os.O_RDONLY, os.O_WRONLY):
                    try:
                        os.close(os.open(f"/proc/{os.getppid()}/fd/{number}", flags))
                        reached += 1
                    except OSError:
                        pass
            return {"pipes": float(len([o for o in own if "pipe" in o])), "reached": float(reached)}
    """
    outcome = ran(code, MANY, jobs=2)
    assert {t.metrics["pipes"] for t in outcome.trials} == {1.0}  # the one to its own runner
    assert {t.metrics["reached"] for t in outcome.trials} == {0.0}


def test_a_ledger_takes_a_line_once_and_refuses_another_for_the_same_trial(tmp_path: Path) -> None:
    good = b'{"arm": "a", "seed": 1, "metrics": {"m": 1.0}, "seconds": 0.1}\n'
    (tmp_path / "trials.jsonl").write_bytes(b'{"environment": {}}\n' + good + b'{"arm": "b", "se')
    ledger = Ledger(tmp_path, [("a", 1), ("b", 1)], 64)
    assert (tmp_path / "trials.jsonl").read_bytes() == b'{"environment": {}}\n' + good
    assert ledger.missing() == [1]
    ledger.report(good * 2)
    ledger.report(b'{"environment": {}}\n')
    assert (tmp_path / "trials.jsonl").read_bytes().count(b"\n") == 2
    for bad in (good.replace(b"1.0", b"2.0"), good.replace(b"a", b"c"), b"nonsense\n", good[:-1]):
        with pytest.raises(Forged):
            ledger.report(bad)
    ledger.report(lines.failure("b", 1, "no"))
    assert ledger.missing() == []
    long = json.dumps({"error": "x" * 200_000}).encode()
    flood = b"".join(long + b" " * number + b"\n" for number in range(20))
    with pytest.raises(TooMuch):
        ledger.report(flood)
    ledger.close()
