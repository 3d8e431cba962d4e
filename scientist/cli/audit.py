"""`scientist audit`: the record itself: what happened, and whether it still verifies."""

from __future__ import annotations

from dataclasses import asdict

import typer

from scientist.cli import (
    anchoring,
    exporting,
    options,
    output,
    timeline,
    tracing,
    verifying,
    viewing,
)
from scientist.cli.report import report

app = typer.Typer(help="Read and verify the record.", no_args_is_help=True)
app.command()(report)
app.command()(timeline.show)
app.command(context_settings={"ignore_unknown_options": True})(tracing.trace)
app.command()(exporting.export)
app.command()(verifying.verify)
app.command()(anchoring.anchor)
app.command()(anchoring.prove)
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
