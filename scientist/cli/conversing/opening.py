"""Open what a conversation needs: the workspace, its store, the model; and read a question."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scientist.cli import options
from scientist.errors import UsageError

if TYPE_CHECKING:
    from scientist.agent.toolkit import Toolkit
    from scientist.journal import Journal
    from scientist.llm.endpoint import Handle
    from scientist.memory.store import Store
    from scientist.settings import Settings
    from scientist.workspace import Workspace


@dataclass(frozen=True)
class Room:
    """What all threads of a workspace are held in."""

    place: Workspace
    journal: Journal
    store: Store
    settings: Settings
    handle: Handle
    toolkit: Toolkit


@contextmanager
def room(directory: Path | None, settings: Settings) -> Iterator[Room]:
    """A workspace that is there, and a model that answers."""
    from scientist.agent.toolkit import Toolkit
    from scientist.cli.progress import lines
    from scientist.llm.endpoint import connect
    from scientist.memory.store import Store

    progress = lines()  # a bar would stay beneath the conversation, and catch what it prints
    with (
        options.writing(directory, must_exist=True, tell=True) as (place, journal),
        Store(place, settings, progress) as store,
        connect(settings, progress) as handle,
    ):
        yield Room(place, journal, store, settings, handle, Toolkit())


def question(text: str) -> str:
    """What was asked: an argument, or for - all of stdin."""
    from scientist.chat import threads

    given = _stdin() if text == "-" else os.fsencode(text)
    try:
        said = given.decode().strip()
    except UnicodeDecodeError as fault:
        raise UsageError(
            f"the question is not text: {fault}", "scientist ask - < QUESTION.txt (UTF-8)"
        ) from fault
    return threads.question(said)


def _stdin() -> bytes:
    from scientist.chat.threads import LONGEST_QUESTION

    return sys.stdin.buffer.read(4 * LONGEST_QUESTION + 4)
