"""Show a hypothesis: its statement, where it came from, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import shown
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    hypothesis: str = Field(pattern=r"^[Hh][0-9]+$", description="such as H1")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    view = project.hypothesis(desk.journal, arguments.hypothesis)
    record = view.record
    found = [one.record.id for one in project.findings(desk.journal)]
    quoted = [quote.address for quote in record.quotes]
    lines = shown.hypothesis(desk.journal, view)
    return page(lines, record.id, view.campaign, *quoted, *found), view.status


tell = told
