"""What a node works with: the open rooms of one campaign, handed in at run time.

Nothing here is checkpointed; a resumed campaign opens a new bench.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scientist.agent.budget import Meter
from scientist.agent.effects import Effects
from scientist.events import Degraded, Event, Reasoned
from scientist.journal import Journal
from scientist.lab import kits
from scientist.records import Protocol, Rung
from scientist.settings import Settings
from scientist.workspace import Workspace

if TYPE_CHECKING:
    from scientist.agent.toolkit import Toolkit
    from scientist.lab.folders import Run
    from scientist.lab.tiers import Tier
    from scientist.llm.client import Client
    from scientist.memory.store import Store


@dataclass
class Bench:
    """One campaign's open rooms."""

    campaign: str
    question: str | None
    essays: tuple[str, ...]
    workspace: Workspace
    settings: Settings
    journal: Journal
    client: Client | None
    store: Store
    tier: Tier
    toolkit: Toolkit
    effects: Effects
    meter: Meter
    top: Rung = Rung.KIT
    launched: list[Run] = field(default_factory=list)
    on_text: Callable[[str, str], None] | None = None
    on_trial: Callable[[int, int], None] | None = None
    stop_asked: Callable[[], bool] = field(default=lambda: False)

    def note(self, event: Event, sync: bool = False) -> None:
        """Add an event of this campaign to the journal."""
        self.journal.append(event, self.campaign, sync)

    def degrade(self, what: str, reason: str) -> None:
        """Put on record, once, that something weaker than intended is in use."""
        known = self.journal.entries("degraded", campaign=self.campaign)
        if all(entry.data["what"] != what for entry in known):
            self.note(Degraded(what=what, reason=reason))

    def explain(self, phase: str, text: str) -> None:
        """Say in the record what the code did and why."""
        self.note(Reasoned(phase=phase, source="code", text=text))

    def watch(self, _kind: str, _piece: str) -> None:
        """Let the model write on only as long as there is time left for it."""
        if not self.meter.seconds_left:
            self.meter.check()

    def hear(self, kind: str, piece: str) -> None:
        """Pass on what the model writes, as long as there is time left for it."""
        self.watch(kind, piece)
        if self.on_text:
            self.on_text(kind, piece)

    def code_of(self, protocol: Protocol) -> str:
        """The code of a protocol: a kit's as it is now, else what the journal keeps."""
        if protocol.kit and protocol.rung is Rung.KIT:
            return kits.load(protocol.kit).code
        return self.journal.get(protocol.code_hash).decode()

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs of the code ladder that the model may propose on."""
        ladder = tuple(Rung)
        return ladder[: ladder.index(self.top) + 1]

    def chance(self, *place: object) -> random.Random:
        """A generator that gives the same choices for the same place of the same campaign."""
        return random.Random(f"{self.settings.seed}:{self.campaign}:{place!r}")
