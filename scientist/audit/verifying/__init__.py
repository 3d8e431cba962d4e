"""Whether a record can be believed: the first bad place, and what it invalidates.

`verify_workspace` always reads every byte and what the events say of one another; `deep` computes
again whatever follows from what: judgements, sentences, quotes, answers, credences, projections,
reports. One module per concern; none of them believes what another one stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import islice
from pathlib import Path

from scientist.audit.verifying import (
    answers,
    beliefs,
    claims,
    contained,
    effects,
    findings,
    ledger,
    levels,
    measured,
    plans,
    projections,
    quotes,
    reports,
    sealed,
)
from scientist.audit.verifying.outcome import Audit, Broken, Fault, Outcome, Reach
from scientist.audit.verifying.reach import reach
from scientist.errors import SandboxError, ScientistError, WorkspaceError
from scientist.journal import Journal, anchors, signing, verify
from scientist.journal.anchors import Anchor
from scientist.journal.places import Places
from scientist.journal.proofs import Proof
from scientist.journal.verify import Verification
from scientist.workspace import Workspace

__all__ = ["Fault", "Outcome", "Reach", "verify_workspace"]

Check = Callable[[Audit], None]
STRUCTURE: tuple[tuple[str, Check], ...] = (
    ("the ledger of campaigns", ledger.check),
    ("the seals", sealed.check),
)
DEEP: tuple[tuple[str, Check], ...] = (
    ("the plans", plans.check),
    ("the error budget", levels.check),
    ("the trials", measured.check),
    ("the sandboxes", contained.check),
    ("the effects", effects.check),
    ("the quotes", quotes.check),
    ("the findings", findings.check),
    ("the model's answers", answers.check),
    ("the credences", beliefs.check),
    ("the claims", claims.check),
    ("the reports", reports.check),
    ("the projections", projections.check),
)
COPY = "restore the journal folder from a copy"


def verify_workspace(
    place: Workspace,
    deep: bool = False,
    given: Sequence[Anchor] = (),
    keys: Collection[str] = (),
    proofs: Sequence[Proof] = (),
    rerun: Check | None = None,
) -> Outcome:
    """Everything that can be checked offline; the first fault ends it.

    `given` are anchors from elsewhere; those of the user's own data folder are always held against
    the record. `rerun` is a further check, such as `rerun.check_with(settings)`.
    """
    own, notes = _own_anchors(place.journal)
    places = Places(place.journal)
    record = verify(place.journal, anchors=(*given, *own), keys=keys, places=places)
    outcome = Outcome(record, deep=deep or rerun is not None, notes=[*notes, *record.notes])
    _say_what_is_signed(outcome, keys)
    with Journal(place.journal, places=places if record.passed else None) as journal:
        audit = Audit(place, journal, record, outcome.notes, outcome.counts)
        if not record.passed:
            outcome.fault = _of_bytes(audit, record)
            return outcome
        checks = [("the proofs", _holding(proofs, record)), *STRUCTURE]
        checks += DEEP if deep or rerun else ()
        checks += [("the runs", rerun)] if rerun else []
        for name, check in checks:
            if fault := _found(audit, name, check):
                outcome.fault = fault
                break
    return outcome


def _found(audit: Audit, name: str, check: Check) -> Fault | None:
    """What a check found; whatever it cannot make sense of is a fault of the record."""
    try:
        check(audit)
    except Broken as broken:
        problem, place, hint, names = broken.problem, broken.place, broken.hint, broken.names
    except (WorkspaceError, SandboxError):
        raise  # of this machine, not of the record
    except ScientistError as fault:
        problem, place, names = fault.message, "", Broken.named(fault.message)
        hint = fault.hint
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as fault:
        said = (str(fault).splitlines() or [""])[0]
        problem = f"it contradicts itself: {type(fault).__name__}: {said}"
        place, hint, names = "", COPY, frozenset[str]()
    else:
        return None
    return Fault(name, problem, place, hint or COPY, reach(audit.journal, names=names))


def _of_bytes(audit: Audit, record: Verification) -> Fault:
    """What a bad byte invalidates: a blob what rests on it, anything else all that follows."""
    since = record.invalid_from or 1
    names = frozenset({record.bad_blob}) if record.bad_blob else frozenset[str]()
    touched = reach(audit.journal, names=names, since=None if names else since)
    return Fault("the bytes", record.problem, record.place, COPY, touched, since)


def _own_anchors(folder: Path) -> tuple[list[Anchor], list[str]]:
    """The anchors that this user's data folder has of the record, and what to say of them."""
    found, notes = anchors.kept(folder), list[str]()
    others = sorted({str(one.place) for one in found if not anchors.counts(one, folder)})
    notes += [f"a copy of this record lives on in {one}, with anchors of its own" for one in others]
    if not found and (earlier := anchors.before(folder)):
        notes.append(
            f"another record was kept in this folder until {earlier[-1].time}: "
            f"{earlier[-1].anchor.size} events"
        )
    return [one.anchor for one in found if anchors.counts(one, folder)], notes


def _say_what_is_signed(outcome: Outcome, keys: Collection[str]) -> None:
    """How far checkpoints go, and whether they say more than that whoever wrote had a key."""
    record = outcome.record
    if not record.passed:
        return
    if record.events and not record.checkpoints:
        outcome.notes.append("no checkpoint covers it: only its hashes hold it together")
    elif record.events and (behind := record.events - record.covered - 1):
        outcome.notes.append(
            f"the last {behind} events are covered by no checkpoint: what wrote them was stopped, "
            "or is still at work"
        )
    if not record.keys or keys:
        return
    mine = signing.public()
    strange = [key for key in record.keys if key != mine]
    if strange:
        named = ", ".join(f"{key[:16]}…" for key in strange)
        outcome.notes.append(
            f"signed with {named}, which is not this user's key: the record itself is all that "
            "vouches for it (--key names one you know)"
        )


def _holding(proofs: Sequence[Proof], record: Verification) -> Check:
    """Each proof by itself, then against this record."""

    def check(audit: Audit) -> None:
        for proof in proofs:
            if problem := proof.problem():
                raise Broken(f"the proof of event {proof.event} fails: {problem}")
            line = next(islice(audit.journal.raw(), proof.event - 1, None), b"")
            if line.removesuffix(b"\n").decode() != proof.line:
                raise Broken(
                    f"event {proof.event} is not the one that was proved, or is gone",
                    f"event {proof.event}",
                )
            if proof.size > record.events:
                raise Broken(f"a proof knows {proof.size} events, the record has {record.events}")
        if proofs:
            audit.counts["proofs"] = len(proofs)

    return check
