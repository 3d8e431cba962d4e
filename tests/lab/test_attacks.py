"""Hostile and careless experiment code against the real sandbox: what it may not do."""

from __future__ import annotations

import json
import os
import socket
import sys
import sysconfig
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from scientist.lab import experiments, process
from scientist.lab.experiments import Outcome, Run

Ran = Callable[..., Outcome]
ONE = (("a", 1),)

# prints {attack: what it got}; an attack that is refused gives the name of its error
TRY = """
import json, os, socket, sys
def attempt(attacks):
    got = {}
    for name, attack in attacks.items():
        try:
            got[name] = attack()
        except BaseException as fault:
            got[name] = type(fault).__name__
    print(json.dumps(got), flush=True)
"""


def attempts(ran: Ran, body: str, **parameters: object) -> dict[str, object]:
    """Run the attacks that `body` returns as a dict of functions; what each of them got."""
    code = f"{TRY}\ndef attacks(given):\n{body}\n"
    code += (
        "def trial(arm, seed, **given):\n    attempt(attacks(given))\n    return {'m': float(seed)}"
    )
    outcome = ran(code, ONE, parameters=parameters)
    assert outcome.status == "done", outcome
    found: dict[str, object] = json.loads(outcome.stdout)
    return found


def test_servers_and_sockets_of_this_machine_are_out_of_reach(ran: Ran) -> None:
    body = """
    def connect(family, address):
        with socket.socket(family) as line:
            line.settimeout(2)
            line.connect(address)
        return "reached"
    return {
        "loopback": lambda: connect(socket.AF_INET, ("127.0.0.1", given["port"])),
        "loopback6": lambda: connect(socket.AF_INET6, ("::1", given["port"])),
        "outside": lambda: connect(socket.AF_INET, ("192.0.2.1", 80)),
        "unix": lambda: connect(socket.AF_UNIX, given["path"]),
        "nameless": lambda: connect(socket.AF_UNIX, chr(0) + given["nameless"]),
        "vsock": lambda: str(socket.socket(40, socket.SOCK_STREAM)),
        "netlink": lambda: str(socket.socket(16, socket.SOCK_RAW)),
        "packet": lambda: str(socket.socket(17, socket.SOCK_RAW)),
    }"""
    path, nameless = f"/tmp/lab-test-{os.getpid()}", f"lab-test-{os.getpid()}"
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.socket(socket.AF_UNIX)) as local,
        closing(socket.socket(socket.AF_UNIX)) as hidden,
    ):
        local.bind(path)
        try:
            local.listen()
            hidden.bind("\0" + nameless)
            hidden.listen()
            port = server.getsockname()[1]
            got = attempts(ran, body, port=port, path=path, nameless=nameless)
        finally:
            Path(path).unlink()
    refused = {"ConnectionRefusedError", "OSError", "FileNotFoundError", "PermissionError"}
    assert set(got.values()) <= refused, got


