"""Explain how likely a hypothesis is held to be: each finding that moved it, how far, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import credences
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    about: str = Field(
        pattern=r"^[HhFf][0-9]+$", description="a hypothesis such as H1, or a finding about it"
    )


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    name = arguments.about.upper()
    if name.startswith("F"):
        name = project.finding(desk.journal, name).record.hypothesis
    name = project.hypothesis(desk.journal, name).record.id
    views, found, beliefs = credences.believed(desk.journal)
    view, belief = next(
        pair for pair in zip(views, beliefs, strict=True) if pair[0].record.id == name
    )
    statements = {one.record.id: one.record.statement for one in found}
    lines = credences.told(view, belief, statements)
    if not belief.steps:
        lines.append("no finding bears on it yet")
    moved = [one for step in belief.steps for one in (step.finding, step.experiment)]
    return page(lines, name, *moved), f"credence {credences.chance(belief.credence)}"


tell = told
