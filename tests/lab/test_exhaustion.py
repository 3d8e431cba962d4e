"""Experiment code that wants too much of something, against the real sandbox and watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scientist.lab.experiments import Outcome

Ran = Callable[..., Outcome]
ONE = (("a", 1),)


def test_a_fork_bomb_meets_its_limit(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            made = 0
            try:
                while True:
                    if os.fork() == 0:
                        time.sleep(30)
                        os._exit(0)
                    made += 1
            finally:
                print(made, flush=True)
    """
    outcome = ran(code, ONE, processes=16)
    assert outcome.status in ("failed", "killed")
    assert "Resource temporarily unavailable" in outcome.reason or "processes" in outcome.reason
    assert int(outcome.stdout or 0) <= 16


def test_memory_is_counted_over_all_processes_together(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            for _ in range(6):
                if os.fork() == 0:
                    held = b"x" * (100 * 2**20)
                    time.sleep(30)
                    os._exit(0)
            time.sleep(30)
    """
    outcome = ran(code, ONE, memory_mb=256)
    assert outcome.status == "killed"
    assert "256 MB of memory in all" in outcome.reason
    assert outcome.seconds < 10


def test_pages_shared_between_processes_count_once(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            held = bytearray(b"x" * (80 * 2**20))
            children = []
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    time.sleep(0.5)
                    os._exit(0)
                children.append(child)
            for child in children:
                os.waitpid(child, 0)
            return {"m": float(seed)}
    """
    assert ran(code, ONE, memory_mb=256).status == "done"


def test_one_process_that_wants_too_much_memory_is_told_so(ran: Ran) -> None:
    code = """
        import numpy
        def trial(arm, seed):
            return {"m": float(numpy.zeros(10**12).sum())}
    """
    outcome = ran(code, ONE)
    assert outcome.status == "failed"
    assert "MemoryError" in outcome.reason


def test_scratch_space_is_full_when_it_is_full(ran: Ran) -> None:
    code = """
        def trial(arm, seed):
            written = 0
            try:
                for number in range(100):
                    for folder in ("/tmp", "/dev/shm"):
                        with open(f"{folder}/{number}", "wb") as file:
                            written += file.write(b"x" * 2**20)
            except OSError:
                pass
            return {"m": float(written / 2**20)}
    """
    outcome = ran(code, ONE, disk_mb=16)
    assert outcome.status == "done"
    assert outcome.trials[0].metrics["m"] <= 16


def test_a_flood_of_files_is_stopped(ran: Ran) -> None:
    code = """
        import os
        def trial(arm, seed):
            number = 0
            while True:
                os.mkdir(f"/tmp/{number}")
                number += 1
    """
    outcome = ran(code, ONE)
    assert (outcome.status, outcome.reason) == ("killed", "more than 20000 files")


def test_a_flood_of_output_is_cut_and_stopped(ran: Ran, tmp_path: Path) -> None:
    code = """
        def trial(arm, seed):
            while True:
                print("x" * 10000)
    """
    outcome = ran(code, ONE)
    assert outcome.status == "killed"
    assert "64 kB of output" in outcome.reason
    assert len(outcome.stdout) <= 64 * 1024
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) < 2**20


def test_a_flood_of_results_is_cut_and_stopped(ran: Ran, tmp_path: Path) -> None:
    code = """
        import os
        for descriptor in range(3, 20):
            try:
                while True:
                    os.write(descriptor, b"x" * 65536)
            except OSError:
                pass
        def trial(arm, seed):
            return {"m": 1.0}
    """
    outcome = ran(code, ONE)
    assert outcome.status in ("killed", "failed")
    assert not outcome.trials
    assert (tmp_path / "runs" / "run" / "trials.jsonl").stat().st_size < 2 * 2**20


@pytest.mark.parametrize("body", ["while True: pass", "time.sleep(60)"])
def test_code_that_does_not_end_is_ended(ran: Ran, body: str) -> None:
    outcome = ran(f"import time\ndef trial(arm, seed):\n    {body}\n", ONE, wall_seconds=1)
    assert (outcome.status, outcome.reason) == ("timeout", "longer than 1 s")
    assert outcome.seconds < 5


def test_processor_time_is_limited(ran: Ran) -> None:
    outcome = ran("def trial(arm, seed):\n    while True: pass\n", ONE, cpu_seconds=1)
    assert outcome.status in ("failed", "killed")
    assert (
        "SIGXCPU" in outcome.reason or "SIGKILL" in outcome.reason or "processor" in outcome.reason
    )


def test_waiting_does_not_take_longer_than_the_limit_when_pipes_stay_open(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            if os.fork() == 0:
                time.sleep(15)
                os._exit(0)
            return {"m": 1.0}
    """
    began = time.monotonic()
    assert ran(code, ONE).status == "done"
    assert time.monotonic() - began < 8
