"""`scientist check`: every number and comparison gets an address, or is refused; and what is
claimed is held against all else that is claimed (consistency.py)."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
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
        typer.Argument(help="the text; - reads it from stdin; nothing: all that is on record"),
    ] = None,
    corpus: Annotated[
        bool, typer.Option("--corpus", help="essays against one another, as the model reads them")
    ] = False,
    judge: Annotated[
        bool, typer.Option("--judge", help="let the model compare plain sentences, too")
    ] = False,
    most: Annotated[
        int, typer.Option(min=1, max=1000, help="pairs of sentences that the model compares")
    ] = 40,
    mend: Annotated[
        bool, typer.Option("--mend", help="put conflicts and how they are mended on record")
    ] = False,
    endpoint: options.EndpointOption = None,
    model: options.ModelOption = None,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Hold a text, or all that is on record, against the record and against itself.

    Exit 1 if a number or comparison has no address, or if an exact conflict is not mended.
    """
    from scientist.cli import consistency

    if text is not None and (corpus or judge or mend):
        raise UsageError("a text is checked by itself", "scientist check TEXT")
    if corpus:
        if judge or mend:
            raise UsageError("--corpus goes alone", "scientist check --corpus")
        resolved = options.settings(workspace, endpoint=endpoint, model=model, chroma=chroma)
        consistency.corpus(resolved.values, workspace, most, as_json)
        return
    said = _read(text)
    if judge:
        resolved = options.settings(workspace, endpoint=endpoint, model=model, chroma=chroma)
        consistency.judge(resolved.values, workspace, most)
    if mend:
        consistency.mend(workspace)
    from scientist.audit.evidence import gather

    with options.reading(workspace) as (_, journal):
        evidence = gather(journal)
        if said is not None:
            sound = _text(journal, said, evidence, as_json)
        else:
            bound, documents = _findings(journal, evidence, as_json)
            held, conflicts = consistency.conflicts(journal, as_json)
            sound = bound and held
            if as_json:
                output.document({"findings": documents, "conflicts": conflicts})
    if not sound:
        raise typer.Exit(1)


def _read(text: str | None) -> str | None:
    if text is None:
        return None
    if text != "-":
        return _text_of(os.fsencode(text), "the text")
    given = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(given) > MOST_BYTES:
        raise UsageError(
            f"the text is longer than {MOST_BYTES} bytes", "scientist check - < PART.md"
        )
    return _text_of(given, "stdin")


def _text_of(given: bytes, what: str) -> str:
    try:
        return given.decode()
    except UnicodeDecodeError as fault:
        raise UsageError(
            f"{what} is not text: {fault}", "scientist check - < REPORT.md (UTF-8)"
        ) from fault


def _text(journal: Journal, said: str, evidence: Evidence, as_json: bool) -> bool:
    """Its numbers and comparisons against the trials, its sentences against what is held."""
    from scientist.agent.against import clashes
    from scientist.science.claims.markdown import check as bind

    report = bind(said, evidence)
    against = clashes(journal, said)
    if as_json:
        output.document({**_plain(report), "conflicts": [asdict(clash) for clash in against]})
    elif not report.entries and not against:
        output.note("the text has no number and no comparison")
    else:
        if report.entries:
            rows = [_row(entry) for entry in report.entries]
            output.table(("", "said", "address or reason"), rows)
        for clash in against:
            for line in clash.card():
                output.result(line)
    return report.bound and not against


def _findings(
    journal: Journal, evidence: Evidence, as_json: bool
) -> tuple[bool, list[dict[str, Any]]]:
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
    if not as_json and rows:
        output.table(("finding", "", "said", "address or reason"), rows)
    return all(found["bound"] and not found["problems"] for found in documents), documents


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
