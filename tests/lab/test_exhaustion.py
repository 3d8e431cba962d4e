"""Experiment code that wants too much of something, against every sandbox and the watchdog."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import until

from lab.processes import measured, runners
from scientist.lab import experiments, sandbox
from scientist.lab.experiments import Outcome, Run
from scientist.lab.tiers import Tier

Ran = Callable[..., Outcome]
ONE = (("a", 1),)


@pytest.fixture
def tier(each_tier: Tier) -> Tier:
    return each_tier


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
    if outcome.status == "failed":
        assert int(outcome.stdout) <= 16


def test_a_bomb_whose_every_process_makes_more_is_put_out(ran: Ran) -> None:
    code = """
        import os
        def trial(arm, seed):
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
    """
    outcome = ran(code, ONE, processes=16, wall_seconds=2)
    assert outcome.status in ("killed", "timeout", "failed")
    assert not outcome.trials
    assert outcome.seconds < 15


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


def test_six_processes_of_a_gigabyte_each_never_get_there(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            for _ in range(6):
                if os.fork() == 0:
                    held = []
                    for _ in range(64):
                        held.append(bytearray(os.urandom(4096) * 4096))
                    time.sleep(30)
                    os._exit(0)
            time.sleep(30)
    """
    outcome = ran(code, ONE, memory_mb=512)
    assert outcome.status == "killed"
    assert "512 MB of memory in all" in outcome.reason


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


def test_scratch_space_does_not_outgrow_its_limit(ran: Ran, tier: Tier) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            written = 0
            try:
                for number in range(100):
                    for folder in (os.environ["TMPDIR"], "/dev/shm"):
                        try:
                            with open(f"{folder}/{number}", "wb") as file:
                                written += file.write(os.urandom(2**20))
                        except PermissionError:
                            pass
            except OSError:
                pass
            time.sleep(2)
            return {"m": float(written / 2**20)}
    """
    outcome = ran(code, ONE, disk_mb=16)
    if tier.name == sandbox.NAMESPACES:
        assert outcome.status == "done"
        assert outcome.trials[0].metrics["m"] <= 16
    else:
        assert (outcome.status, outcome.reason) == ("killed", "more than 16 MB of disk")


def test_a_file_does_not_outgrow_its_limit_not_even_a_hollow_one(ran: Ran) -> None:
    code = """
        import os, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        def trial(arm, seed):
            sizes = {}
            for name, size in (("small", 2**20), ("large", 2**20 + 1), ("hollow", 2**40)):
                with open(os.environ["TMPDIR"] + "/" + name, "wb") as file:
                    try:
                        file.truncate(size)
                    except OSError:
                        pass
                    sizes[name] = float(os.fstat(file.fileno()).st_size)
            return sizes
    """
    outcome = ran(code, ONE, file_mb=1)
    assert outcome.trials[0].metrics == {"small": 2.0**20, "large": 0.0, "hollow": 0.0}


def test_a_flood_of_files_is_stopped(ran: Ran) -> None:
    code = """
        import os
        def trial(arm, seed):
            number = 0
            while True:
                os.mkfifo(os.environ["TMPDIR"] + f"/{number}")
                number += 1
    """
    outcome = ran(code, ONE, disk_mb=256)
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
    assert outcome.seconds < 30


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
                time.sleep(300)
                os._exit(0)
            return {"m": 1.0}
    """
    began = time.monotonic()
    assert ran(code, ONE).status == "done"
    assert time.monotonic() - began < 60


def test_other_work_goes_first(prepared: Callable[..., Run]) -> None:
    code = """
        import time
        def trial(arm, seed):
            time.sleep(seed)
            return {"m": 1.0}
    """
    run = prepared(code, (("a", 0), ("a", 15)))
    experiments.launch(run)
    until(lambda: measured(run))
    inner = runners(run)[0]  # not the fork for a trial, which may just have ended
    assert os.getpriority(os.PRIO_PROCESS, inner) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    session = Path(f"/proc/{inner}/autogroup")
    if session.exists() and session.read_text():  # this kernel weighs sessions
        until(lambda: session.read_text().endswith(" nice 5\n"))
        own = Path("/proc/self/autogroup").read_text()  # empty if nobody gave us a session
        assert session.read_text().split()[0] not in own.split()
    experiments.stop(run)
    experiments.wait(run)
