"""The report of a campaign: one dossier from the journal, one list of blocks, Markdown and HTML.

Both are views of the record, made anew whenever somebody asks. Before anything is handed out the
Markdown is held against the record, as `scientist check` does: nothing unbound leaves.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scientist.audit.report import collect, compose, html, markdown
from scientist.audit.report.collect import Dossier, last_campaign
from scientist.errors import JournalError
from scientist.journal import Journal
from scientist.science.claims.markdown import check

__all__ = ["Report", "last_campaign", "make", "save", "write"]


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


def save(path: Path, content: str) -> None:
    """Write a file so that a crash leaves the old one or the new one, whole."""
    part = path.with_name(f".report-{os.getpid()}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(part, flags, 0o666), "w", encoding="utf-8") as file:
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)  # as private as it was
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
