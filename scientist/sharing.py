"""Which machine may write to a workspace that several machines can reach.

The kernel's locks hold between the processes of one machine. Over a network they may hold or not,
and what one machine wrote another may see late, so there the workspace belongs to one machine at a
time: the file `locks/machine` says to which. It is made in one step that network file systems
know, and taken away by the last process of that machine.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
import re
import shlex
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from scientist.errors import UsageError, WorkspaceError
from scientist.locks import LOOK_SECONDS, LOOKS, take
from scientist.workspace import Workspace, explain

MOUNTS = Path("/proc/self/mountinfo")
BOOT = Path("/proc/sys/kernel/random/boot_id")
LOCAL = frozenset(
    {"bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "jfs", "ntfs3"}
    | {"overlay", "ramfs", "reiserfs", "tmpfs", "vfat", "xfs", "zfs"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


@contextmanager
def held(workspace: Workspace) -> Iterator[None]:
    """Write to a workspace for as long as the block lasts, or be refused: nobody is harmed."""
    try:
        workspace.locks.mkdir(exist_ok=True)
        if not _excludes(workspace.locks):
            raise _no_locks(workspace.root)
    except OSError as fault:
        raise explain(fault, workspace.locks) from fault
    with ExitStack() as leased:
        kind = filesystem(workspace.root)
        if kind not in LOCAL:
            leased.enter_context(_leased(workspace, kind))
        yield


def check(workspace: Workspace) -> None:
    """Refuse what is no writer, but must not come near files that another machine has open."""
    file = workspace.locks / "machine"
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        owner = _owner(descriptor)
    finally:
        os.close(descriptor)
    if owner.get("boot") != _boot():
        raise _elsewhere(workspace.root, file, filesystem(workspace.root), owner)


def filesystem(path: Path) -> str:
    """The kind of file system that a path is on; empty if the kernel does not say."""
    kind, deepest = "", -1
    with suppress(OSError):
        whole = path.resolve()
        for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            before, _, after = line.partition(" - ")
            mounted = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), before.split()[4]))
            if whole.is_relative_to(mounted) and len(mounted.parts) >= deepest:
                kind, deepest = after.split()[0], len(mounted.parts)
    return kind


def _excludes(folder: Path) -> bool:
    """Whether a lock here keeps anybody out."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as one, open(one.name) as other:
        try:
            return take(one.fileno()) and not take(other.fileno())
        except OSError:  # there are none
            return False


@contextmanager
def _leased(workspace: Workspace, kind: str) -> Iterator[None]:
    """The workspace for this machine, together with its other processes."""
    file = workspace.locks / "machine"
    descriptor = -1
    try:
        while descriptor < 0:
            descriptor = _joined(workspace, file, kind)
    except OSError as fault:
        raise explain(fault, file) from fault
    try:
        yield
    finally:
        with suppress(OSError):
            if take(descriptor):  # the last one
                file.unlink()
        os.close(descriptor)


def _joined(workspace: Workspace, file: Path, kind: str) -> int:
    """The open file that says that this machine has the workspace; -1 to look again."""
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        os.write(descriptor, _ours())
    except FileExistsError:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return -1
    with ExitStack() as undone:
        undone.callback(os.close, descriptor)
        owner = _owner(descriptor)
        if owner.get("boot") != _boot():
            raise _elsewhere(workspace.root, file, kind, owner)
        if take(descriptor):  # whoever wrote it has left
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _ours(), 0)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        try:
            if os.path.samestat(os.fstat(descriptor), file.stat()):
                undone.pop_all()
                return descriptor
        except FileNotFoundError:
            pass  # the last one has left, and taken it away
    return -1


def _ours() -> bytes:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    said = {"host": socket.gethostname(), "boot": _boot(), "process": os.getpid(), "since": now}
    return json.dumps(said).encode()


def _boot() -> str:
    """What tells this running kernel from all others: locks hold within one."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _owner(descriptor: int) -> dict[str, Any]:
    """What a machine said of itself; it makes the file before it can write into it."""
    for _ in range(LOOKS):
        with suppress(ValueError):
            found = json.loads(os.pread(descriptor, 4096, 0))
            if isinstance(found, dict):
                return found
        time.sleep(LOOK_SECONDS)
    return {}


def _elsewhere(root: Path, file: Path, kind: str, owner: dict[str, Any]) -> UsageError:
    host = owner.get("host", "a machine that did not say its name")
    return UsageError(
        f"{root} ({kind or 'an unknown file system'}) is in use on {host}, process "
        f"{owner.get('process', '?')}, since {owner.get('since', '?')}; one machine at a time may "
        "write to it",
        f"end that command on {host}, or scientist run --workspace DIR (one for this machine); "
        f"if {host} broke down: rm {shlex.quote(str(file))}",
    )


def _no_locks(root: Path) -> WorkspaceError:
    return WorkspaceError(
        f"locks do not work on the file system of {root} ({filesystem(root) or 'unknown'}): two "
        "commands could write over each other",
        "scientist run --workspace DIR, on a local disk or a mount with locks (NFS: not nolock)",
    )
