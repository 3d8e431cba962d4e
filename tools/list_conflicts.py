"""List conflicts between claims, the open ones first: who says what, why not all can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import cards

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    which: Literal["all", "open"] = Field("all", description="also those that were mended, or not")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    from scientist.science.consistency.examine import examine
    from scientist.science.consistency.knowledge import gather

    before = gather(desk.journal)
    now = examine(before).after
    standing = {one.id for one in now.open_conflicts}
    found = sorted(now.conflicts.values(), key=lambda one: one.id not in standing)
    if arguments.which == "open":
        found = [one for one in found if one.id in standing]
    lines: list[str] = []
    cites: list[str] = []
    for one in found:
        title, *rest = cards.card(one, now)
        lines += [title if one.id in before.conflicts else f"{title} (not on record yet)", *rest]
        cites += [*one.members, *(now.standing(name).said.source.address for name in one.members)]
    kind = "open conflict" if arguments.which == "open" else "conflict"
    summary = f"{len(found)} conflicts, {len(standing)} open"
    return page(lines or [f"no {kind} among {len(now.said)} claims"], *cites), summary


tell = told
