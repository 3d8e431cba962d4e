"""The launcher of the reduced sandbox: its keeper, its user, and scratch folders left to nobody."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import until

from lab.processes import own, running
from scientist.lab import landlock, process, reduced, sandbox, scratch, seccomp
from scientist.lab.sandbox import Limits

BOX = sandbox.Box(sandbox.REDUCED)
LIMITS = Limits(20, 20, 512, 32, 64, 64)


@pytest.fixture(autouse=True)
def _there() -> None:
    if landlock.version() < landlock.OLDEST:
        pytest.skip(f"Landlock has version {landlock.version()} here")


@pytest.fixture
def own_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where scratch folders are made, for this test alone."""
    place = Path(tempfile.mkdtemp(prefix="lab-"))  # tmp_path is closed to other users
    place.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    yield place
    until(lambda: not list(place.glob(f"{scratch.PREFIX}[0-9]*")))
    shutil.rmtree(place)


STARTER = """
import sys, time
from pathlib import Path
from scientist.lab import sandbox
from scientist.lab.sandbox import Limits
code = '''
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        os.execv("/usr/bin/sleep", ["sleep", "{clock}"])
open("here", "w").close()
time.sleep(60)
'''
limits = Limits(20, 20, 512, 32, 64, 64)
line = [sandbox.python(), "-P", "-S", "-c", code]
child = sandbox.start(Path(sys.argv[1]), limits, line, sandbox.Box(sandbox.REDUCED))
print(child.pid, sandbox.scratch_of(child), flush=True)
time.sleep(60)
"""


def started(folder: Path, clock: str) -> tuple[subprocess.Popen[str], int, Path]:
    """A process that has started a box with three daemons in it, the keeper, and the scratch."""
    code = STARTER.replace("{clock}", clock)
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    keeper, place = starter.stdout.readline().split()
    until(lambda: len(running(clock)) == 3)
    until((Path(place) / "here").exists)
    return starter, int(keeper), Path(place)


def test_when_the_supervisor_is_killed_the_keeper_ends_all_and_tidies(
    tmp_path: Path, own_place: Path
) -> None:
    clock = own("14.1421")
    starter, keeper, place = started(tmp_path, clock)
    starter.kill()
    starter.communicate()
    until(lambda: process.start_time(keeper) is None)
    assert running(clock) == []
    assert not place.parent.exists()


