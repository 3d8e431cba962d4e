"""Caps the memory of this process and all it starts, the kernel's own for them included.

A guard behind the watchdog of resident memory, where a control group can be written.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NAME = "scientist-"


def cap(megabytes: int) -> Path | None:
    """Move this process into a control group of its own; None where that is not allowed."""
    for parent, knob in _places():
        group = parent / f"{NAME}{os.getpid()}"
        try:
            _sweep(parent)
            group.mkdir()
            (group / knob).write_text(str(megabytes * 2**20))
            (group / "cgroup.procs").write_text(str(os.getpid()))
            if group.name in Path("/proc/self/cgroup").read_text():
                return group
        except OSError:
            pass
        with contextlib.suppress(OSError):
            group.rmdir()
    return None


def leave(group: Path | None) -> None:
    """Go back and remove the group, once nothing else is in it."""
    if group is not None:
        with contextlib.suppress(OSError):
            (group.parent / "cgroup.procs").write_text(str(os.getpid()))
            group.rmdir()


def possible() -> bool:
    """Whether a group that limits memory can be made here."""
    for parent, knob in _places():
        group = parent / f"{NAME}trial-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir()
            try:
                return (group / knob).exists() and os.access(parent / "cgroup.procs", os.W_OK)
            finally:
                group.rmdir()
    return False


def _places() -> Iterator[tuple[Path, str]]:
    """The groups this process is in, with what limits memory there."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kinds, place = line.split(":", 2)
        parent = ROOT / kinds / place.lstrip("/")
        if kinds in ("", "memory") and (parent / "cgroup.procs").exists():
            yield parent, "memory.limit_in_bytes" if kinds else "memory.max"


def _sweep(parent: Path) -> None:
    """Remove the groups of supervisors that were killed; one still in use resists."""
    for group in parent.glob(f"{NAME}*"):
        if not Path(f"/proc/{group.name.removeprefix(NAME)}").exists():
            with contextlib.suppress(OSError):
                group.rmdir()
