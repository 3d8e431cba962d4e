"""Plot what a finding rests on, every seed of every arm, into an SVG file of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit.drawing import trial_plot
from scientist.errors import UsageError
from scientist.journal import project
from scientist.workspace import explain, save

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    finding: str = Field(pattern=r"^[Ff][0-9]+$", description="such as F1")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    record = project.finding(desk.journal, arguments.finding).record
    if not record.experiment:
        raise UsageError(
            f"{record.id} was never measured, so there is nothing to draw",
            f"scientist finding show {record.id}",
        )
    protocol = project.protocol(desk.journal, record.protocol_digest)
    trials = project.raw_trials(desk.journal, record.trials_blob)
    drawn = trial_plot.draw(record.id, protocol, trials, record.judgement)
    file = desk.workspace.reports / f"{record.id}.svg"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save(file, drawn)
    except OSError as fault:
        raise explain(fault, file) from fault
    said = f"every seed of {record.experiment}, behind {record.id}, is drawn in {file}"
    return page([said], record.id, record.experiment), str(file)


tell = told
