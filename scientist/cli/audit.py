"""`scientist audit`: the record itself: what happened, and whether it still verifies."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import exporting, options, output, timeline, tracing, viewing
from scientist.cli.report import report
from scientist.errors import JournalError, ScientistError, UsageError

if TYPE_CHECKING:
    from scientist.workspace import Workspace

app = typer.Typer(help="Read and verify the record.", no_args_is_help=True)
app.command()(report)
app.command()(timeline.show)
app.command(context_settings={"ignore_unknown_options": True})(tracing.trace)
app.command()(exporting.export)
app.command()(viewing.view)


@app.command("list")
def list_(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """All campaigns."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        views = project.campaigns(journal)
    if as_json:
        output.document([asdict(view) for view in views])
        return
    if not views:
        output.note("no campaigns yet; hint: scientist run")
        return
    output.table(
        ("id", "opened", "outcome", "rounds", "findings", "events", "tokens", "question"),
        [
            (
                *(v.id, v.opened[:19], v.outcome, v.rounds, " ".join(v.findings) or "-"),
                *(v.events, v.tokens, v.question or "-"),
            )
            for v in views
        ],
    )


@app.command("verify")
def verify_(
    deep: Annotated[
        bool, typer.Option("--deep", help="also recompute every finding from its raw trials")
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Re-hash every event and every blob; exit 5 at the first that does not fit."""
    from scientist.journal import verify

    with options.reading(workspace) as (place, journal):
        found = verify(place.journal)
        if not found.events and found.passed:
            raise _no_record(place)
        recomputed, told = None, list[str]()
        if deep and found.passed:
            from scientist.audit.recompute import recompute

            recomputed, told = recompute(journal)
    if as_json and found.passed:
        extra = {} if recomputed is None else {"findings_recomputed": recomputed}
        output.document({**asdict(found), "passed": True, **extra})
    if not found.passed:
        raise JournalError(
            f"{found.problem}, at {found.place}; everything from event {found.invalid_from} on "
            "cannot be relied on",
            "restore the journal folder from a copy",
        )
    if as_json:
        return
    output.result(f"verified: {found.events} events, {found.blobs} blobs")
    for said in told:
        output.note(f"note: {said}; not recomputed")
    if recomputed is not None:
        output.result(f"recomputed: {recomputed} findings from their raw trials")
    output.result(f"head: {found.head}")
    for note in found.notes:
        output.note(f"note: {note} (set aside at the next write)")


def _no_record(place: Workspace) -> ScientistError:
    """A record that never was is the user's mistake; one that is gone is not."""
    if any(path.exists() for path in (place.runs, place.chroma, place.checkpoints)):
        return JournalError(
            f"the journal of {place.root} is gone", "restore the journal folder from a copy"
        )
    return UsageError(f"{place.root} holds no record", f"scientist run --workspace {place.root}")
