"""`scientist check`: every number and comparison of a text gets an address, or is refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.cli import options, output
from scientist.errors import UsageError

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.science.claims.bind import Entry, Report
    from scientist.science.claims.evidence import Evidence

MOST_BYTES = 4_000_000


def check(
    text: Annotated[
        str | None,
        typer.Argument(help="the text; - reads it from stdin; nothing: every recorded finding"),
    ] = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Hold every number and comparison of a text against the record; exit 1 if any is refused."""
    from scientist.audit.evidence import gather

    said = _read(text)
    with options.reading(workspace) as (_, journal):
        evidence = gather(journal)
        bound = (
            _findings(journal, evidence, as_json)
            if said is None
            else _text(said, evidence, as_json)
        )
    if not bound:
        raise typer.Exit(1)


def _read(text: str | None) -> str | None:
    if text != "-":
        return text
    given = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(given) > MOST_BYTES:
        raise UsageError(
            f"the text is longer than {MOST_BYTES} bytes", "scientist check - < PART.md"
        )
    try:
        said = given.decode()
    except UnicodeDecodeError as fault:
        raise UsageError(
            f"stdin is not text: {fault}", "scientist check - < REPORT.md (UTF-8)"
        ) from fault
    return said


def _text(said: str, evidence: Evidence, as_json: bool) -> bool:
    from scientist.science.claims.bind import check as bind

    report = bind(said, evidence)
    if as_json:
        output.document(_plain(report))
    elif not report.entries:
        output.note("the text has no number and no comparison")
    else:
        output.table(("", "said", "address or reason"), [_row(entry) for entry in report.entries])
    return report.bound


def _findings(journal: Journal, evidence: Evidence, as_json: bool) -> bool:
    """Every finding: its claim against the raw trials, its sentence against the record."""
    from scientist.journal import project
    from scientist.science.claims.bind import check as bind
    from scientist.science.claims.render import verify

    views = project.findings(journal)
    if not views and not as_json:
        output.note("no findings yet; hint: scientist run")
    documents: list[dict[str, Any]] = []
    rows: list[tuple[str, ...]] = []
    for view in views:
        finding = view.record
        report = bind(finding.statement, evidence, finding.id)
        problems = verify(finding.claim, finding.statement, evidence) if finding.claim else []
        documents.append({"finding": finding.id, "problems": problems, **_plain(report)})
        rows += [(finding.id, *_row(entry)) for entry in report.entries]
        rows += [(finding.id, "refused", "the claim", problem) for problem in problems]
    if as_json:
        output.document(documents)
    elif rows:
        output.table(("finding", "", "said", "address or reason"), rows)
    return all(document["bound"] and not document["problems"] for document in documents)


def _row(entry: Entry) -> tuple[str, str, str]:
    from scientist.science.claims.render import spell

    where = spell(entry.address) if entry.bound and entry.address else entry.reason
    return ("ok" if entry.bound else "refused", entry.text, where)


def _plain(report: Report) -> dict[str, Any]:
    return {
        "bound": report.bound,
        "entries": [
            {
                "start": entry.start,
                "end": entry.end,
                "text": entry.text,
                "bound": entry.bound,
                "address": entry.address.model_dump(mode="json") if entry.address else None,
                "reason": entry.reason,
            }
            for entry in report.entries
        ],
    }
