"""Follow a campaign: whether it runs, what was measured so far, what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent import launching
from scientist.agent.telling import Page, page, told
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    campaign: str = Field(pattern=r"^[Cc][0-9]+$", description="such as C1")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    seen = launching.follow(desk.workspace, desk.journal, arguments.campaign)
    name = seen.campaign
    doing = f", at {seen.phase}" if seen.state == "running" and seen.phase else ""
    why = f": {seen.reason}" if seen.reason else ""
    lines = [f"{name} {'runs' if seen.state == 'running' else f'has {seen.state}'}{doing}{why}"]
    lines += [
        f"{one.experiment} {one.status}: {one.trials} of {one.planned} trials measured"
        for one in seen.measuring
    ]
    for finding in seen.findings:
        record = project.finding(desk.journal, finding).record
        lines.append(f"[{finding}] {record.judgement.verdict}: {record.statement}")
    lines += [f"its process said: {line}" for line in seen.said]
    if seen.state == "stopped":
        lines.append(f"to go on: scientist run --resume {name}")
    cites = (name, *(one.experiment for one in seen.measuring), *seen.findings)
    return page(lines, *cites), f"{name} {seen.state}, {len(seen.findings)} findings"


tell = told
