"""Facts about processes read from /proc: who is alive, who descends from whom, how big."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from scientist.lab.runner import NICE

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_CHILD_SUBREAPER = 36


class Member(NamedTuple):
    """One process of a tree."""

    pid: int
    resident: int
    processor_seconds: float  # with those of the dead it waited for
    own_seconds: float = 0.0
    began: int = 0


def start_time(pid: int) -> int | None:
    """Ticks since boot at which the process began; None if it is not alive."""
    fields = _stat(pid)
    over = fields is None or (fields[0] == "Z" and _living_thread(pid) is None)
    return None if over or fields is None else int(fields[19])


def alive(pid: int, began: int | None) -> bool:
    """Whether that very process, not a later one with its number, still runs."""
    return began is not None and start_time(pid) == began


def tree(root: int, thorough: bool = True) -> list[Member]:
    """Every living descendant of a process, itself included."""
    return trees([root], thorough)[root]


def trees(roots: Sequence[int], thorough: bool = True) -> dict[int, list[Member]]:
    """Every living descendant of each of some processes, itself included.

    Thorough looks at every process there is. The other way asks each for its children,
    twenty times cheaper, but may miss some of a family that changes at that instant.
    """
    own = os.getpid()
    if not thorough and Path(f"/proc/{own}/task/{own}/children").exists():
        children_of = children
        known: dict[int, Member] = {}
    else:
        known, family = _everything()
        children_of = lambda pid: family.get(pid, [])  # noqa: E731
    return {root: _descendants(root, known, children_of) for root in roots}


def _descendants(
    root: int, known: dict[int, Member], children_of: Callable[[int], list[int]]
) -> list[Member]:
    found, waiting, seen = [], [root], set[int]()
    while waiting:
        pid = waiting.pop()
        if pid in seen:
            continue
        seen.add(pid)
        if member := known.get(pid) or _member(pid, _stat(pid)):
            found.append(member)
        waiting.extend(children_of(pid))
    return found


def _everything() -> tuple[dict[int, Member], dict[int, list[int]]]:
    known: dict[int, Member] = {}
    family: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  a Path for each of them is slow
        fields = _stat(int(name)) if name.isdigit() else None
        if fields and (member := _member(int(name), fields)):
            known[member.pid] = member
            family.setdefault(int(fields[1]), []).append(member.pid)
    return known, family


def children(pid: int) -> list[int]:
    """Its children, zombies included."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def _member(pid: int, fields: list[str] | None) -> Member | None:
    if fields is None:
        return None
    # of one whose first thread has ended, only another thread tells how big it is
    held = (_living_thread(pid) or fields) if fields[0] == "Z" else fields
    own, ticks = (sum(int(field) for field in fields[11:end]) for end in (13, 15))
    return Member(pid, int(held[21]) * _PAGE, ticks / _TICKS, own / _TICKS, int(fields[19]))


def _living_thread(pid: int) -> list[str] | None:
    """What the kernel says of a thread that lives on after the first one has ended."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            fields = _stat(f"{pid}/task/{thread}")
            if fields and fields[0] not in "ZX":
                return fields
    return None


def memory(members: list[Member], most: int) -> int:
    """Bytes held by processes together; pages they share count once when it matters."""
    total = sum(member.resident for member in members)
    if total <= most or len(members) < 2:
        return total
    held = sum(_proportional(member) for member in members)
    if held <= most:
        return held
    # read one after another: what a process gave back, or came to share, meanwhile counted in full
    return min(held, sum(_proportional(member) for member in members))


def give_way(members: Sequence[Member]) -> None:
    """Let other sessions go before that of these processes, where the kernel weighs sessions.

    There being nice counts within a session only. Asked from outside, and again at every look,
    since the kernel takes such a wish ten times a second from all users together.
    """
    own = _session("self").partition(" ")[0]
    for member in members if own else ():
        session, _, nice = _session(member.pid).partition(" nice ")
        if session and session != own:
            with contextlib.suppress(OSError):  # it is too soon, or the process is locked
                if nice != str(NICE):
                    Path(f"/proc/{member.pid}/autogroup").write_text(str(NICE))
                return


def _session(pid: int | str) -> str:
    """What the kernel weighs together, and how; empty if it does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/autogroup").read_text().strip()
    return ""


def scratch_held(pid: int, folders: Sequence[str]) -> tuple[int, int]:
    """Bytes and files the file systems of these folders hold, as that process sees them."""
    size = files = 0
    for folder in folders:
        with contextlib.suppress(OSError):
            found = os.statvfs(f"/proc/{pid}/root{folder}")
            size += (found.f_blocks - found.f_bfree) * found.f_frsize
            files += found.f_files - found.f_ffree
    return size, files


def end(root: int, spare: int | None = None) -> None:
    """Kill a process and all its descendants, repeatedly, until none but `spare` is left."""
    for _ in range(100):
        victims = [member.pid for member in tree(root) if member.pid != spare]
        for pid in victims:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not any(start_time(pid) for pid in victims):
            return
        time.sleep(0.01)


def started_with(*words: str) -> list[int]:
    """Living processes that have all of these among the words of their command."""
    found = []
    wanted = {word.encode() for word in words}
    for name in os.listdir("/proc"):  # noqa: PTH208  a Path for each of them is slow
        with contextlib.suppress(OSError):
            if name.isdigit() and wanted <= set(
                Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
            ):
                found.append(int(name))
    return [pid for pid in found if pid != os.getpid() and start_time(pid) is not None]


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def boot() -> str:
    """Names this run of this machine: process numbers mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _proportional(member: Member) -> int:
    """Its bytes, each shared page divided among those who share it; none if it has ended."""
    try:
        for line in Path(f"/proc/{member.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        return member.resident
    except OSError:
        pass
    return member.resident if _living_thread(member.pid) else 0


def _stat(pid: int | str) -> list[str] | None:
    """The fields after the name, which may itself hold any bytes but 0."""
    try:
        content = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return content.rpartition(b")")[2].decode().split() or None
