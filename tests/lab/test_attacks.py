"""Hostile experiment code against every sandbox there is here: what it may not reach or change.

Those that would do no harm also run without a sandbox, in test_bare.py, to show that they work.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from lab import hostile
from scientist.lab import sandbox
from scientist.lab.tiers import Tier

Attempts = Callable[..., dict[str, Any]]
REFUSED = {"PermissionError", "OSError", "FileNotFoundError", "ConnectionRefusedError"}


@pytest.fixture
def tier(each_tier: Tier) -> Tier:
    return each_tier


def test_servers_and_sockets_of_this_machine_are_out_of_reach(
    attempts: Attempts, listening: dict[str, Any], tier: Tier
) -> None:
    got = attempts(hostile.CONNECT, **listening)
    listened = got.pop("all interfaces")
    assert listened in REFUSED or tier.name == sandbox.NAMESPACES  # where it hears only itself
    assert set(got.values()) <= REFUSED, got


def test_files_environment_and_processes_outside_are_out_of_sight(
    attempts: Attempts, around: dict[str, Any]
) -> None:
    with subprocess.Popen(["sleep", "61.8034"]) as other:  # with the key in its environment
        got = attempts(hostile.LOOK, **around | {"pid": other.pid})
        other.kill()
    names = ("secret", "its folder", "by a link", "by a second name", "shadow", "passwd")
    for name in (*names, "checkout", "memory"):
        assert got[name] in REFUSED, (name, got[name])
    assert got["home"] in ([], "FileNotFoundError", "PermissionError")
    assert not got["environments"]
    assert not got["commands"]
    assert "OPENAI_API_KEY" not in got["own environment"]
    assert got["processes"] <= 4
    assert set(got["descriptors"]) <= {1}, got["descriptors"]  # pipes


def test_nothing_but_scratch_space_can_be_written(attempts: Attempts) -> None:
    # not tried without a sandbox: most of these would spoil the machine
    body = """
    def write(path):
        with open(path, "a") as file:
            file.write("x")
        return "written"
    paths = [HERE + "/experiment.py", HERE + "/params.json", HERE + "/new", RUNNER,
             os.path.dirname(RUNNER) + "/new", "/new", "/dev/new", "/dev/shm/../new", "/usr/new",
             "/etc/ld.so.cache", os.__file__, json.__file__,
             "/proc/sysrq-trigger", f"/proc/{given['pid']}/oom_score_adj",
             "/sys/kernel/uevent_helper", "/sys/fs/cgroup/new", os.path.dirname(HERE) + "/new",
             os.path.dirname(HERE) + "/trials.jsonl", os.path.dirname(HERE) + "/launch.json"]
    found = {path: (lambda path=path: write(path)) for path in paths}
    plan = HERE + "/experiment.py"
    found |= {
        "unlink": lambda: os.unlink(plan) or "removed",
        "rename": lambda: os.rename(plan, SCRATCH + "/moved") or "moved",
        "link": lambda: os.link(plan, SCRATCH + "/twin") or "linked",
        "chmod": lambda: os.chmod(HERE, 0o777) or "changed",
        "utime": lambda: os.utime(plan, (1, 1)) or "changed",
        "owner": lambda: os.chown(plan, os.getuid(), os.getgid()) or "changed",
        "attribute": lambda: os.setxattr(plan, "user.x", b"x") or "changed",
        "truncate": lambda: os.truncate(plan, 0) or "emptied",
        "by opening": lambda: os.open(plan, os.O_RDONLY | os.O_TRUNC) and "emptied",
        "device": lambda: os.mknod(SCRATCH + "/disk", 0o60666, os.makedev(7, 0)) or "made",
        "clock": lambda: __import__("time").clock_settime(0, 0) or "set",
    }
    def same(path):
        with open(path) as file:
            content = file.read()
        with open(path, "w") as file:
            file.write(content)
        return "written"
    found["setting"] = lambda: same("/proc/sys/kernel/core_pattern")
    found["scratch"] = lambda: write(SCRATCH + "/new")
    return found"""
    got = attempts(body, pid=os.getpid())
    assert got.pop("scratch") == "written"
    assert {name: answer for name, answer in got.items() if answer not in REFUSED} == {}


CALLS = """
    libc = ctypes.CDLL(None, use_errno=True)
    arm = platform.machine() == "aarch64"
    numbers = {
        "unshare": (97 if arm else 272, 0x10000000), "keyctl": (219 if arm else 250, 0, -3, 1),
        "add_key": (217 if arm else 248, b"user", b"x", b"x", 1, -3),
        "bpf": (280 if arm else 321, 0), "io_uring": (425, 8, 0),
        "ptrace": (117 if arm else 101, 0), "seize": (117 if arm else 101, 0x4206, os.getppid()),
        "mount": (40 if arm else 165, 0), "memfd": (279 if arm else 319, b"x", 0),
        "shmget": (194 if arm else 29, 0, 1 << 20, 0o1600),
        "userfaultfd": (282 if arm else 323, 0), "syslog": (116 if arm else 103, 10, 0, 0),
        "perf": (241 if arm else 298, 0), "setns": (268 if arm else 308, 0, 0),
        "pidfd_getfd": (438, 0, 0, 0), "clone": (220 if arm else 56, 0x10000000 | 17, 0, 0, 0, 0),
        "read memory": (270 if arm else 310, os.getppid(), 0, 0, 0, 0, 0),
        "write memory": (271 if arm else 311, os.getppid(), 0, 0, 0, 0, 0),
        "handle": (265 if arm else 304, -100, 0, 0), "kexec": (104 if arm else 246, 0, 0, 0, 0),
        "module": (105 if arm else 175, 0, 0, 0), "open_tree": (428, -100, b"/", 0),
        "settime": (112 if arm else 227, 0, (ctypes.c_long * 2)(0, 0)),
        "adjtimex": (171 if arm else 159, (ctypes.c_long * 32)(1)),
        "settimeofday": (170 if arm else 164, (ctypes.c_long * 2)(0, 0), 0),
        "reboot": (142 if arm else 169, 0, 0, 0, 0), "hostname": (161 if arm else 170, b"x", 1),
        "chroot": (51 if arm else 161, b"/"), "swapoff": (225 if arm else 168, b"/"),
        "acct": (89 if arm else 163, b"/"),
    }
    def call(*arguments):
        ctypes.set_errno(0)
        result = libc.syscall(*arguments)
        return "allowed" if result >= 0 else ctypes.get_errno()
    found = {name: (lambda a=a: call(*a)) for name, a in numbers.items()}
    found["clone3"] = lambda: call(435, 0, 0)
    found["uid"] = os.getuid
    found["setuid"] = lambda: os.setuid(0) or "root"
    found["groups"] = os.getgroups
    return found"""


def test_dangerous_system_calls_are_refused(attempts: Attempts) -> None:
    # not tried without a sandbox: as root some of these would stop or change the machine
    got = attempts(CALLS)
    assert got.pop("uid") != 0
    assert got.pop("setuid") in ("PermissionError", "OSError")
    assert set(got.pop("groups")) <= {*os.getgroups(), sandbox.NOBODY}
    assert got.pop("clone3") == 38  # so that the library falls back to clone
    assert got.pop("swapoff") in (1, 38)  # a kernel may be made without swap
    assert got.pop("acct") in (1, 38)
    assert set(got.values()) == {1}, got


def test_signals_do_not_reach_anything_outside(attempts: Attempts) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            got = attempts(hostile.SIGNAL, pid=other.pid)
            assert got["other"] in ("PermissionError", "ProcessLookupError"), got
            assert len(got["reached"]) <= 1, got  # one of the box's own
            assert other.poll() is None
        finally:
            other.kill()
