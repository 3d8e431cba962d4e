"""Read the report of a campaign, one section at a time; section 0 lists the sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import report as reports
from scientist.errors import UsageError

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    campaign: str = Field(pattern=r"^[Cc][0-9]+$", description="such as C1")
    section: int = Field(0, ge=0, description="number of a section; 0: how it begins, and a list")
    line: int = Field(0, ge=0, description="the line of the section to go on from")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    made = reports.make(desk.journal, arguments.campaign)
    sections = _sections(made.markdown)
    name = made.dossier.campaign
    if arguments.section >= len(sections):
        raise UsageError(
            f"the report on {name} has {len(sections) - 1} sections",
            f"scientist audit report {name}",
        )
    lines = sections[arguments.section]
    if not arguments.section:
        titles = [one[0].removeprefix("## ") for one in sections[1:]]
        lines = [*(f"section {place}: {title}" for place, title in enumerate(titles, 1)), *lines]
    if arguments.line and arguments.line >= len(lines):
        raise UsageError(f"that section has {len(lines)} lines", f"scientist audit report {name}")
    dossier = made.dossier
    cites = [name, *(view.record.id for view in dossier.hypotheses), *dossier.measured]
    cites += [finding.id for finding in dossier.findings]
    cites += [quote.address for finding in dossier.findings for quote in finding.quotes]
    summary = f"section {arguments.section} of {len(sections) - 1}"
    return page(lines[arguments.line :], *cites, begin=arguments.line), summary


def _sections(markdown: str) -> list[list[str]]:
    """What stands before the first heading of a section, then each section with its heading."""
    found: list[list[str]] = [[]]
    for line in markdown.splitlines():
        if line.startswith("## "):
            found.append([])
        if line.strip():
            found[-1].append(line)
    return found


tell = told
