"""Show an experiment: what was compared and measured, how it ended, the mean of each arm."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import shown
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk
    from scientist.records import Protocol, Trial


class Arguments(BaseModel):
    experiment: str = Field(pattern=r"^[Xx][0-9]+$", description="such as X1")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    view = project.experiment(desk.journal, arguments.experiment)
    protocol = project.protocol(desk.journal, view.protocol_digest)
    about = [
        one.record
        for one in project.findings(desk.journal)
        if view.id in (one.record.experiment, one.record.first and one.record.first.experiment)
    ]
    compared, ran = [], []
    for line in shown.experiment(view, protocol):
        machine = line.startswith(("  protocol", "  ran", "  with"))
        (ran if machine else compared).append(line)
    lines = [
        *compared,
        *_means(protocol, project.trials(desk.journal, view)),
        *(f"  finding     {one.id}: {one.statement}" for one in about),
        *ran,
    ]
    cites = (view.id, view.hypothesis, view.campaign, *(one.id for one in about))
    return page(lines, *cites), f"{view.status}, {view.trials} trials"


def _means(protocol: Protocol, trials: list[Trial]) -> list[str]:
    lines = []
    for arm in dict.fromkeys((protocol.treatment, protocol.control, *protocol.arms)):
        values = [
            trial.metrics[protocol.metric]
            for trial in trials
            if trial.arm == arm and protocol.metric in trial.metrics
        ]
        if values:
            lines.append(f"  mean {protocol.metric} of {arm}: {fmean(values):.6g}")
    return lines


tell = told
