"""A conversation in one thread: ask, take back, go on after a crash.

The journal has the turns (threads.py); the graph (graph.py) walks through one of them, and keeps
in its checkpoints what the model was shown. A front end hears of it as a `Listener`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from scientist import locks
from scientist.chat import threads
from scientist.chat.threads import Turn as Turn
from scientist.errors import ScientistError, UsageError
from scientist.events import Event, TurnAnswered, TurnAsked, TurnStopped, TurnUndone

if TYPE_CHECKING:
    from scientist.agent.toolkit import Toolkit
    from scientist.chat.walking import Walk
    from scientist.journal import Journal
    from scientist.llm.client import Client
    from scientist.llm.endpoint import Handle
    from scientist.memory.store import Store
    from scientist.settings import Settings
    from scientist.workspace import Workspace

BY_THE_USER = "stopped by the user"


class Listener(Protocol):
    """A front end: what it may hear of a turn, and what it is asked."""

    def thinking(self, piece: str) -> None:
        """Reasoning, or an action as the model writes it."""

    def words(self, piece: str) -> None:
        """An answer as it is written, before it is checked."""

    def used(
        self, tool: str, arguments: dict[str, Any], summary: str, size: int, seconds: float
    ) -> None:
        """A tool was called: what came back, in how many characters."""

    def decide(self, tool: str, arguments: dict[str, Any], plan: str) -> bool:
        """The user's word on an action that changes something."""
        ...


class Silent:
    """A front end that shows nothing and allows nothing."""

    def thinking(self, piece: str) -> None: ...
    def words(self, piece: str) -> None: ...
    def used(
        self, tool: str, arguments: dict[str, Any], summary: str, size: int, seconds: float
    ) -> None: ...
    def decide(self, *_: Any) -> bool:
        return False


@dataclass
class Desk:
    """What a thread's tools and nodes work with (agent/toolkit.py)."""

    thread: str
    workspace: Workspace
    journal: Journal
    store: Store
    settings: Settings
    client: Client
    toolkit: Toolkit
    listener: Listener = field(default_factory=Silent)
    began: float = 0.0
    first_token: float | None = None

    def note(self, event: Event, sync: bool = False) -> None:
        """Add an event of this thread to the journal."""
        self.journal.append(event, self.thread, sync)


class Session:
    """One thread, held by this process alone."""

    def __init__(self, desk: Desk, walk: Walk) -> None:
        self.thread = desk.thread
        self._desk = desk
        self._walk = walk

    def turns(self) -> list[Turn]:
        """The turns that stand."""
        return threads.turns(self._desk.journal, self.thread)

    def unfinished(self) -> Turn | None:
        """A turn that a crash broke off: `ask(None)` goes on with it."""
        turns = self.turns()
        return turns[-1] if turns and turns[-1].unfinished else None

    def ask(self, text: str | None, listener: Listener) -> TurnAnswered:
        """The answer to a question, or to the one that was broken off."""
        turn = self._begun(text)
        self._desk.listener = listener
        self._desk.began, self._desk.first_token = time.monotonic(), None
        try:
            return self._walk.take(turn, self.turns())
        except KeyboardInterrupt:
            self._stop(turn, BY_THE_USER)
            raise
        except ScientistError as fault:
            self._stop(turn, fault.message)
            raise
        finally:
            self._desk.listener = Silent()

    def undo(self) -> Turn | None:
        """Take the last turn back; the model sees it no more."""
        turns = self.turns()
        if not turns:
            return None
        undone = TurnUndone(thread=self.thread, turn=turns[-1].number)
        self._desk.note(undone, True)
        return turns[-1]

    def _begun(self, text: str | None) -> Turn:
        """The turn that is asked for, on record."""
        unfinished = self.unfinished()
        if text is None:
            if unfinished is None:
                raise UsageError(
                    f"no turn of {self.thread} was broken off", "ask something new there"
                )
            return unfinished
        asked = threads.question(text)
        if unfinished is not None:
            self._stop(unfinished, "another question was asked")
        every = threads.every_turn(self._desk.journal, self.thread)
        number = max((turn.number for turn in every), default=0) + 1
        self._desk.note(TurnAsked(thread=self.thread, turn=number, text=asked), True)
        return self.turns()[-1]

    def _stop(self, turn: Turn, reason: str) -> None:
        stopped = TurnStopped(thread=self.thread, turn=turn.number, reason=reason[:500])
        self._desk.note(stopped, True)


@contextmanager
def open_session(
    workspace: Workspace,
    journal: Journal,
    store: Store,
    settings: Settings,
    handle: Handle,
    thread: str | None,
    toolkit: Toolkit | None = None,
) -> Iterator[Session]:
    """A thread to talk in; None is a new one."""
    from scientist.agent.toolkit import Toolkit
    from scientist.chat.walking import walking
    from scientist.llm.client import Client

    if thread is not None and thread.upper() not in threads.names(journal):
        raise UsageError(f"there is no thread {thread}", threads.LIST)
    with ExitStack() as held:
        name = held.enter_context(_held(workspace, journal, thread and thread.upper()))
        client = held.enter_context(Client(handle, settings, journal, name))
        store.sync(journal)
        desk = Desk(name, workspace, journal, store, settings, client, toolkit or Toolkit())
        yield Session(desk, held.enter_context(walking(desk)))


def _held(
    workspace: Workspace, journal: Journal, thread: str | None
) -> AbstractContextManager[str]:
    """The name of a thread that no other process drives as long as this lasts."""
    if thread is None:
        return locks.fresh(workspace.locks, "T", lambda: _last(journal))
    taken = UsageError(f"thread {thread} is open in another process", "scientist chat")
    return locks.only(workspace.locks, thread, taken)


def _last(journal: Journal) -> int:
    """The number of the last thread in which something was asked."""
    return max((int(name[1:]) for name in threads.names(journal)), default=0)
