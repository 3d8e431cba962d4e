"""A seccomp filter without a library: the classic BPF program a sandbox installs.

It denies what namespaces do not cover: kernel keyrings, bpf, io_uring, tracing other
processes, mounting, new user namespaces, the kernel log, memory that belongs to no
process (memfd, System V), and socket families a network namespace does not hold back
(vsock). The reduced sandbox has no namespaces, and Landlock does not look at everything:
there it also denies sockets, queues and semaphores that others share, a change of a file's
permissions, owner, times or attributes, watching folders, and moving other processes about.
Everything else is allowed.
"""

from __future__ import annotations

import errno
import platform
import struct

Code = list[tuple[int, int, int, int]]

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# add_key request_key keyctl bpf ptrace mount umount2 pivot_root unshare setns userfaultfd
# perf_event_open process_vm_readv process_vm_writev open_by_handle_at init_module
# finit_module delete_module kexec_load shmget memfd_create syslog kcmp
_DENIED = {
    "x86_64": (
        *(248, 249, 250, 321, 101, 165, 166, 155, 272, 308, 323),
        *(298, 310, 311, 304, 175, 313, 176, 246, 29, 319, 103, 312),
        *(64, 68, 240),
    ),
    "aarch64": (
        *(217, 218, 219, 280, 117, 40, 39, 41, 97, 268, 282),
        *(241, 270, 271, 265, 105, 273, 106, 104, 194, 279, 116, 272),
        *(190, 186, 180),
    ),
}
# the same everywhere: io_uring_*, open_tree move_mount fsopen fsconfig fsmount fspick,
# pidfd_getfd, mount_setattr, memfd_secret
_DENIED_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 447)
_SOCKET = {"x86_64": 41, "aarch64": 198}
_FAMILIES = (1, 2, 10)  # unix, and the two internets of an empty network namespace
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_CLONE_NEWUSER = 0x10000000
_X32 = 0x40000000

# in the reduced sandbox:
# socket connect bind listen; fchmod fchmodat fchown fchownat utimensat
# setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
# inotify_init1 inotify_add_watch fanotify_init fanotify_mark name_to_handle_at
# semget semctl semop semtimedop msgget msgctl msgrcv msgsnd shmctl shmat mq_open mq_unlink
# ioprio_set migrate_pages move_pages; on x86-64 also the older chmod chown lchown utime
# utimes futimesat inotify_init
_REDUCED = {
    "x86_64": (
        *(41, 42, 49, 50, 91, 268, 93, 260, 280),
        *(188, 189, 190, 197, 198, 199),
        *(294, 254, 300, 301, 303),
        *(64, 66, 65, 220, 68, 71, 70, 69, 31, 30, 240, 241),
        *(251, 256, 279, 90, 92, 94, 132, 235, 261, 253),
        *(46, 307),
    ),
    "aarch64": (
        *(198, 203, 200, 201, 52, 53, 55, 54, 88),
        *(5, 6, 7, 14, 15, 16),
        *(26, 27, 262, 263, 264),
        *(190, 191, 193, 192, 186, 187, 188, 189, 195, 196, 180, 181),
        *(30, 238, 239),
        *(211, 269),
    ),
}
# process_madvise process_mrelease fchmodat2 setxattrat removexattrat file_setattr
_REDUCED_EVERYWHERE = (440, 448, 452, 463, 466, 469)
# prlimit64 sched_setaffinity sched_setscheduler sched_setparam sched_setattr: for oneself only
_OF_ONESELF = {"x86_64": (302, 203, 144, 142, 314), "aarch64": (261, 122, 119, 118, 274)}
_SETPRIORITY = {"x86_64": 141, "aarch64": 140}
_SOCKETPAIR, _STREAM = {"x86_64": 53, "aarch64": 199}, 1
_IOCTL = {"x86_64": 16, "aarch64": 29}
# asking a terminal for its modes, group and size; bytes waiting; blocking; closing at exec
_COMMANDS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
_SIGNALS = {"x86_64": (62, 200, 234, 129, 297, 424), "aarch64": (129, 130, 131, 138, 240, 424)}
_FCNTL, _SET_OWNER = {"x86_64": 72, "aarch64": 25}, (8, 15)  # whom a signal goes to

_LOAD, _EQUAL, _SET, _GREATER, _RETURN, _AND = 0x20, 0x15, 0x45, 0x35, 0x06, 0x54
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def program() -> bytes | None:
    """The filter beside namespaces; None where this machine's system calls are not known here."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    families = _when(_SOCKET[machine], _one_of(0, _FAMILIES, errno.EAFNOSUPPORT))
    return _assemble(_common(machine) + families)


def reduced(signals: bool, devices: bool = False) -> bytes | None:
    """The filter of the reduced sandbox; whether signals may be sent, devices be driven."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    denied = (*_REDUCED[machine], *_REDUCED_EVERYWHERE, *(() if signals else _SIGNALS[machine]))
    code = _common(machine) + _denials(denied)
    # a datagram socket of a pair could still write to any local address
    pair: Code = [(_LOAD, 0, 0, 24), (_AND, 0, 0, 0xF), (_EQUAL, 1, 0, _STREAM)]
    pair += [(_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ALLOW)]
    code += _when(_SOCKETPAIR[machine], pair)
    if not devices:
        code += _when(_IOCTL[machine], _one_of(1, _COMMANDS, errno.ENOTTY))
    if not signals:
        code += _when(_FCNTL[machine], _none_of(1, _SET_OWNER))
    return _assemble(code)


def _common(machine: str) -> Code:
    code: Code = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":
        code += [(_GREATER, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    # glibc falls back from clone3, whose flags a filter cannot see, to clone
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    code += _denials((*_DENIED[machine], *_DENIED_EVERYWHERE))
    cloning: Code = [(_LOAD, 0, 0, 16), (_SET, 1, 0, _CLONE_NEWUSER)]
    cloning += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code += _when(_CLONE[machine], cloning)
    for number in _OF_ONESELF[machine]:  # the runner's limits hold for every later trial
        code += _when(number, _one_of(0, (0,), errno.EPERM))
    for_itself = _one_of(0, (0,), errno.EPERM)[:-1] + _one_of(1, (0,), errno.EPERM)
    return code + _when(_SETPRIORITY[machine], for_itself)


def _denials(numbers: tuple[int, ...]) -> Code:
    code: Code = []
    for number in numbers:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    return code


def _when(number: int, body: Code) -> Code:
    """Instructions for one system call; each way through them must return."""
    return [(_EQUAL, 0, len(body), number), *body]


def _one_of(argument: int, values: tuple[int, ...], error: int) -> Code:
    """Allows a call whose argument is one of these (its lower half: they are all ints)."""
    code: Code = [(_LOAD, 0, 0, 16 + 8 * argument)]
    for position, value in enumerate(values):
        code.append((_EQUAL, len(values) - position, 0, value))
    return [*code, (_RETURN, 0, 0, _ERRNO | error), (_RETURN, 0, 0, _ALLOW)]


def _none_of(argument: int, values: tuple[int, ...]) -> Code:
    code: Code = [(_LOAD, 0, 0, 16 + 8 * argument)]
    for position, value in enumerate(values):
        code.append((_EQUAL, len(values) - position, 0, value))
    return [*code, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]


def _assemble(code: Code) -> bytes:
    whole = [*code, (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in whole)
