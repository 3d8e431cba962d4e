"""Landlock rules, by bare system calls: what the reduced sandbox lets a process touch.

A rule set is made here, by the one who starts the command, and handed to `reduced.py` as an open
file; the process there lays it on itself. Looking at names, sizes and permissions of files is
beyond Landlock; `seccomp.py` refuses what would change them.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

OLDEST = 3  # before it, files that may be read could be emptied
SIGNALS = 6  # the first that keeps signals inside
NEWEST = 7  # what is known here; later versions keep to it

_CREATE, _ADD = 444, 445
_ASK_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG, _MAKE_FIFO, _MAKE_SYM = 1 << 7, 1 << 8, 1 << 10, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

READ = _EXECUTE | _READ_FILE | _READ_DIR
USE = _READ_FILE | _WRITE_FILE
DRIVE = USE | _IOCTL_DEV
# no devices and no sockets
OWN = (
    READ
    | (_WRITE_FILE | _TRUNCATE | _REFER)
    | (_REMOVE_DIR | _REMOVE_FILE)
    | (_MAKE_DIR | _MAKE_REG | _MAKE_FIFO | _MAKE_SYM)
)


def version() -> int:
    """The version this kernel has, as far as it is known here; 0 where there is none."""
    found = _call(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)
    return min(max(0, found), NEWEST)


def rules(known: int, allowed: Iterable[tuple[str, int]]) -> int:
    """An open rule set that refuses everything this version knows but what is allowed."""
    files = (1 << 16) - 1 if known >= 5 else (1 << 15) - 1
    refused = struct.pack("=Q", files)
    if known >= 4:
        refused += struct.pack("=Q", 0b11)  # TCP: to bind, to connect
    if known >= SIGNALS:
        refused += struct.pack("=Q", 0b11)  # nameless local sockets, signals
    made = _call(_CREATE, refused, ctypes.c_size_t(len(refused)), 0)
    if made < 0:
        raise OSError(ctypes.get_errno(), "Landlock refuses a rule set")
    try:
        for path, rights in allowed:
            _allow(made, path, rights & files)
    except BaseException:
        os.close(made)
        raise
    return made


def _allow(made: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _FILE
        if _call(_ADD, made, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0) < 0:
            raise OSError(ctypes.get_errno(), "Landlock refuses a rule", path)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
