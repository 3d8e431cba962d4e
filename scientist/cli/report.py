"""`scientist audit report`: one campaign as a page to read, to keep and to hand on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output
from scientist.errors import ScientistError, UsageError

if TYPE_CHECKING:
    from scientist.audit.report import Report
    from scientist.journal import Journal
    from scientist.workspace import Workspace


def report(
    campaign: Annotated[
        str | None,
        typer.Argument(help="id of a campaign, such as C1 (default: the last)", show_default=False),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="write Markdown to a file")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="write one HTML file, with plots")
    ] = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """What a campaign asked, tested and found, what it cost, and what that cannot show.

    Every number in it is looked up in the record before it is written; without a file the
    Markdown goes to stdout.
    """
    from scientist.audit import report as reports

    with options.reading(workspace) as (_, journal):
        name = campaign or reports.last_campaign(journal)
        made = reports.make(journal, name)
    name = made.dossier.campaign
    if markdown and html and markdown.absolute() == html.absolute():
        raise UsageError(
            f"both forms cannot be written to {html}",
            f"scientist audit report {name} --markdown {name}.md --html {name}.html",
        )
    targets = (("--markdown", markdown, made.markdown), ("--html", html, made.html))
    files = [path for _, path, _ in targets if path]
    for flag, path, said in targets:
        if path:
            options.save(path, said, "report", f"scientist audit report {name} {flag}")
    if as_json:
        output.document(_plain(made, files))
    elif not files:
        output.result(made.markdown.rstrip("\n"))


def keep(journal: Journal, place: Workspace, campaign: str) -> None:
    """Write the report of a campaign that ended; if that fails, what was found is told anyway."""
    from scientist.audit import report as reports

    where = options.at(place)
    try:
        said, page = reports.write(journal, campaign, place.reports)
    except Exception as fault:  # whatever it is: what was found must still be told
        reason = fault.message if isinstance(fault, ScientistError) else f"{fault}"
        output.note(f"warning: the report was not written: {reason or type(fault).__name__}")
        output.note(f"hint: scientist audit report {campaign} --html {campaign}.html{where}")
        return
    output.note(f"report: {page} (as Markdown: {said.name})")


def _plain(made: Report, files: list[Path]) -> dict[str, object]:
    dossier = made.dossier
    return {
        "campaign": dossier.campaign,
        "state": dossier.state,
        "findings": [finding.id for finding in dossier.findings],
        "open_conflicts": [conflict.id for conflict in dossier.open_conflicts],
        "files": [str(path) for path in files],
        **({} if files else {"markdown": made.markdown}),
    }
