"""`scientist hypothesis`: what was proposed, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output

if TYPE_CHECKING:
    from scientist.records import Hypothesis

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
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        view = project.hypothesis(journal, hypothesis)
        titles = {essay.id: essay.title for essay in project.essays(journal)}
        found = [
            f.record for f in project.findings(journal) if f.record.hypothesis == view.record.id
        ]
    if as_json:
        output.document({**view.record.model_dump(mode="json"), "status": view.status})
        return
    record = view.record
    output.result(f"{record.id}  {view.status}  ({view.campaign})")
    output.result(f"  {record.statement}")
    output.result(f"  factor      {record.factor} ({_origin(record)})")
    output.result(f"  smallest effect of interest {record.smallest_effect:g}")
    if record.prior is not None:
        output.result(f"  prior       {record.prior:g} (the model's)")
    if record.rationale:
        output.result(f"  rationale   {record.rationale} (the model's words)")
    for quote in record.quotes:
        output.result(f'  quote       "{" ".join(quote.text.split())}"')
        output.result(f"              [{quote.address}] {titles.get(quote.essay, '?')}")
    for finding in found:
        output.result(f"  finding     {finding.id}: {finding.statement}")


def _origin(record: Hypothesis) -> str:
    return f"kit {record.kit}" if record.kit else f"own code {record.code_hash[:12]}"
