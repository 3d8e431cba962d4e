"""The tier is what the attacks show, not what is installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.processes import own, running
from scientist.errors import SandboxError
from scientist.lab import attacks, landlock, sandbox, seccomp, tiers
from scientist.lab.experiments import Outcome


@pytest.fixture
def fresh() -> Any:
    """The cache of self-tests is empty before and after."""
    tiers.attacked.cache_clear()
    yield
    tiers.attacked.cache_clear()


def test_this_machine_contains_every_attack() -> None:
    tier = tiers.choose()
    assert tier.name == "A"
    assert len(tier.attacks) >= 20
    assert tier.open_to == []
    assert tier.degradations() == []


def test_the_self_test_runs_once_in_a_process(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[sandbox.Box] = []
    attack = tiers.attack

    def counted(box: sandbox.Box) -> tuple[dict[str, bool], str]:
        calls.append(box)
        return attack(box)

    monkeypatch.setattr(tiers, "attack", counted)
    assert tiers.choose() == tiers.choose()
    assert len(calls) == 1


def test_the_attacks_work_where_nothing_holds_them() -> None:
    """An attack that could not succeed anywhere would prove nothing."""
    held, complaint = tiers.attack(sandbox.Box(sandbox.UNSAFE))
    assert held, complaint
    # these two depend on how the process is started, and vsock on the kernel; see below
    for name in (
        "inherit the launcher's environment",
        "use an inherited file",
        "talk to the machine below this one",
    ):
        held.pop(name)
    if os.geteuid():
        held.pop("keep privileges")
        held.pop("pass file permissions when reading")
        held.pop("change a setting of the kernel")
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if os.geteuid() and yama.exists() and yama.read_text().strip() != "0":
        held.pop("read the memory of another process")  # this kernel lets only parents
        held.pop("trace another process")
    assert not any(held.values()), held


@pytest.mark.parametrize(
    ("leak", "attack"),
    [
        ("descriptors", "use an inherited file"),
        ("--unshare-net", "reach a server on this machine"),
        ("--unshare-pid", "look at another process"),
        ("--seccomp", "open a new user namespace"),
    ],
)
def test_a_sandbox_with_one_hole_is_refused(
    fresh: None, monkeypatch: pytest.MonkeyPatch, leak: str, attack: str
) -> None:
    if leak == "--seccomp" and os.geteuid():
        pytest.skip("user namespaces are also held by bubblewrap here")

    def leaky(line: list[str], environment: dict[str, str], descriptors: Any) -> Any:
        if leak in line:
            at = line.index(leak)
            line = line[:at] + line[at + (2 if leak == "--seccomp" else 1) :]
        return subprocess.Popen(
            line,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            close_fds=leak != "descriptors",
            pass_fds=() if leak == "descriptors" else descriptors,
            preexec_fn=(lambda: [os.set_inheritable(d, True) for d in descriptors])  # type: ignore[arg-type]
            if leak == "descriptors"
            else None,
        )

    monkeypatch.setattr(sandbox, "_popen", leaky)
    tier = tiers.attacked(sandbox.Box(sandbox.NAMESPACES, sandbox.bubblewrap()))
    assert not tier.safe
    assert attack in tier.problem


def test_without_a_sandbox_the_hint_names_the_fix_and_the_flag(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiers, "bubblewrap", lambda: None)
    monkeypatch.setattr(landlock, "version", lambda: 2)
    with pytest.raises(SandboxError) as refused:
        tiers.choose()
    assert refused.value.exit_code == 6
    assert "bubblewrap" in refused.value.message
    assert "Landlock has version 2" in refused.value.message
    assert "--unsafe-no-sandbox" in refused.value.hint


def test_a_binary_that_does_not_start_is_refused(fresh: None, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho setting up uid map: Permission denied >&2\nexit 1\n")
    broken.chmod(0o755)
    tier = tiers.attacked(sandbox.Box("A", str(broken)))
    assert not tier.safe
    assert "uid map" in tier.problem
    assert not tiers.attacked(sandbox.Box("A", str(tmp_path / "missing"))).safe


def test_without_bubblewrap_the_reduced_sandbox_is_taken_and_says_what_it_lacks(
    fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiers, "bubblewrap", lambda: None)
    tier = tiers.choose()
    assert tier.name == "B (reduced)"
    assert tier.safe
    assert set(tier.open_to) <= set(attacks.LESSER)
    ((what, reason),) = tier.degradations()
    assert what == "sandbox"
    assert reason.startswith("reduced (Landlock): an experiment can ")
    assert "notice that a file exists" in reason
    assert "bubblewrap is not installed" in reason


@pytest.mark.parametrize("version", [3, 4, 5])
def test_the_reduced_sandbox_holds_with_an_older_landlock(
    fresh: None, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: version)
    tier = tiers.attacked(sandbox.Box(sandbox.REDUCED))
    assert tier.safe, tier.problem


@pytest.mark.parametrize(
    ("hole", "attack"),
    [
        ("files", "read a secret file"),
        ("own files", "change its own input"),
        ("sockets", "talk to a local socket"),
        ("sockets", "write to a local socket by one of a pair"),
        ("sockets", "talk to the machine below this one"),
    ],
)
def test_a_reduced_sandbox_with_one_hole_is_refused(
    fresh: None, monkeypatch: pytest.MonkeyPatch, hole: str, attack: str
) -> None:
    rules = landlock.rules
    if hole == "sockets":
        monkeypatch.setattr(seccomp, "reduced", lambda **_: seccomp._assemble([]))
    elif hole == "files":
        opened = [("/", landlock.READ)]
        monkeypatch.setattr(landlock, "rules", lambda known, some: rules(known, [*some, *opened]))
    else:
        changed = lambda some: [(path, landlock.OWN) for path, _ in some]  # noqa: E731
        monkeypatch.setattr(landlock, "rules", lambda known, some: rules(known, changed(some)))
    tier = tiers.attacked(sandbox.Box(sandbox.REDUCED))
    assert not tier.safe
    if "below" not in attack or vsock():
        assert attack in tier.problem


def vsock() -> bool:
    try:
        socket.socket(40, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def test_unsafe_must_be_asked_for_and_says_so(ran: Callable[..., Outcome]) -> None:
    tier = tiers.choose(unsafe=True)
    assert tier.name == "none (unsafe)"
    assert tier.degradations()
    clock = own("27.1828")
    code = f"""
        import os
        def trial(arm, seed):
            if os.fork() == 0:
                os.setsid()
                os.execv("/usr/bin/sleep", ["sleep", "{clock}"])
            return {{"m": float(seed), "inside": float(os.getpid() < 100)}}
    """
    outcome = ran(code, tier=tier)
    assert outcome.status == "done"
    assert len(outcome.trials) == 2
    assert not running(clock)


AS_A_USER = """
import json, os, subprocess, sys
from pathlib import Path
from scientist.lab import experiments, sandbox, tiers

