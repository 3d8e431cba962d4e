"""Names that one process holds at a time: a campaign it drives, a conversation, a connection.

A lock is the kernel's, on a file of that name: it ends with the process, however that ends. What
the file says, machine and process, is for whoever is refused.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from scientist.errors import UsageError

LOOKS, LOOK_SECONDS = 5, 0.05


@contextmanager
def only(folder: Path, name: str, taken: UsageError) -> Iterator[str]:
    """Hold a name for as long as the block lasts, or refuse with `taken`."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("a+") as file:
        for left in range(LOOKS - 1, -1, -1):
            if take(file):
                break
            if not left:
                raise UsageError(taken.message + _holder(file), taken.hint)
            time.sleep(LOOK_SECONDS)  # whoever only looks at the lock lets it go at once
        _say(file)
        yield name


@contextmanager
def fresh(folder: Path, letter: str, last: Callable[[], int]) -> Iterator[str]:
    """Hold a new name, such as T3: none on record (`last` is the number of the last), none held."""
    folder.mkdir(exist_ok=True)
    number = last() + 1
    while True:
        with ExitStack() as held:
            file = held.enter_context((folder / f"{letter}{number}").open("a+"))
            if take(file) and number > last():  # it may have been used, and left, since we looked
                _say(file)
                yield f"{letter}{number}"
                return
        number = max(number, last()) + 1


def _say(file: IO[str]) -> None:
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}")
    file.flush()


def _holder(file: IO[str]) -> str:
    file.seek(0)
    said = file.read(200)
    return f" ({said})" if said.isprintable() and said else ""


def held(file: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not take(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def take(file: int | IO[str], how: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file until it is closed; False if somebody else has."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
