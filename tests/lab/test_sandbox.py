"""Attacks on the real sandbox, through the real supervisor. None may get out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scientist.lab import experiments, process, tiers
from scientist.lab.experiments import Outcome
from scientist.lab.sandbox import Limits
from scientist.lab.supervisor import start

LIMITS = Limits(20, 20, 700, 24, 16, 64)
Attack = Callable[..., Outcome]


@pytest.fixture(scope="module")
def tier() -> tiers.Tier:
    return tiers.choose()


@pytest.fixture
def attack(tmp_path: Path, tier: tiers.Tier) -> Attack:
    """Run a trial body in the sandbox and return what came of it."""

    def run(body: str, limits: Limits = LIMITS, **parameters: Any) -> Outcome:
        lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
        head = "import os, sys\ndef trial(arm, seed, **given):\n"
        code = f"{head}{lines}    return {{'x': float(seed)}}\n"
        name = f"run{len(list(tmp_path.glob('run*')))}"
        prepared = experiments.prepare(tmp_path, name, code, parameters, [("a", 1)], limits, tier)
        experiments.launch(prepared)
        return experiments.wait(prepared)

    return run


def fails_inside(outcome: Outcome, *errors: str) -> bool:
    return outcome.status == "failed" and any(error in outcome.reason for error in errors)


def test_the_self_test_would_notice_if_nothing_held(tmp_path: Path) -> None:
    """The same attacks on the bare machine succeed, so that 'contained' means something."""
    import json

    secret = tmp_path / "secret"
    secret.write_text("s")
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        plan = [server.getsockname()[1], str(secret), str(tmp_path), "canary-value"]
        (tmp_path / "attack.json").write_text(json.dumps(plan))
        command = [sys.executable, "-c", tiers._ATTACK, str(tmp_path)]
        child = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "CANARY": "canary-value"}
        )
    held = json.loads(child.stdout)
    for attack in (
        "reach a server on this machine",
        "read a secret file",
        "read the launcher's environment",
        "write outside",
        "see other processes",
    ):
        assert held[attack] is False, attack


def test_the_tier_holds_against_every_attack_of_the_self_test(tier: tiers.Tier) -> None:
    assert tier.safe
    assert len(tier.attacks) >= 8
    assert all(held for _, held in tier.attacks)


def test_no_network_not_even_loopback(attack: Attack) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        outcome = attack(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
        assert fails_inside(outcome, "Error")
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


def test_an_abstract_unix_socket_of_the_host_cannot_be_reached(attack: Attack) -> None:
    name = f"\0scientist-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(name)
        server.listen()
        outcome = attack(f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})")
    assert fails_inside(outcome, "ConnectionRefusedError", "FileNotFoundError")


def test_the_home_the_checkout_and_the_run_folder_are_not_there(
    attack: Attack, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("token")
    for path in (secret, Path(__file__), Path.home() / ".bashrc", Path("/etc/passwd")):
        assert fails_inside(attack(f"open({str(path)!r}).read()"), "FileNotFoundError"), path


def test_the_launchers_environment_is_nowhere(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIENTIST_API_KEY", "hunter2-canary")
    outcome = attack(
        """
for pid in os.listdir('/proc'):
    if pid.isdigit():
        try:
            text = open(f'/proc/{pid}/environ', 'rb').read()
        except OSError:
            continue
        assert b'hunter2' not in text, 'leaked'
assert 'SCIENTIST_API_KEY' not in os.environ
"""
    )
    assert outcome.status == "done", outcome.reason


def test_no_descriptor_is_inherited(attack: Attack, tmp_path: Path) -> None:
    secret = tmp_path / "held.txt"
    secret.write_text("secret")
    with secret.open() as held:
        os.set_inheritable(held.fileno(), True)
        outcome = attack(
            """
for name in os.listdir('/proc/self/fd'):
    try:
        target = os.readlink(f'/proc/self/fd/{name}')
    except OSError:
        continue
    assert 'held.txt' not in target, target
"""
        )
    assert outcome.status == "done", outcome.reason


def test_it_runs_as_nobody_without_capabilities(attack: Attack) -> None:
    outcome = attack(
        """
status = dict(line.split(':', 1) for line in open('/proc/self/status') if ':' in line)
assert int(status['CapEff'], 16) == 0 and int(status['CapBnd'], 16) == 0, status['CapEff']
assert status['NoNewPrivs'].strip() == '1' and status['Seccomp'].strip() == '2'
assert os.getuid() != 0
"""
    )
    assert outcome.status == "done", outcome.reason


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("unshare", "unshare(0x10000000)"),
        ("mount", "mount(b'none', b'/tmp', b'tmpfs', 0, None)"),
        ("ptrace", "ptrace(0, 0, 0, 0)"),
        ("keyctl", "syscall(250, 0, 0)"),
        ("bpf", "syscall(321, 0, 0, 0)"),
        ("io_uring", "syscall(425, 8, 0)"),
    ],
)
def test_a_dangerous_system_call_is_refused(attack: Attack, name: str, call: str) -> None:
    if name in ("keyctl", "bpf") and os.uname().machine != "x86_64":
        pytest.skip("the number of this call is that of x86-64")
    outcome = attack(
        f"import ctypes; c = ctypes.CDLL(None, use_errno=True); r = c.{call}; "
        "assert r == -1 and ctypes.get_errno() == 1, (r, ctypes.get_errno())"
    )
    assert outcome.status == "done", outcome.reason


@pytest.mark.parametrize(
    "path", ["/input/experiment.py", "/input/params.json", "/scientist/runner.py"]
)
def test_code_protocol_and_runner_cannot_be_changed(attack: Attack, path: str) -> None:
    assert fails_inside(attack(f"open({path!r}, 'w')"), "Read-only", "PermissionError")
    assert fails_inside(attack(f"os.chmod({path!r}, 0o777)"), "Read-only", "PermissionError")
    assert fails_inside(attack(f"os.remove({path!r})"), "Read-only", "PermissionError", "busy")


def test_the_clock_cannot_be_set(attack: Attack) -> None:
    assert fails_inside(attack("import time; time.clock_settime(0, 0)"), "PermissionError")


def test_a_fork_bomb_ends(attack: Attack) -> None:
    began = time.monotonic()
    outcome = attack("while True:\n    os.fork()")
    assert outcome.status in ("killed", "failed")
    assert time.monotonic() - began < 15


def test_memory_is_limited_for_the_whole_tree(attack: Attack) -> None:
    outcome = attack(
        """
