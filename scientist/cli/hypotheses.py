"""`scientist hypothesis`: what was proposed, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from scientist.cli import options, output

app = typer.Typer(help="What was proposed.", no_args_is_help=True)


@app.command("list")
def list_(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """All hypotheses with their status."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        views = project.hypotheses(journal)
    if as_json:
        output.document(
            [{**view.record.model_dump(mode="json"), "status": view.status} for view in views]
        )
        return
    if not views:
        output.note("no hypotheses yet; hint: scientist run")
        return
    output.table(
        ("id", "status", "campaign", "statement"),
        [(v.record.id, v.status, v.campaign, v.record.statement) for v in views],
    )


@app.command()
def show(
    hypothesis: Annotated[str, typer.Argument(help="id of a hypothesis, such as H1")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """One hypothesis with its quotes."""
    from scientist.audit import shown
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        view = project.hypothesis(journal, hypothesis)
        if as_json:
            output.document({**view.record.model_dump(mode="json"), "status": view.status})
            return
        for line in shown.hypothesis(journal, view):
            output.result(line)
