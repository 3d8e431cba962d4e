"""A seccomp filter without a library: the classic BPF program bubblewrap installs.

It denies what namespaces do not cover: kernel keyrings, bpf, io_uring, tracing other
processes, mounting, new user namespaces, the kernel log, memory that belongs to no
process (memfd, System V), and socket families a network namespace does not hold back
(vsock). Everything else is allowed.
"""

from __future__ import annotations

import errno
import platform
import struct

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# add_key request_key keyctl bpf ptrace mount umount2 pivot_root unshare setns userfaultfd
# perf_event_open process_vm_readv process_vm_writev open_by_handle_at init_module
# finit_module delete_module kexec_load shmget memfd_create syslog kcmp
_DENIED = {
    "x86_64": (
        *(248, 249, 250, 321, 101, 165, 166, 155, 272, 308, 323),
        *(298, 310, 311, 304, 175, 313, 176, 246, 29, 319, 103, 312),
    ),
    "aarch64": (
        *(217, 218, 219, 280, 117, 40, 39, 41, 97, 268, 282),
        *(241, 270, 271, 265, 105, 273, 106, 104, 194, 279, 116, 272),
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

_LOAD, _EQUAL, _SET, _GREATER, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def program() -> bytes | None:
    """The filter for this machine; None where its system calls are not known here."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    denied = (*_DENIED[machine], *_DENIED_EVERYWHERE)
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":
        code += [(_GREATER, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    # glibc falls back from clone3, whose flags a filter cannot see, to clone
    code += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number in denied:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code += [
        (_EQUAL, 0, 4, _CLONE[machine]),
        (_LOAD, 0, 0, 16),
        (_SET, 1, 0, _CLONE_NEWUSER),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_EQUAL, 0, 2 + len(_FAMILIES), _SOCKET[machine]),
        (_LOAD, 0, 0, 16),
    ]
    for position, family in enumerate(_FAMILIES):
        code.append((_EQUAL, len(_FAMILIES) - position, 0, family))
    code += [(_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
