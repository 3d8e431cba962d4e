"""What another version found to clash is held against the claims that it is between."""

from __future__ import annotations

from pathlib import Path

import pytest

from scientist import __version__
from scientist.audit.verifying import claims
from scientist.audit.verifying.outcome import Audit, Broken
from scientist.events import AssertionMade, CampaignOpened, ConflictFound
from scientist.journal import Journal, Verification
from scientist.records import Assertion, Budget, Conflict, Range, Says, Scope, Source, Way
from scientist.science.consistency.examine import examine
from scientist.science.consistency.knowledge import gather
from scientist.workspace import Workspace


def says(name: str, way: Way, low: float, high: float) -> AssertionMade:
    """Somebody's claim about calm against wild over some values of a parameter."""
    scope = Scope(world="weather", ranges={"wind": Range(low=low, high=high)})
    return AssertionMade(
        assertion=Assertion(
            id=name, says=Says.COMPARISON, text=f"{name} says {way}.", treatment="calm",
            control="wild", metric="error", way=way, scope=scope, weight=0.9,
            source=Source(kind="chat", address="1"),
        )
    )  # fmt: skip


def checked(folder: Path, version: str, *further: Conflict) -> Audit:
    """A record in which A1 and A2 clash and A3 clashes with nothing, as a version left it."""
    opened = CampaignOpened(
        question=None, essays=(), seed=1, settings={}, versions={"scientist": version},
        budget=Budget(rounds=1, minutes=1, tokens=1),
    )  # fmt: skip
    with Journal(folder, write=True) as journal:
        journal.append(opened, "C1")
        for claim in (
            says("A1", Way.INCREASE, 0, 1),
            says("A2", Way.DECREASE, 0.5, 2),
            says("A3", Way.DECREASE, 5, 6),
        ):
            found = examine(gather(journal), [claim.assertion])
            journal.append_all([claim, *found.events])
        if further:
            journal.append_all([ConflictFound(conflict=one) for one in further])
        audit = Audit(Workspace(folder), journal, Verification(), [], {})
        claims.check(audit)
    return audit


def test_a_conflict_of_another_version_follows_from_its_claims(tmp_path: Path) -> None:
    audit = checked(tmp_path, "0.0.1")
    assert audit.counts["conflicts that follow from their claims"] == 1
    assert "cannot be followed" not in audit.notes[0]
    assert not checked(tmp_path / "own", __version__).notes


def test_one_that_does_not_follow_is_named_and_by_the_same_version_a_fault(tmp_path: Path) -> None:
    invented = Conflict(id="K2", rule="sign flip", members=("A1", "A3"), proof=("so it is",))
    audit = checked(tmp_path / "older", "0.0.1", invented)
    assert audit.counts["conflicts that follow from their claims"] == 1
    assert "the rules of this one K2 cannot be followed" in audit.notes[0]
    with pytest.raises(Broken, match="K2"):
        checked(tmp_path / "own", __version__, invented)
