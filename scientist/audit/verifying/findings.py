"""Every finding and bound claim computed again from its raw trials: `audit.recompute` does it."""

from __future__ import annotations

from scientist.audit.recompute import recompute
from scientist.audit.verifying.outcome import Audit


def check(audit: Audit) -> None:
    """All findings; those of an earlier rule are told of."""
    count, told = recompute(audit.journal)
    audit.counts["findings recomputed"] = count
    audit.notes.extend(f"{said}; not recomputed" for said in told)
