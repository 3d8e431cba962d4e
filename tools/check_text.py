"""Check a text against the record: its numbers and comparisons, and what contradicts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.against import clashes
from scientist.agent.telling import Page, page, told
from scientist.audit.evidence import gather
from scientist.science.claims.markdown import check
from scientist.science.claims.render import spell

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    text: str = Field(
        min_length=1, max_length=4000, description="sentences, each naming what it is about"
    )


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    report = check(arguments.text, gather(desk.journal))
    against = clashes(desk.journal, arguments.text)
    lines: list[str] = []
    cites: list[str] = []
    for entry in sorted(report.entries, key=lambda one: one.bound):
        where = spell(entry.address) if entry.bound and entry.address else entry.reason
        lines.append(f"{'ok' if entry.bound else 'refused'} “{entry.text}”: {where}")
        if entry.bound and entry.address:
            cites += [entry.address.experiment, entry.address.argument]
    for clash in against:
        lines += clash.card()
        cites += clash.claims
    summary = f"{len(report.refused)} of {len(report.entries)} refused, {len(against)} conflicts"
    return page(lines or ["the text has no number and no comparison"], *cites), summary


tell = told
