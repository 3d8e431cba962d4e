"""What experiment code leaves behind, against every sandbox there is here: nothing of it stays."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from lab.processes import own, running
from scientist.lab.experiments import Outcome
from scientist.lab.tiers import Tier

Ran = Callable[..., Outcome]
ONE = (("a", 1),)


@pytest.fixture
def tier(each_tier: Tier) -> Tier:
    return each_tier


@pytest.fixture
def own_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the supervisor makes scratch folders on the host, for this test alone."""
    place = Path(tempfile.mkdtemp(prefix="lab-"))
    place.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(place))
    yield place
    shutil.rmtree(place)


def test_links_pipes_and_giants_left_in_scratch_space_reach_nobody(
    attempts: Callable[..., dict[str, Any]], tmp_path: Path, own_place: Path
) -> None:
    body = """
    def plant():
        for folder in {SCRATCH, *(["/dev/shm"] if os.access("/dev/shm", os.W_OK) else [])}:
            try:
                os.symlink(given["secret"], folder + "/trials.jsonl")
                os.symlink(given["secret"], folder + "/stdout")
                os.mkfifo(folder + "/status.json")
                os.makedirs(folder + "/deep/er", 0o100)
                with open(folder + "/sparse", "wb") as file:
                    file.truncate(2**24)
            except PermissionError:
                if folder == SCRATCH:
                    raise
        return "planted"
    return {"plant": plant}"""
    secret = tmp_path / "secret"
    secret.write_text("untouched")
    assert attempts(body, secret=str(secret)) == {"plant": "planted"}
    assert secret.read_text() == "untouched"
    left = list((tmp_path / "runs" / "run").rglob("*"))
    assert left
    for path in left:
        assert stat.S_IFMT(path.lstat().st_mode) in (stat.S_IFREG, stat.S_IFDIR), path
        assert path.name not in ("sparse", "deep")
    until(lambda: not list(own_place.iterdir()))  # it goes on when the outcome is known


@pytest.mark.parametrize("ending", ["pass", "import signal; os.kill(os.getpid(), 9)"])
def test_a_daemon_left_behind_ends_with_the_experiment(ran: Ran, ending: str) -> None:
    clock = own("31.4159")
    code = f"""
        import os, time
        def trial(arm, seed):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execv("/usr/bin/sleep", ["sleep", "{clock}"])
                os._exit(0)
            time.sleep(0.2)
            {ending}
            return {{"m": float(seed)}}
    """
    outcome = ran(code, ONE)
    assert outcome.status == ("failed" if "kill" in ending else "done")
    assert not running(clock)


def test_daemons_that_are_born_faster_than_they_are_looked_for_end_as_well(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            for _ in range(4):
                if os.fork() == 0:
                    os.setsid()
                    while True:
                        try:
                            if os.fork():
                                os._exit(0)
                        except OSError:
                            pass
            time.sleep(0.2)
            return {"m": float(seed)}
    """
    outcome = ran(code, ONE)
    # a look at an unlucky moment may find more of them than are allowed
    assert outcome.status == "done" or "processes" in outcome.reason, outcome


def test_a_trial_finds_nothing_that_the_one_before_it_left(ran: Ran) -> None:
    code = """
        import os, time
        SCRATCH = os.environ["TMPDIR"]
        def trial(arm, seed):
            try:
                names = os.listdir(SCRATCH) + os.listdir("/dev/shm")
            except PermissionError:  # then this one holds it off
                names = os.listdir(SCRATCH)
            files = set(names) & {"left", "deep", "link", "late"}
            for folder in (SCRATCH, "/dev/shm"):
                try:
                    open(folder + "/left", "w").close()
                except PermissionError:
                    continue
                os.makedirs(folder + "/deep/er")
                open(folder + "/deep/er/left", "w").close()
            os.symlink("/usr", SCRATCH + "/link")
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while True:
                        time.sleep(0.001)
                        with open(SCRATCH + "/late", "a") as file:
                            file.write("x")
                os._exit(0)
            time.sleep(0.05)
            return {"files": float(len(files))}
    """
    outcome = ran(code, [("a", seed) for seed in range(5)])
    assert outcome.status == "done", outcome
    assert {trial.metrics["files"] for trial in outcome.trials} == {0.0}
