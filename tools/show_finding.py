"""Show a finding: verdict, effect with its interval, hypothesis, quotes, what to be wary of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import shown
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    finding: str = Field(pattern=r"^[Ff][0-9]+$", description="such as F1")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    view = project.finding(desk.journal, arguments.finding)
    record = view.record
    verdict, statement, *rest = shown.finding(desk.journal, view)
    wary = [line for line in rest if line.startswith(("  deviation", "  degraded"))]
    aside = [line for line in rest if line.startswith("  exploratory")]
    lines = [
        *(verdict, statement),
        *wary,  # before anything for which there may be no room
        *(line for line in rest if line not in (*wary, *aside)),
        f"  why         {record.judgement.reason}",
        *([f"  experiment  {record.experiment}"] if record.experiment else []),
        f"  recorded    in {view.campaign}",
        *aside,
    ]
    cites = [record.id, record.hypothesis, record.experiment, view.campaign]
    cites += [record.first.experiment] if record.first else []
    cites += [quote.address for quote in record.quotes]
    return page(lines, *cites), str(record.judgement.verdict)


tell = told
