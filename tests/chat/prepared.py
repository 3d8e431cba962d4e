"""A workspace made by real parts: the sample essays, and one kit's comparison that was tested."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaigns import scientist

from scientist.agent.toolkit import Told, Toolkit
from scientist.events import Event
from scientist.journal import Journal
from scientist.memory.store import Store
from scientist.settings import Settings, load
from scientist.workspace import Workspace

ESSAYS = Path(__file__).parents[2] / "workspace" / "essays"
TOOLS = Toolkit()


@dataclass
class Desk:
    """What the tools of a test's conversation work with."""

    workspace: Workspace
    journal: Journal
    store: Store
    settings: Settings
    thread: str = "T1"

    def note(self, event: Event, sync: bool = False) -> None:
        self.journal.append(event, self.thread, sync)

    def tell(self, name: str, **arguments: object) -> Told:
        """Use a tool as a conversation does."""
        tool = TOOLS.offered()[name]
        assert tool.tell
        return tool.tell(TOOLS.use(name, self, **arguments))


def prepare(folder: Path) -> Path:
    """Seven essays, E1 to E7; the finding F1 on H1, from X1 and its confirmation X2, in C1."""
    for arguments in (
        ("corpus", "add", ESSAYS),
        ("kit", "run", "causal_features", "--pairs", 8),
    ):
        done = scientist(*arguments, "-w", folder, timeout=600)
        assert done.returncode == 0, done.stderr
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[Desk]:
    """A desk at a prepared workspace."""
    place, settings = Workspace(folder), load(folder).values
    with (
        Journal(place.journal, write=True) as journal,
        Store(place, settings) as store,
    ):
        store.sync(journal)
        yield Desk(place, journal, store, settings)
