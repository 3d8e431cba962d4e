"""Facts about processes read from /proc: who is alive, who descends from whom, how big."""

from __future__ import annotations

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def start_time(pid: int) -> int | None:
    """Ticks since boot at which the process began; None if it is not alive."""
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else int(fields[19])


def alive(pid: int, began: int | None) -> bool:
    """Whether that very process, not a later one with its number, still runs."""
    return began is not None and start_time(pid) == began


def tree(root: int) -> list[tuple[int, int]]:
    """Every living descendant of a process, itself included, with its resident bytes."""
    children: dict[int, list[int]] = {}
    size: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  a Path for each of them is slow
        if not name.isdigit():
            continue
        fields = _stat(int(name))
        if fields is None:
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        size[int(name)] = int(fields[21]) * _PAGE
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        if pid in size:
            found.append((pid, size[pid]))
        waiting.extend(children.get(pid, []))
    return found


def _stat(pid: int) -> list[str] | None:
    """The fields after the name, which may itself hold spaces and brackets."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    return content.rpartition(")")[2].split()
