"""List how likely each hypothesis is held to be: credence, status and statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import credences

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    first: Literal["likeliest", "unlikeliest", "newest"] = Field(
        "likeliest", description="which come first"
    )


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    views, _, beliefs = credences.believed(desk.journal)
    both = list(zip(views, beliefs, strict=True))
    if arguments.first == "newest":
        both.reverse()
    else:
        both.sort(key=lambda one: one[1].credence, reverse=arguments.first == "likeliest")
    lines = [
        f"[{view.record.id}] credence {credences.chance(belief.credence)}, {view.status}: "
        f"{view.record.statement}"
        for view, belief in both
    ]
    cites = [view.record.id for view in views]
    return page(lines or ["nothing is believed: no hypothesis yet"], *cites), f"{len(both)} beliefs"


tell = told