def test_when_both_are_killed_the_next_start_ends_all_and_tidies(
    tmp_path: Path, own_place: Path
) -> None:
    clock = own("17.3205")
    starter, keeper, place = started(tmp_path, clock)
    os.kill(starter.pid, signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    starter.kill()
    starter.communicate()
    until(lambda: process.start_time(keeper) is None)
    assert place.exists()
    with sandbox.start(tmp_path, LIMITS, ["/usr/bin/true"], BOX) as child:
        child.communicate()
    assert child.returncode == 0
    assert running(clock) == []
    until(lambda: not place.parent.exists())
    sandbox.clear(child)


def test_a_sweep_goes_on_where_another_was_cut_off(own_place: Path) -> None:
    ended = own_place / f"{scratch.PREFIX}{2**22 - 1}-1-{process.boot()[:8]}-x"
    (ended / "moved-1" / "deep").mkdir(parents=True)  # its inner folder is already apart
    scratch.sweep()
    until(lambda: not ended.exists())


def test_a_sweep_leaves_alone_what_belongs_to_a_living_process(own_place: Path) -> None:
    mine = scratch.make(None)
    foreign = own_place / f"{scratch.PREFIX}not-a-number"
    foreign.mkdir()
    scratch.sweep()
    assert mine.exists()
    assert foreign.exists()
    scratch.remove(mine)
    until(lambda: not mine.parent.exists())


def test_ending_a_box_ends_what_runs_in_it_and_no_other_box(
    tmp_path: Path, own_place: Path
) -> None:
    clock = own("22.3606")
    line = ["/usr/bin/sleep", clock]
    one = sandbox.start(tmp_path, LIMITS, line, BOX)
    other = sandbox.start(tmp_path, LIMITS, line, BOX)
    with one, other:
        until(lambda: len(process.tree(one.pid)) == len(process.tree(other.pid)) == 2)
        sandbox.end(one, BOX)
        assert len(process.tree(other.pid)) == 2
        sandbox.end(other, BOX)
    assert running(clock) == []
    until(lambda: not list(own_place.iterdir()))


def test_a_box_whose_keeper_was_killed_is_cleared(tmp_path: Path, own_place: Path) -> None:
    clock = own("24.4948")
    with sandbox.start(tmp_path, LIMITS, ["/usr/bin/sleep", clock], BOX) as child:
        until(lambda: running(clock))
        child.kill()
        child.wait()
        sandbox.clear(child)
    assert not running(clock)
    until(lambda: not list(own_place.iterdir()))


def test_the_code_of_the_command_is_the_code_of_the_box(tmp_path: Path, own_place: Path) -> None:
    for word, code in (("exit 7", 7), ("kill -9 $$", 137), ("exit 0", 0)):
        with sandbox.start(tmp_path, LIMITS, ["sh", "-c", word], BOX) as child:
            child.communicate()
        sandbox.end(child, BOX)
        assert child.returncode == code


def status(tmp_path: Path, needed: Path) -> dict[str, str]:
    """What the kernel says of a command that the launcher started as a spare user."""
    user = scratch.SPARE_IDS + 1
    own = scratch.make(user)
    rules = landlock.rules(landlock.version(), [("/", landlock.READ)])
    filter_ = sandbox._file_of(seccomp.reduced(signals=True) or b"")
    words = [f"parent={os.getpid()}", f"rules={rules}", f"filter={filter_}", f"user={user}"]
    words += [f"scratch={own}", f"place={own.parent}", f"need={needed}", "--"]
    line = [sys.executable, "-I", "-S", str(sandbox.REDUCED_FILE), *words]
    done = subprocess.run(
        [*line, "/usr/bin/cat", "/proc/self/status"],
        capture_output=True,
        text=True,
        pass_fds=(rules, filter_),
        env={},
    )
    os.close(rules)
    os.close(filter_)
    scratch.remove(own)
    assert done.returncode == 0, done.stderr
    return dict(entry.split(":\t", 1) for entry in done.stdout.splitlines())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_nobody_else_and_keeps_no_capability(tmp_path: Path, own_place: Path) -> None:
    found = status(tmp_path, Path("/usr"))
    assert set(found["Uid"].split()) == set(found["Gid"].split()) == {str(scratch.SPARE_IDS + 1)}
    assert found["Groups"].strip() == ""
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(found[name], 16) == 0, name
    assert found["NoNewPrivs"] == "1"
    assert found["Seccomp"] == "2"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_only_the_capability_of_reading_is_kept_and_only_if_needed(
    tmp_path: Path, own_place: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = status(tmp_path, closed)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(found[name], 16) == 1 << reduced.READ_ANY, name


def test_a_folder_is_removed_however_deep_and_whatever_its_permissions(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    outside = tmp_path / "outside"
    outside.write_text("kept")
    here = Path.cwd()
    os.chdir(top)
    try:
        for _ in range(1200):  # more than a program may call itself
            Path("moved-1").mkdir()
            Path("link").symlink_to(outside)
            os.chdir("moved-1")
    finally:
        os.chdir(here)
    (top / "closed" / "inner").mkdir(parents=True)
    (top / "closed" / "inner" / "file").touch()
    (top / "closed" / "inner").chmod(0)
    (top / "closed").chmod(0)
    os.link(outside, top / "twin")
    reduced.empty(str(top))
    assert not top.exists()
    assert outside.read_text() == "kept"


def test_what_a_scratch_folder_holds_is_counted_the_removed_and_the_hidden_too(
    own_place: Path,
) -> None:
    inner = scratch.make(None)
    assert scratch.used(inner) == (0, 0)
    (inner / "file").write_bytes(os.urandom(2**20))
    hidden = inner / "hidden"
    hidden.mkdir()
    (hidden / "file").write_bytes(os.urandom(2**20))
    hidden.chmod(0o300)
    with (inner / "removed").open("wb") as file:
        file.write(os.urandom(2**20))
        file.flush()
        os.fsync(file.fileno())
        (inner / "removed").unlink()
        size, files = scratch.used(inner, [os.getpid()])
        assert files == 3
        assert 3 * 2**20 <= size < 4 * 2**20
        assert scratch.used(inner)[0] < 3 * 2**20
    scratch.remove(inner)
