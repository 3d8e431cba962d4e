"""Where a workspace keeps its things, and whether it can be used at all.

Only the journal is a source of truth; checkpoints, Chroma and run folders are
projections or scratch. Everything the program makes lies under these names.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scientist.errors import UsageError, WorkspaceError

LEAST_FREE_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Workspace:
    """The folders and files of one workspace."""

    root: Path

    @property
    def essays(self) -> Path:
        return self.root / "essays"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def chroma(self) -> Path:
        return self.root / "chroma"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def chats(self) -> Path:
        return self.root / "chats.sqlite"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints.sqlite"


def locate(directory: Path | None) -> Path:
    """The workspace a command means: --workspace, SCIENTIST_WORKSPACE, else ./workspace."""
    if directory is not None:
        return directory.expanduser().absolute()
    if named := os.environ.get("SCIENTIST_WORKSPACE"):
        return Path(named).expanduser().absolute()
    return Path("workspace").absolute()


def existing(root: Path) -> Workspace:
    """A workspace to read from; it must be there."""
    if not root.is_dir():
        raise UsageError(
            f"there is no workspace at {root}",
            f"scientist run --workspace {shlex.quote(str(root))}",
        )
    return Workspace(root)


def writable(root: Path) -> Workspace:
    """A workspace to write to: made if missing, refused if read-only or on a full disk."""
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is not a folder", "scientist --help")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=root, prefix=".writable-"):
            pass
    except OSError as fault:
        raise explain(fault, root) from fault
    check_room(root)
    return Workspace(root)


def check_room(root: Path) -> None:
    """Refuse a disk that is nearly full."""
    free = shutil.disk_usage(root).free
    if free < LEAST_FREE_BYTES:
        raise WorkspaceError(
            f"only {free // 2**20} MB are free at {root}, {LEAST_FREE_BYTES // 2**20} are needed",
            f"free some space, or use another disk: scientist run --workspace DIR (now {root})",
        )


def explain(fault: OSError, path: Path) -> WorkspaceError:
    """The one place that turns an operating-system fault into words and a fix."""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return WorkspaceError(
            f"the disk that holds {path} is full; nothing recorded so far is lost",
            "free some space, then: scientist run --resume",
        )
    if fault.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR):
        return WorkspaceError(
            f"{path} cannot be written: {fault.strerror}",
            "use a folder you may write to: scientist run --workspace DIR",
        )
    return WorkspaceError(f"{path}: {fault.strerror or fault}", "scientist doctor")


def save(path: Path, content: str) -> None:
    """Write a file so that a crash leaves the old one or the new one, whole."""
    part = path.with_name(f".saved-{os.getpid()}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(part, flags, 0o666), "w", encoding="utf-8") as file:
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)  # as private as it was
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
