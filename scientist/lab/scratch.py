"""Scratch folders of the reduced sandbox: made on the host, watched, and removed whoever dies.

A folder of the launcher's user holds one of the experiment's user. The outer one is named after
the process that made it, so that the next start finds what a killed one left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from scientist.lab import process, reduced

PREFIX = "scientist-scratch-"
INNER = "scratch"
SPARE_IDS = 2_000_000_000  # users from here on are nobody else's
TOO_DEEP = 10**6  # files to count for what cannot be looked into
ENOUGH = 100_000  # to know that it is too much


def make(user: int | None) -> Path:
    """A new scratch folder for a user (None: this one)."""
    own = os.getpid()
    mark = f"{PREFIX}{own}-{process.start_time(own)}-{process.boot()[:8]}-"
    outer = Path(tempfile.mkdtemp(prefix=mark)).resolve()
    inner = outer / INNER
    inner.mkdir(mode=0o700)
    if user is not None:
        outer.chmod(0o711)
        os.chown(inner, user, user)
    return inner


def end_workers(inner: Path, spare_user: int | None = None) -> None:
    """Kill what was started for this folder, or has that user, until nothing is found."""
    for _ in range(100):
        victims = _workers(inner, spare_user)
        if not victims:
            return
        for pid in victims:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def remove(inner: Path) -> None:
    """Remove the folder; if there is much in it, without waiting: a minute or more is possible."""
    with contextlib.suppress(OSError):
        inner.rmdir()
    try:
        inner.parent.rmdir()
    except FileNotFoundError:
        return
    except OSError:
        line = [sys.executable, "-I", "-S", str(reduced.__file__), "remove", str(inner.parent)]
        null = subprocess.DEVNULL
        cleaner = subprocess.Popen(
            line, env={}, stdin=null, stdout=null, stderr=null, start_new_session=True
        )
        # it goes on when this process ends; until then somebody must take note of its end
        threading.Thread(target=cleaner.wait, daemon=True).start()


def sweep() -> None:
    """End and remove what the makers of scratch folders did not live to end and remove."""
    for outer in Path(tempfile.gettempdir()).resolve().glob(f"{PREFIX}*"):
        try:
            found = outer.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
            with contextlib.suppress(OSError, ValueError):  # it may not be what it looks like
                _sweep(outer)


def _sweep(outer: Path) -> None:
    first, second, boot = outer.name.removeprefix(PREFIX).split("-")[:3]
    pid, began = int(first), int(second)
    if boot == process.boot()[:8] and process.alive(pid, began):
        return
    inner = outer / INNER
    user = inner.lstat().st_uid if inner.exists() else None
    # a spare user belongs to its maker alone, and to whoever has the maker's number now
    spare = user is not None and user >= SPARE_IDS and process.start_time(pid) is None
    end_workers(inner, user if spare else None)
    remove(inner)


def _workers(inner: Path, user: int | None) -> list[int]:
    """Processes with that user, or started with this folder as their home, or at work in it."""
    home = f"HOME={inner}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            theirs = user is not None and entry.stat().st_uid == user
            theirs = theirs or home in (entry / "environ").read_bytes().split(b"\0")
            theirs = theirs or (entry / "cwd").readlink().is_relative_to(inner)
            if theirs and process.start_time(int(entry.name)) is not None:
                found.append(int(entry.name))
    return found


def used(inner: Path, pids: Iterable[int] = (), most: int = 0) -> tuple[int, int]:
    """Bytes on disk and files in a scratch folder, with those removed but held open by `pids`."""
    size, files, waiting = 0, 0, [str(inner)]
    while waiting and files < ENOUGH:
        folder = waiting.pop()
        try:
            entries = list(_listed(folder))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            files += TOO_DEEP
            continue
        for entry in entries:
            try:
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                files += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
            except FileNotFoundError:
                continue
            except OSError:  # too deep to be named
                files += TOO_DEEP
    return size + sum(_removed(inner, pid, most) for pid in pids), files


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:  # made so by its owner, who may be this user
        descriptor = os.open(folder, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            Path(f"/proc/self/fd/{descriptor}").chmod(0o700)
        finally:
            os.close(descriptor)
        with os.scandir(folder) as entries:
            return list(entries)


def _removed(inner: Path, pid: int, most: int) -> int:
    size = 0
    with contextlib.suppress(OSError):
        device = inner.stat().st_dev
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  a Path for each of them is slow
            with contextlib.suppress(OSError):
                found = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116
                regular = stat.S_ISREG(found.st_mode)
                if regular and not found.st_nlink and found.st_dev == device:
                    size += found.st_blocks * 512
        # one that is only mapped shows neither there nor its size: count the most it may have
        with open(f"/proc/{pid}/maps", "rb") as maps:
            mapped = {tuple(line.split()[3:5]) for line in maps if line.endswith(b" (deleted)\n")}
        place = b"%02x:%02x" % (os.major(device), os.minor(device))
        size += most * sum(on == place for on, _ in mapped)
    return size