def test_files_environment_and_processes_outside_are_out_of_sight(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-key")
    secret = tmp_path / "secret"
    secret.write_text("a-secret-key")
    body = """
    def read(path):
        with open(path, "rb") as file:
            return file.read(10**6).decode(errors="replace")
    def environments():
        return "".join(read(f"/proc/{p}/environ") for p in os.listdir("/proc") if p.isdigit())
    return {
        "secret": lambda: read(given["secret"]),
        "its folder": lambda: os.listdir(os.path.dirname(given["secret"])),
        "shadow": lambda: read("/etc/shadow"),
        "passwd": lambda: read("/etc/passwd"),
        "checkout": lambda: os.path.exists(given["checkout"]),
        "home": lambda: [n for n in os.listdir(given["home"]) if n not in given["python"]],
        "environments": environments,
        "launcher": lambda: os.path.exists(f"/proc/{given['pid']}/task/{given['pid']}/comm")
            and "pytest" in read(f"/proc/{given['pid']}/cmdline"),
        "processes": lambda: len([p for p in os.listdir("/proc") if p.isdigit()]),
        "descriptors": lambda: [os.readlink(f"/proc/self/fd/{n}") for n in range(3, 64)
                                if os.path.lexists(f"/proc/self/fd/{n}")],
    }"""
    shown = [Path(sys.base_prefix).resolve(), Path(sysconfig.get_paths()["purelib"])]
    home = Path.home()
    python = [p.relative_to(home).parts[0] for p in shown if p.is_relative_to(home)]
    got = attempts(
        ran,
        body,
        secret=str(secret),
        checkout=experiments.__file__,
        home=str(home),
        python=python,
        pid=os.getpid(),
    )
    for name in ("secret", "its folder", "shadow", "passwd"):
        assert got[name] in ("FileNotFoundError", "PermissionError"), (name, got[name])
    assert got["checkout"] is False
    assert got["home"] in ([], "FileNotFoundError", "PermissionError")
    assert "a-secret-key" not in str(got["environments"])
    assert not got["launcher"]
    assert isinstance(got["processes"], int)
    assert got["processes"] <= 4
    assert isinstance(got["descriptors"], list)
    assert all(link.startswith("pipe:") for link in got["descriptors"]), got["descriptors"]


def test_nothing_but_scratch_space_can_be_written(ran: Ran) -> None:
    body = """
    def write(path):
        with open(path, "a") as file:
            file.write("x")
        return "written"
    def replace(path):
        os.unlink(path)
        return "removed"
    paths = ["/input/experiment.py", "/input/params.json", "/input/new", "/scientist/runner.py",
             "/scientist/new", "/new", "/dev/new", "/usr/new", "/etc/ld.so.cache", os.__file__,
             "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj"]
    found = {path: (lambda path=path: write(path)) for path in paths}
    found["unlink"] = lambda: replace("/input/experiment.py")
    found["rename"] = lambda: os.rename("/scientist/runner.py", "/tmp/runner.py") or "moved"
    found["chmod"] = lambda: os.chmod("/input", 0o777) or "changed"
    found["scratch"] = lambda: write("/tmp/new")
    found["clock"] = lambda: __import__("time").clock_settime(0, 0) or "set"
    return found"""
    got = attempts(ran, body)
    assert got.pop("scratch") == "written"
    refused = {"PermissionError", "OSError", "FileNotFoundError"}
    assert set(got.values()) <= refused, got


def test_dangerous_system_calls_are_refused(ran: Ran) -> None:
    body = """
    import ctypes, platform
    libc = ctypes.CDLL(None, use_errno=True)
    arm = platform.machine() == "aarch64"
    numbers = {
        "unshare": (97 if arm else 272, 0x10000000), "keyctl": (219 if arm else 250, 0, -3, 1),
        "bpf": (280 if arm else 321, 0), "io_uring": (425, 8, 0),
        "ptrace": (117 if arm else 101, 0),
        "mount": (40 if arm else 165, 0), "memfd": (279 if arm else 319, b"x", 0),
        "shmget": (194 if arm else 29, 0, 1 << 20, 0o1600), "clone3": (435, 0, 0),
        "userfaultfd": (282 if arm else 323, 0), "syslog": (116 if arm else 103, 10, 0, 0),
        "perf": (241 if arm else 298, 0), "setns": (268 if arm else 308, 0, 0),
        "pidfd_getfd": (438, 0, 0, 0), "clone": (220 if arm else 56, 0x10000000 | 17, 0, 0, 0, 0),
    }
    def call(*arguments):
        ctypes.set_errno(0)
        result = libc.syscall(*arguments)
        return "allowed" if result >= 0 else ctypes.get_errno()
    found = {name: (lambda a=a: call(*a)) for name, a in numbers.items()}
    found["uid"] = lambda: os.getuid() == 0
    found["setuid"] = lambda: os.setuid(0) or "root"
    status = [line.split() for line in open("/proc/self/status")]
    found["capabilities"] = lambda: [s for s in status
                                     if s[0] in ("CapPrm:", "CapEff:") and int(s[1], 16)]
    return found"""
    got = attempts(ran, body)
    assert got.pop("uid") is False
    assert got.pop("setuid") in ("PermissionError", "OSError")
    assert got.pop("capabilities") == []
    assert got.pop("clone3") == 38  # so that the library falls back to clone
    assert set(got.values()) == {1}, got


def test_links_pipes_and_giants_left_in_scratch_space_reach_nobody(
    ran: Ran, tmp_path: Path
) -> None:
    body = """
    def plant():
        for folder in ("/tmp", "/dev/shm"):
            os.symlink(given["secret"], folder + "/trials.jsonl")
            os.mkfifo(folder + "/status.json")
            with open(folder + "/sparse", "wb") as file:
                file.truncate(2**24)
        return "planted"
    return {"plant": plant}"""
    secret = tmp_path / "secret"
    secret.write_text("untouched")
    assert attempts(ran, body, secret=str(secret)) == {"plant": "planted"}
    assert secret.read_text() == "untouched"
    names = {path.name for path in (tmp_path / "runs" / "run").rglob("*")}
    assert names <= {
        *("input", "experiment.py", "params.json", "launch.json", "claim", "supervisor.log"),
        *("ran.json", "trials.jsonl", "stdout", "stderr", "status.json"),
    }


def test_a_daemon_left_behind_ends_with_the_experiment(
    ran: Ran, prepared: Callable[..., Run]
) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execv("/usr/bin/sleep", ["sleep", "31.4159"])
                os._exit(0)
            time.sleep(0.2)
            return {"m": float(seed)}
    """
    outcome = ran(code, ONE)
    assert outcome.status == "done"
    assert not alive_with("31.4159")


def alive_with(word: str) -> list[int]:
    """Processes of this machine that have the word in their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid() and process.start_time(pid)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"arm": "b", "seed": 9, "metrics": {"m": 99.0}, "seconds": 0.1}', "nobody asked for"),
        ('{"arm": "a", "seed": 1, "metrics": {"m": 99.0}, "seconds": 0.1}', "two results"),
        ('{"environment": {"python": "99"}}', "not a result"),
    ],
)
def test_a_forged_result_line_spoils_the_run(ran: Ran, line: str, reason: str) -> None:
    code = f"""
        import os
        for descriptor in range(3, 20):
            try:
                os.write(descriptor, {(line + chr(10)).encode()!r})
            except OSError:
                pass
        def trial(arm, seed):
            return {{"m": 1.0}}
    """
    outcome = ran(code, ONE)
    assert outcome.status == "failed"
    assert reason in outcome.reason
    assert not outcome.trials
    assert outcome.environment["python"] != "99"


