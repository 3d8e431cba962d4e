"""`scientist finding`: what was found, and what each finding rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.journal.project import FindingView

app = typer.Typer(help="What was found.", no_args_is_help=True)


@app.command("list")
def list_(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """All findings, in the order they were recorded."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        views = project.findings(journal)
        adjusted = _adjusted(journal, views)
    if as_json:
        output.document(
            [{**_plain(view), "adjusted_p": adjusted[view.record.id]} for view in views]
        )
        return
    if not views:
        output.note("no findings yet; hint: scientist run")
        return
    rows = []
    for view in views:
        judged = view.record.judgement
        effect = "" if judged.effect is None else f"{judged.effect:+.4g}"
        p_value = "" if judged.p_value is None else f"{judged.p_value:.3g}"
        corrected = adjusted[view.record.id]
        rows.append(
            (
                view.record.id,
                judged.verdict,
                effect,
                p_value,
                "" if corrected is None else f"{corrected:.3g}",
                judged.pairs,
                view.campaign,
                f"{view.record.treatment} against {view.record.control} on {view.record.metric}",
            )
        )
    output.table(
        ("id", "verdict", "effect", "p", "adjusted p", "pairs", "campaign", "compared"), rows
    )


def _adjusted(journal: Journal, views: list[FindingView]) -> dict[str, float | None]:
    """For each finding the rate of false discoveries at which it would still be one.

    Every sealed protocol of the workspace counts. Where two protocols stand behind a finding,
    the larger of their rates is its own.
    """
    from scientist.science import stream

    judged = any(view.record.judgement.overall_p is not None for view in views)
    rates = stream.adjusted(journal) if judged else {}
    found: dict[str, float | None] = {}
    for view in views:
        first = view.record.first
        digests = [view.record.protocol_digest, first.protocol_digest if first else ""]
        counts = view.record.judgement.overall_p is not None
        known = [rates[digest] for digest in digests if counts and digest in rates]
        found[view.record.id] = max(known) if known else None
    return found


@app.command()
def show(
    finding: Annotated[str, typer.Argument(help="id of a finding, such as F1")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """One finding with everything it rests on."""
    from scientist.audit import shown
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        view = project.finding(journal, finding)
        if as_json:
            output.document(_plain(view))
            return
        for line in [*shown.finding(journal, view), *shown.sources(journal, view)]:
            output.result(line)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="what to look for, in plain words")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many findings")] = 5,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Findings nearest in meaning."""
    from dataclasses import asdict

    settings = options.settings(workspace, chroma=chroma).values
    with options.searching(workspace, settings) as (_, store, _):
        hits = store.search_findings(query, limit)
    if as_json:
        output.document([asdict(hit) for hit in hits])
        return
    if not hits:
        output.note("no findings yet; hint: scientist run")
    for hit in hits:
        near = f"{1 - hit.distance:.2f}"
        output.result(f"{hit.address:<5} {near}  {hit.metadata['verdict']:<12}  {hit.text}")


def _plain(view: FindingView) -> dict[str, object]:
    return {
        **view.record.model_dump(mode="json"),
        "campaign": view.campaign,
        "time": view.time,
    }
