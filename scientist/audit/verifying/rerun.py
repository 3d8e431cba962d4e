"""Every experiment run again from the record by `audit.reproduce`; nothing is written down."""

from __future__ import annotations

from collections.abc import Callable

from scientist.audit import reproduce
from scientist.audit.verifying.outcome import Audit, Broken
from scientist.errors import UsageError
from scientist.journal import project
from scientist.lab import tiers
from scientist.lab.executors import Placement
from scientist.lab.sandbox import Limits
from scientist.settings import Settings

Told = Callable[[str], None]


def check_with(settings: Settings, told: Told) -> Callable[[Audit], None]:
    """A check that runs them in the sandbox of now; `told` hears of each."""

    def check(audit: Audit) -> None:
        tier = tiers.choose()
        limits, placement = Limits.of(settings), Placement.of(settings)
        for view in project.experiments(audit.journal):
            try:
                record = reproduce.recorded(audit.journal, view.id)
            except UsageError as fault:  # it never ended, or measured nothing
                audit.notes.append(f"not run again: {fault.message}")
                continue
            told(f"running {len(record.planned)} trials of {view.id} again")
            found = reproduce.reproduce(record, audit.place.runs, limits, tier, placement)
            if not found.holds:
                causes = "; ".join(f"{one.kind}: {one.text}" for one in found.causes)
                raise Broken(
                    f"experiment {view.id}, run again, does not give what is on record"
                    + (f" ({causes})" if causes else ""),
                    hint=f"scientist experiment reproduce {view.id}",
                )
            audit.count("experiments run again")

    return check
