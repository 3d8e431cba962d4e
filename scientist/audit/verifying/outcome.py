"""What a verification comes to: what was looked at, what is worth a note, the first fault."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from scientist.journal import Journal
from scientist.journal.verify import Verification
from scientist.workspace import Workspace

_NAME = re.compile(r"\b[CEFHX][1-9][0-9]*\b")
MOST_NAMED = 12


@dataclass(frozen=True)
class Audit:
    """What every check works with; notes and counts are added to."""

    place: Workspace
    journal: Journal
    record: Verification
    notes: list[str]
    counts: dict[str, int]

    def count(self, what: str, more: int = 1) -> None:
        """So much more of something was looked at."""
        self.counts[what] = self.counts.get(what, 0) + more


class Broken(Exception):
    """The record says what cannot be; `names` are the ids, digests and blobs that it touches."""

    def __init__(
        self, problem: str, place: str = "", names: Iterable[str] = (), hint: str = ""
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place
        self.hint = hint
        self.names = frozenset(names) or self.named(problem)

    @staticmethod
    def named(text: str) -> frozenset[str]:
        """The ids that a sentence speaks of."""
        return frozenset(_NAME.findall(text))


@dataclass(frozen=True)
class Reach:
    """What cannot be relied on any more."""

    findings: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()

    def told(self) -> str:
        """In words; empty if nothing of the record falls."""
        parts = [
            f"{what} {_listed(names)}"
            for what, names in (
                ("findings", self.findings),
                ("claims", self.claims),
                ("campaigns", self.campaigns),
            )
            if names
        ]
        return "; ".join(parts)


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong: where, why, and what falls with it."""

    check: str
    problem: str
    place: str
    hint: str
    reach: Reach
    since: int | None = None

    @property
    def message(self) -> str:
        """All of it in one sentence."""
        where = f", at {self.place}" if self.place else ""
        after = f"; everything from event {self.since} on cannot be relied on" if self.since else ""
        falls = self.reach.told()
        return f"{self.problem}{where}{after}" + (f"; this invalidates {falls}" if falls else "")


@dataclass
class Outcome:
    """What `audit verify` has to tell."""

    record: Verification
    deep: bool = False
    fault: Fault | None = None
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.fault is None

    def plain(self) -> dict[str, Any]:
        """Everything, for JSON."""
        fault = None if self.fault is None else asdict(self.fault) | {"message": self.fault.message}
        record = asdict(self.record)
        return {
            **{name: record[name] for name in _TOLD},
            "passed": self.passed,
            "deep": self.deep,
            "checked": self.counts,
            "notes": self.notes,
            "fault": fault,
        }


_TOLD = (
    *("events", "blobs", "head", "root", "torn_bytes", "checkpoints", "covered", "anchored"),
    *("keys", "unsigned"),
)


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
