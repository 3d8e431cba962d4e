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
    from scientist.journal import Journal
    from scientist.llm.endpoint import Handle
    from scientist.memory.store import Store
    from scientist.settings import Settings
    from scientist.workspace import Workspace

MOST_LETTERS = 8000  # of one question; a longer text belongs into an essay


@dataclass(frozen=True)
class Room:
    """What all threads of a workspace are held in."""

    place: Workspace
    journal: Journal
    store: Store
    settings: Settings
    handle: Handle


@contextmanager
def room(directory: Path | None, settings: Settings) -> Iterator[Room]:
    """A workspace that is there, and a model that answers."""
    from scientist.cli.progress import lines
    from scientist.llm.endpoint import connect
    from scientist.memory.store import Store

    progress = lines()  # a bar would stay beneath the conversation, and catch what it prints
    with (
        options.writing(directory, must_exist=True) as (place, journal),
        Store(place, settings, progress) as store,
        connect(settings, progress) as handle,
    ):
        yield Room(place, journal, store, settings, handle)


def question(text: str) -> str:
    """What was asked: an argument, or for - all of stdin."""
    given = _stdin() if text == "-" else os.fsencode(text)
    try:
        said = given.decode().strip()
    except UnicodeDecodeError as fault:
        raise UsageError(
            f"the question is not text: {fault}", "scientist ask - < QUESTION.txt (UTF-8)"
        ) from fault
    return asked(said)


def asked(said: str) -> str:
    """A question that may be asked, or a refusal."""
    if not said:
        raise UsageError("there is no question", 'scientist ask "QUESTION"')
    if len(said) > MOST_LETTERS:
        raise UsageError(
            f"the question has {len(said)} letters, {MOST_LETTERS} are the most",
            "put the text into an essay: scientist corpus add FILE; then ask about it",
        )
    try:
        said.encode()
    except UnicodeEncodeError as fault:
        raise UsageError(f"the question is not text: {fault}", "scientist ask QUESTION") from fault
    return said


def _stdin() -> bytes:
    return sys.stdin.buffer.read(4 * MOST_LETTERS + 4)