import subprocess, time
hog = "x = bytearray(300_000_000)\\nimport time\\ntime.sleep(30)"
children = [subprocess.Popen([sys.executable, '-c', hog]) for _ in range(4)]
time.sleep(30)
"""
    )
    assert outcome.status == "killed"
    assert "memory" in outcome.reason


def test_the_disk_it_can_fill_is_limited(attack: Attack) -> None:
    body = "for n in range(40):\n    open(f'/tmp/{n}', 'wb').write(bytes(1_000_000))"
    assert fails_inside(attack(body), "No space left", "File too large")


def test_a_flood_of_output_is_cut_and_ends(attack: Attack) -> None:
    outcome = attack("while True:\n    print('x' * 10000)")
    assert outcome.status == "killed"
    assert len(outcome.stdout) <= LIMITS.output_kb * 1024


def test_an_endless_trial_is_ended_in_time(attack: Attack) -> None:
    outcome = attack("while True: pass", Limits(1, 20, 700, 24, 16, 64))
    assert outcome.status == "timeout"
    assert outcome.seconds < 5


def test_a_daemon_that_was_left_behind_is_gone(attack: Attack) -> None:
    mark = f"{time.time_ns()}"
    outcome = attack(
        f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'])
    os._exit(0)
import time
time.sleep(0.3)
"""
    )
    assert outcome.status == "done"
    time.sleep(0.2)
    commands = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            commands.append((folder / "cmdline").read_bytes())
        except OSError:
            continue
    assert not [command for command in commands if mark.encode() in command]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"arm": "b", "seed": 9, "metrics": {"x": 1}, "seconds": 0}', "nobody asked for"),
        ('{"arm": "a", "seed": 1, "metrics": {"x": 9}, "seconds": 0}', "two results"),
        ('{"arm": "a", "seed": 1, "metrics": {"x": NaN}, "seconds": 0}', "not a finite"),
    ],
)
def test_a_forged_result_line_spoils_the_run(attack: Attack, line: str, reason: str) -> None:
    outcome = attack(
        f"""
import glob
for name in os.listdir('/proc/self/fd'):
    try:
        if os.readlink(f'/proc/self/fd/{{name}}').startswith('pipe:') and int(name) > 2:
            os.write(int(name), {line!r}.encode() + b'\\n')
    except OSError:
        pass
"""
    )
    assert outcome.status == "failed"
    assert reason in outcome.reason
    assert outcome.trials == ()


def test_it_works_for_an_ordinary_user_too() -> None:
    if os.geteuid() != 0:
        pytest.skip("this test run is an ordinary user's already")
    root = Path(experiments.__file__).parents[2]
    libraries = sysconfig.get_paths()["purelib"]
    system = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    python = next((p for p in (Path(sys.executable), system) if _open_to_all(p)), None)
    if python is None or not _open_to_all(root) or not _open_to_all(Path(libraries)):
        pytest.skip("an ordinary user may not enter the folders of this Python or checkout")
    code = (
        "import json; from scientist.lab import tiers, sandbox; "
        "t = tiers.attacked(sandbox.bubblewrap()); print(json.dumps([t.safe, t.problem]))"
    )
    done = subprocess.run(
        [str(python), "-c", code],
        capture_output=True,
        text=True,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": f"{root}:{libraries}", "HOME": "/tmp", "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout.startswith("[true"), (done.stdout, done.stderr)


def _open_to_all(path: Path) -> bool:
    """Whether anybody may enter the path and every folder above it."""
    real = path.resolve()
    return real.exists() and all(p.stat().st_mode & 0o001 for p in (real, *real.parents))


def test_nothing_contained_is_started_with_an_environment(tmp_path: Path, tier: tiers.Tier) -> None:
    tmp_path.chmod(0o755)
    child, filter_ = start(tmp_path, LIMITS, ["/usr/bin/sleep", "1"], tier.binary)
    with child:
        time.sleep(0.2)
        for pid, _ in process.tree(child.pid):
            assert Path(f"/proc/{pid}/environ").read_bytes().count(b"SCIENTIST") == 0
        assert Path(f"/proc/{child.pid}/environ").read_bytes() == b""
        child.kill()
    if filter_ is not None:
        os.close(filter_)


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    assert not experiments._children
