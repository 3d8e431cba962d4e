"""Puts a command into the reduced sandbox; stdlib only: `python -I -S reduced.py PLAN -- COMMAND`.

A child gives up its privileges, lays the Landlock rules and the seccomp filter on itself and
becomes the command. This process stays outside as its keeper: when the command is over, or who
started it is, it ends every process that is left; in the latter case it removes the scratch folder.
`reduced.py remove PATH` removes one that is left. PLAN is words: parent=PID rules=FD filter=FD
scratch=PATH place=PATH [user=ID], and any number of keep=FD limit=NAME:VALUE need=PATH.
Only modules that load fast are used: each start pays for them.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
import time

ASKED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
WAITED = {signal.SIGCHLD, *ASKED}
FAILED = 126
LAST_CAPABILITY = 63
READ_ANY = 2  # CAP_DAC_READ_SEARCH

_PARENT_DEATH, _KEEP_CAPS, _SECCOMP, _BOUND_READ, _BOUND_DROP = 1, 8, 22, 23, 24
_SUBREAPER, _NO_NEW_PRIVILEGES, _AMBIENT = 36, 38, 47
_RESTRICT_SELF = 446
_CAPSET = {"x86_64": 126, "aarch64": 91}

libc = ctypes.CDLL(None, use_errno=True)


class Plan:
    """What the words before the command say."""

    def __init__(self, words: list[str]) -> None:
        pairs = [(key, value) for key, _, value in (word.partition("=") for word in words)]
        single = dict(pairs)
        self.parent = int(single["parent"])
        self.rules = int(single["rules"])
        self.filter = int(single["filter"])
        self.scratch = single["scratch"]
        self.place = single["place"]
        self.user = int(single["user"]) if "user" in single else None
        self.keep = [int(value) for key, value in pairs if key == "keep"]
        self.needed = [value for key, value in pairs if key == "need"]
        limits = (value.split(":") for key, value in pairs if key == "limit")
        self.limits = {name: int(most) for name, most in limits}


def main(argv: list[str]) -> int:
    """Run the command to its end; its exit code, or 128 and the signal that ended it."""
    if argv[1] == "remove":
        empty(argv[2])
        return 0
    split = argv.index("--")
    plan, command = Plan(argv[1:split]), argv[split + 1 :]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)
    _control(_PARENT_DEATH, signal.SIGTERM)
    _control(_SUBREAPER, 1)
    if os.getppid() != plan.parent:  # it ended before its end could be told
        empty(plan.place)
        return FAILED
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            enter(plan, keeper)
            os.execvp(command[0], command)
        except BaseException as fault:
            os.write(2, f"the reduced sandbox did not start: {fault}\n".encode())
        finally:
            os._exit(FAILED)
    os.closerange(3, 2**20)
    code = _wait(child)
    end_all()
    if os.getppid() != plan.parent:  # nobody else is left to do it
        empty(plan.place)
    return code


def enter(plan: Plan, keeper: int) -> None:
    """Give up everything the command is not to have; nothing can be taken back."""
    os.setsid()
    os.chdir(plan.scratch)
    for name, most in plan.limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        held = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (held, held))
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # when memory runs out, this goes before its keeper
    program = os.read(plan.filter, 2**16)
    if plan.user is not None:
        _change_user(plan.user, plan.needed)
    _control(_PARENT_DEATH, signal.SIGKILL)  # changing the user would have undone it
    if os.getppid() != keeper:
        raise ProcessLookupError("the keeper has ended")
    for number in (*ASKED, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)
    _control(_NO_NEW_PRIVILEGES, 1)
    _checked(libc.syscall(_RESTRICT_SELF, plan.rules, 0))
    _close_all_but({0, 1, 2, *plan.keep})
    held_program = ctypes.create_string_buffer(program, len(program))
    pointer = struct.pack("@HP", len(program) // 8, ctypes.addressof(held_program))
    _checked(libc.prctl(_SECCOMP, 2, ctypes.c_char_p(pointer), 0, 0))


def _change_user(number: int, needed: list[str]) -> None:
    """Become a user without capabilities, but for that of reading if something needs it."""
    os.setgroups([])
    for capability in range(LAST_CAPABILITY + 1):
        if libc.prctl(_BOUND_READ, capability, 0, 0, 0) < 0:
            break  # this kernel has no more
        if capability != READ_ANY:
            _control(_BOUND_DROP, capability)
    _control(_KEEP_CAPS, 1)
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    closed = [path for path in needed if not _readable(path)]
    reading = 1 << READ_ANY if closed else 0
    if not reading:
        _set_capabilities(1 << 8, 0)  # CAP_SETPCAP, for one more step
        _control(_BOUND_DROP, READ_ANY)
    try:
        _set_capabilities(reading, reading)
    except PermissionError:
        raise PermissionError(f"only root may read {closed[0]}: chmod a+rX it") from None
    if reading:
        _control(_AMBIENT, 2, READ_ANY)


def _readable(path: str) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0))


def _set_capabilities(bits: int, inherited: int) -> None:
    header = struct.pack("=Ii", 0x20080522, 0)
    data = struct.pack("=6I", bits, bits, inherited, 0, 0, 0)  # those wanted are all below 32
    _checked(libc.syscall(_CAPSET[os.uname().machine], header, data))


def _close_all_but(kept: set[int]) -> None:
    first = 0
    for number in sorted(kept):
        if first < number:  # of nothing it would make everything
            os.closerange(first, number)
        first = number + 1
    os.closerange(first, 2**20)


def _wait(child: int) -> int:
    """Until the command is over or somebody asks to end it."""
    while signal.sigwait(WAITED) == signal.SIGCHLD:
        ended = -1
        while ended:
            ended, status = os.waitpid(-1, os.WNOHANG)  # the command is not yet waited for
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
    return 128 + signal.SIGTERM


def end_all() -> None:
    """Kill every descendant, repeatedly, until none is left: orphans come to this process."""
    while True:
        for pid in _descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.0005)


def _descendants(root: int) -> list[int]:
    found, waiting, seen = [], [root], {root}
    while waiting:
        parent = waiting.pop()
        for pid in _children(parent):
            if pid not in seen:
                seen.add(pid)
                found.append(pid)
                waiting.append(pid)
    return found


def _children(parent: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
            return [pid for pid in _all() if _parent(pid) == parent]  # this kernel lists none
    return found


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return None


def empty(top: str) -> None:
    """Remove a folder and all in it, however deep and whatever its permissions."""
    moved = 0
    try:
        while names := os.listdir(top):
            for name in names:
                moved = _take_apart(top, os.path.join(top, name), moved)
        os.rmdir(top)
    except FileNotFoundError:  # another process removes it as well
        if os.path.lexists(top):
            raise


def _take_apart(top: str, path: str, moved: int) -> int:
    """Remove one entry; what a folder holds comes up one step, so that no path grows long."""
    if not _opened(path):
        os.unlink(path)
        return moved
    for name in os.listdir(path):
        inner = os.path.join(path, name)
        if _opened(inner):
            while True:
                moved += 1
                target = os.path.join(top, f"moved-{moved}")
                if not os.path.lexists(target):
                    break
            os.rename(inner, target)
        else:
            os.unlink(inner)
    os.rmdir(path)
    return moved


def _opened(path: str) -> bool:
    """Whether it is a folder; if so, its owner may do everything with it."""
    if os.path.islink(path) or not os.path.isdir(path):
        return False
    os.chmod(path, 0o700)
    return True


def _control(option: int, *arguments: int) -> None:
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(libc.prctl(option, *values))


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
