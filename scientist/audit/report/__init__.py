"""The report of a campaign: one dossier from the journal, one list of blocks, Markdown and HTML.

Both are views of the record, made anew whenever somebody asks. Before anything is handed out the
Markdown is held against the record, as `scientist check` does: nothing unbound leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scientist.audit.report import collect, compose, html, markdown
from scientist.audit.report.collect import Dossier, last_campaign
from scientist.audit.report.html import POLICY
from scientist.errors import JournalError
from scientist.journal import Journal
from scientist.science.claims.markdown import check
from scientist.workspace import save

__all__ = ["POLICY", "Report", "last_campaign", "make", "write"]


@dataclass(frozen=True)
class Report:
    """A report in both forms, and what it was made from."""

    dossier: Dossier
    markdown: str
    html: str


def make(journal: Journal, campaign: str) -> Report:
    """The report of a campaign, ended or not."""
    dossier = collect.collect(journal, campaign)
    blocks = compose.compose(dossier)
    said = markdown.render(blocks)
    refused = check(said, dossier.evidence).refused
    if refused:
        first = refused[0]
        raise JournalError(
            f"the report would say “{first.text}”, which the record does not bear out: "
            f"{first.reason}",
            "scientist audit verify --deep",
        )
    return Report(dossier, said, html.render(f"Report on campaign {dossier.campaign}", blocks))


def write(journal: Journal, campaign: str, folder: Path) -> tuple[Path, Path]:
    """The report as C1.md and C1.html in a folder, in the place of older ones."""
    report = make(journal, campaign)
    name = report.dossier.campaign
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.md", folder / f"{name}.html"
    for path, content in zip(paths, (report.markdown, report.html), strict=True):
        save(path, content)
    return paths