def test_printing_result_lines_forges_nothing(ran: Ran) -> None:
    code = """
        def trial(arm, seed):
            print('{"arm": "a", "seed": 1, "metrics": {"m": 99.0}, "seconds": 0.1}')
            return {"m": 1.0}
    """
    outcome = ran(code, ONE)
    assert [trial.metrics for trial in outcome.trials] == [{"m": 1.0}]
    assert "99.0" in outcome.stdout


def test_a_trial_finds_nothing_that_the_one_before_it_left(ran: Ran) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            names = os.listdir("/tmp") + os.listdir("/dev/shm")
            files = set(names) & {"left", "deep", "link", "late"}
            others = [p for p in os.listdir("/proc") if p.isdigit()]
            for folder in ("/tmp", "/dev/shm"):
                open(folder + "/left", "w").close()
                os.makedirs(folder + "/deep/er")
                open(folder + "/deep/er/left", "w").close()
                os.chmod(folder + "/deep", 0)
            os.symlink("/usr", "/tmp/link")
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while True:
                        time.sleep(0.001)
                        with open("/tmp/late", "a") as file:
                            file.write("x")
                os._exit(0)
            time.sleep(0.05)
            return {"files": float(len(files)), "others": float(len(others))}
    """
    outcome = ran(code, [("a", seed) for seed in range(5)])
    assert outcome.status == "done", outcome
    assert {trial.metrics["files"] for trial in outcome.trials} == {0.0}
    assert len({trial.metrics["others"] for trial in outcome.trials}) == 1


def test_a_trial_reaches_neither_the_memory_of_the_runner_nor_its_pipe(ran: Ran) -> None:
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
    return {
        "read": lambda: opened(parent + "/mem", "rb"),
        "write": lambda: opened(parent + "/mem", "r+b"),
        "list": lambda: os.listdir(parent + "/fd"),
        "environ": lambda: opened(parent + "/environ", "rb"),
        "own": lambda: opened("/proc/self/mem", "rb"),
        "pipes": pipes,
    }"""
    got = attempts(ran, body)
    assert got.pop("pipes") == []
    assert got.pop("own") == "opened"
    assert set(got.values()) == {"PermissionError"}, got


def test_a_trial_cannot_change_the_next_one(ran: Ran) -> None:
    code = """
        import builtins, gc, math, os, sys, __main__
        def trial(arm, seed):
            if seed == 1:
                __main__._metrics = lambda result: {"m": 99.0}
                math.isfinite = builtins.float = lambda *a: 99.0
                os.kill(os.getppid(), 0)
                open("/tmp/left", "w").close()
            return {"m": float(seed)}
    """
    outcome = ran(code, (("a", 1), ("a", 2)))
    assert outcome.trials[-1].metrics == {"m": 2.0}
