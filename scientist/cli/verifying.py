"""`scientist audit verify`: does the record hold, and if not, where it breaks and what falls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output
from scientist.errors import JournalError, ScientistError, UsageError

if TYPE_CHECKING:
    from scientist.audit.verifying import Outcome
    from scientist.audit.verifying.outcome import Audit
    from scientist.workspace import Workspace


def verify(
    deep: Annotated[
        bool,
        typer.Option(
            "--deep",
            help="also compute again what follows from what: findings from raw trials, quotes in "
            "their essays, answers, credences, reports, projections",
        ),
    ] = False,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="also run every experiment again (implies --deep)")
    ] = False,
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor",
            metavar="FILE|SIZE:ROOT",
            help="an anchor that was kept elsewhere; may repeat",
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", metavar="FILE|HEX", help="a public key that must have signed; may repeat"
        ),
    ] = None,
    proof: Annotated[
        list[Path] | None,
        typer.Option("--proof", metavar="FILE", help="what audit prove printed; may repeat"),
    ] = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Check the whole record offline; exit 5 at the first bad place, with what it invalidates.

    Always: every byte, hash, blob and signature, the ledger of campaigns, that seals came before
    trials, and the anchors that this user's data folder has. --deep computes all results again.
    """
    from scientist.audit.verifying import verify_workspace
    from scientist.journal import anchors, proofs, signing
    from scientist.workspace import existing, locate

    place = existing(locate(workspace))
    given = [one for text in anchor or () for one in anchors.given(text)]
    keys = [signing.read_public(text) for text in key or ()]
    held = [proofs.read(file) for file in proof or ()]
    found = verify_workspace(place, deep, given, keys, held, _again(place) if rerun else None)
    if not found.record.events and found.record.passed:
        raise _no_record(place)
    if found.fault is not None:
        raise JournalError(found.fault.message, found.fault.hint)
    if as_json:
        output.document(found.plain())
    else:
        _tell(found)


def _again(place: Workspace) -> Callable[[Audit], None]:
    from scientist.audit.verifying.rerun import check_with
    from scientist.workspace import writable

    writable(place.root)  # better known before the trials than after them
    return check_with(options.settings(place.root).values, output.note)


def _tell(found: Outcome) -> None:
    record = found.record
    output.result(f"verified: {record.events} events, {record.blobs} blobs")
    if record.checkpoints:
        signed = ", ".join(f"{key[:16]}…" for key in record.keys) or "nobody"
        output.result(
            f"checkpoints: {record.checkpoints}, signed by {signed}; anchors: {record.anchored}"
        )
    for what, count in found.counts.items():
        output.result(f"{what}: {count}")
    output.result(f"head: {record.head}")
    output.result(f"anchor: {record.events}:{record.root}")
    for note in found.notes:
        output.note(f"note: {note}")
    if not found.deep:
        output.note("next: scientist audit verify --deep (computes every result again)")


def _no_record(place: Workspace) -> ScientistError:
    """A record that never was is the user's mistake; one that is gone is not."""
    from scientist.memory.folder import Folder

    if place.runs.exists() or place.checkpoints.exists() or Folder(place.chroma).used():
        return JournalError(
            f"the journal of {place.root} is gone", "restore the journal folder from a copy"
        )
    return UsageError(f"{place.root} holds no record", f"scientist run{options.at(place)}")
