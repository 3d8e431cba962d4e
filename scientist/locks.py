"""Names that one process holds at a time: a campaign it drives, a conversation, a connection.

A lock is the kernel's, on an empty file of that name: it ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
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
    with (folder / name).open("w") as file:
        for left in range(LOOKS - 1, -1, -1):
            if take(file):
                break
            if not left:
                raise taken
            time.sleep(LOOK_SECONDS)  # whoever only looks at the lock lets it go at once
        yield name


@contextmanager
def fresh(folder: Path, letter: str, last: Callable[[], int]) -> Iterator[str]:
    """Hold a new name, such as T3: none on record (`last` is the number of the last), none held."""
    folder.mkdir(exist_ok=True)
    number = last() + 1
    while True:
        with ExitStack() as held:
            free = take(held.enter_context((folder / f"{letter}{number}").open("w")))
            if free and number > last():  # it may have been used, and left, since we looked
                yield f"{letter}{number}"
                return
        number = max(number, last()) + 1


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
