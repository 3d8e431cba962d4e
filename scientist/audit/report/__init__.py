"""The report of a campaign: one dossier from the journal, one list of blocks, Markdown and HTML.

Both are views of the record, made anew whenever somebody asks. Before anything is handed out the
Markdown is held against the record, as `scientist check` does: nothing unbound leaves.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import scientist
from scientist.audit.report import collect, compose, html, markdown
from scientist.audit.report.collect import Dossier, last_campaign
from scientist.audit.report.html import POLICY
from scientist.errors import JournalError
from scientist.events import ReportWritten
from scientist.journal import Journal
from scientist.science.claims.markdown import check
from scientist.workspace import save

__all__ = ["POLICY", "Report", "last_campaign", "make", "maker", "write"]


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
    """The report as C1.md and C1.html in a folder, in the place of older ones.

    What it will say is on record first, so that a file that was edited can be told from it.
    """
    report = make(journal, campaign)
    name = report.dossier.campaign
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.md", folder / f"{name}.html"
    contents = (report.markdown, report.html)
    files = {
        path.name: hashlib.sha256(content.encode()).hexdigest()
        for path, content in zip(paths, contents, strict=True)
    }
    journal.append(ReportWritten(of=name, files=files, maker=maker()))
    for path, content in zip(paths, contents, strict=True):
        save(path, content)
    return paths


@lru_cache(maxsize=1)
def maker() -> str:
    """What renders reports here: the version, and a hash of all of its code."""
    root = Path(scientist.__file__).parent
    code = sorted(file for file in root.rglob("*") if file.suffix in (".py", ".html"))
    hashed = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in code))
    return f"{scientist.__version__} {hashed.hexdigest()[:16]}"