assert os.geteuid() == 1000
tier = tiers.choose() if sys.argv[2] == "A" else tiers.attacked(sandbox.Box(sandbox.REDUCED))
assert tier.safe and tier.name == sys.argv[2], tier
limits = sandbox.Limits(20, 20, 512, 16, 64, 64)


def outcome(name):
    code = Path(sys.argv[1], name).read_text()
    run = experiments.prepare(Path(sys.argv[1], "runs"), name, code, {}, [("a", 1)], limits, tier)
    experiments.launch(run)
    return experiments.wait(run)


writing, forking = outcome("writing"), outcome("forking")
assert writing.status == "done", writing
assert forking.status in ("killed", "failed") or forking.trials[0].metrics["made"] <= 16, forking

hole = ""
if tier.binary:  # as an ordinary user, what bubblewrap itself is started with can be read inside
    popen = sandbox._popen
    sandbox._popen = lambda line, _, descriptors: popen(line, dict(os.environ), descriptors)
    tiers.attacked.cache_clear()
    hole = tiers.attacked(tier.box).problem
else:  # and only the filter keeps permissions as they are
    reduced = sandbox.seccomp.reduced
    sandbox.seccomp.reduced = lambda signals, devices: sandbox.seccomp.program()
    tiers.attacked.cache_clear()
    hole = tiers.attacked(tier.box).problem
print(json.dumps([tier.attacks, writing.trials[0].metrics, hole]))
"""
WRITING = """
import os

def written(path):
    try:
        open(path, "w").close()
        return 1.0
    except OSError:
        return 0.0

def trial(arm, seed):
    return {"uid": float(os.getuid()), "dev": written("/dev/new"), "root": written("/new"),
            "input": written(os.path.dirname(__file__) + "/new")}
"""
FORKING = """
import os, time

def trial(arm, seed):
    for made in range(100):
        try:
            child = os.fork()
        except BlockingIOError:
            break
        if child == 0:
            time.sleep(5)
            os._exit(0)
    return {"made": float(made)}
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user already runs all these tests")
@pytest.mark.parametrize(
    ("name", "hole", "user"),
    [
        ("A", "inherit the launcher's environment", 65534),
        ("B (reduced)", "change its own input", 1000),
    ],
)
def test_an_ordinary_user_is_contained_as_well(
    tmp_path: Path, name: str, hole: str, user: int
) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    (tmp_path / "writing").write_text(WRITING)
    (tmp_path / "forking").write_text(FORKING)
    line = [unshare, "--user", "--map-user=1000", "--map-group=1000"]
    done = subprocess.run(
        [*line, sys.executable, "-c", AS_A_USER, str(tmp_path), name],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found, metrics, problem = json.loads(done.stdout)
    assert all(held for attack, held in found if attack in attacks.ESSENTIAL)
    assert hole in problem
    assert metrics == {"uid": float(user), "dev": 0.0, "root": 0.0, "input": 0.0}
