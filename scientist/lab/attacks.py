"""The attacks of the self-test; stdlib only, runs inside the box that is tried out.

`python -P -c SOURCE INPUT` reads INPUT/attack.json (what there is to attack) and prints, as JSON,
which attacks failed. Whoever set the targets up looks at them afterwards as well: what an attack
says of itself counts only when it says that it got through. See `tiers.py`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

facts: dict[str, Any] = {}
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
READ_ANY = 2  # CAP_DAC_READ_SEARCH


def connect_to_server() -> bool:
    socket.create_connection(("127.0.0.1", facts["port"]), 2).close()
    return True


def talk_nameless() -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\0" + facts["abstract"])
    return True


def talk_by_path() -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(facts["socket"])
    return True


def talk_by_pair() -> bool:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there:
        return here.sendto(b"x", facts["datagrams"]) == 1


def talk_below() -> bool:
    socket.socket(40, socket.SOCK_STREAM).close()
    return True


def read_secret() -> bool:
    with open(facts["secret"]) as file:
        return bool(file.read())


def change_setting() -> bool:
    path = "/proc/sys/kernel/core_pattern"
    with open(path) as file:
        content = file.read()
    with open(path, "w") as file:
        return bool(file.write(content))


def list_folder() -> bool:
    return bool(os.listdir(facts["folder"]))


def environments() -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        numbers = [name for name in os.listdir("/proc") if name.isdigit()]
        for name in {*numbers, "self", str(os.getppid()), str(facts["pid"]), str(facts["victim"])}:
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                yield file.read()


def read_environment() -> bool:
    return any(facts["marker"].encode() in content for content in environments())


def inherit_environment() -> bool:
    names = set(os.environ)
    for number in ("1", "self"):
        with contextlib.suppress(OSError), open(f"/proc/{number}/environ", "rb") as file:
            entries = file.read().decode(errors="replace").split("\0")
            names |= {entry.split("=")[0] for entry in entries if entry}
    return bool(names - set(facts["names"]))


def change_input() -> bool:
    def truncate() -> None:
        os.close(os.open(plan, os.O_RDONLY | os.O_TRUNC))

    plan = sys.argv[1] + "/attack.json"
    ways: tuple[Callable[[], object], ...] = (
        lambda: open(sys.argv[1] + "/planted", "w").close(),
        lambda: open(plan, "a").close(),
        lambda: os.rename(plan, plan + "2"),
        lambda: os.link(plan, plan + "3"),
        lambda: os.chmod(sys.argv[1], 0o700),
        lambda: os.utime(plan, (1, 1)),
        lambda: os.setxattr(plan, "user.planted", b"x"),
        truncate,
    )
    return any([_done(way) for way in ways])


def write_outside() -> bool:
    ways: tuple[Callable[[], object], ...] = (
        lambda: open(facts["folder"] + "/planted", "w").close(),
        lambda: os.symlink("/", facts["folder"] + "/link"),
        lambda: os.link(facts["secret"], facts["folder"] + "/twin"),
        lambda: os.link(facts["secret"], "twin"),
        lambda: os.truncate(facts["secret"], 0),
        lambda: os.chmod(facts["secret"], 0o777),
        lambda: os.unlink(facts["secret"]),
    )
    return any([_done(way) for way in ways])


def _done(way: Callable[[], object]) -> bool:
    try:
        way()
    except OSError:
        return False
    return True


def kill() -> bool:
    os.kill(facts["victim"], signal.SIGKILL)
    return True


def read_memory() -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{facts['victim']}/mem", "rb"):
        return True
    buffer = ctypes.create_string_buffer(8)
    own = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    theirs = (ctypes.c_void_p * 2)(facts["address"], 8)
    number = 270 if ARM else 310
    return bool(libc.syscall(number, facts["victim"], own, 1, theirs, 1, 0) == 8)


def trace() -> bool:
    return bool(libc.syscall(117 if ARM else 101, 0x4206, facts["victim"], 0, 0) == 0)


def slow_down() -> bool:
    os.sched_setaffinity(facts["victim"], {min(os.sched_getaffinity(0))})
    return True


def open_namespace() -> bool:
    return bool(libc.unshare(0x10000000) == 0)


def capabilities() -> int:
    """The effective and permitted ones, as the kernel says (there may be no /proc to look at)."""
    header = struct.pack("=Ii", 0x20080522, 0)
    data = ctypes.create_string_buffer(24)
    if libc.syscall(90 if ARM else 125, header, data) != 0:
        raise SystemError("the kernel does not say which capabilities this process has")
    low: tuple[int, ...] = struct.unpack("=6I", data.raw)
    return low[0] | low[1] | (low[3] | low[4]) << 32


def keep_privileges() -> bool:
    bounding = [n for n in range(64) if libc.prctl(23, n, 0, 0, 0) == 1 and n != READ_ANY]
    kept = capabilities() & ~(1 << READ_ANY)
    groups = set(os.getgroups()) - {os.getgid(), 65534} if facts["root"] else set()
    return os.getuid() == 0 or bool(kept) or bool(groups) or (facts["root"] and bool(bounding))


def read_any() -> bool:
    return bool(capabilities() & 1 << READ_ANY)


def use_inherited() -> bool:
    for number in range(3, 1024):
        with contextlib.suppress(OSError):
            found = os.fstat(number)
            if stat.S_ISSOCK(found.st_mode) and found.st_ino == facts["inode"]:
                return True
    return False


def look_at_process() -> bool:
    with open(f"/proc/{facts['pid']}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[19]) == int(facts["start_time"])


def notice_process() -> bool:
    """The number of one that lives is told from the number of one that does not."""
    return os.getsid(facts["victim"]) == int(facts["session"])


def notice_file() -> bool:
    return os.stat(facts["secret"]).st_ino == int(facts["secret_inode"])


def name_machine() -> bool:
    return platform.node() == str(facts["node"])


ESSENTIAL: dict[str, Callable[[], bool]] = {
    "reach a server on this machine": connect_to_server,
    "talk to a nameless local socket": talk_nameless,
    "talk to a local socket": talk_by_path,
    "write to a local socket by one of a pair": talk_by_pair,
    "talk to the machine below this one": talk_below,
    "read a secret file": read_secret,
    "list a folder outside": list_folder,
    "change a setting of the kernel": change_setting,
    "read the environment of another process": read_environment,
    "inherit the launcher's environment": inherit_environment,
    "change its own input": change_input,
    "write outside": write_outside,
    "look at another process": look_at_process,
    "end another process": kill,
    "read the memory of another process": read_memory,
    "trace another process": trace,
    "slow another process down": slow_down,
    "open a new user namespace": open_namespace,
    "keep privileges": keep_privileges,
    "use an inherited file": use_inherited,
}
LESSER: dict[str, Callable[[], bool]] = {
    "pass file permissions when reading": read_any,
    "notice that a process lives": notice_process,
    "notice that a file exists": notice_file,
    "learn the name of this machine": name_machine,
}


def held(attack: Callable[[], bool]) -> bool:
    try:
        return not attack()
    except SystemError:
        return False
    except BaseException:
        return True


def main() -> None:
    """Every attack once; those that destroy come last."""
    with open(sys.argv[1] + "/attack.json") as file:
        facts.update(json.load(file))
    attacks = {**LESSER, **ESSENTIAL}
    order = sorted(attacks, key=lambda name: attacks[name] in (kill, change_input, write_outside))
    print(json.dumps({name: held(attacks[name]) for name in order}))


if __name__ == "__main__":
    main()
