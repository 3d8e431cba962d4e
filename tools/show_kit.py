"""Show a kit: its usual comparison, arms, metrics and settings, and what it cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.audit import shown
from scientist.lab import kits

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk
    from scientist.lab.kits import Kit

Name = Literal[kits.names()]  # type: ignore[valid-type]
PARTS = {
    "arms": ("  by default", "  varies", "  arm"),
    "metrics": ("  metric",),
    "settings": ("  parameter", "  turns at"),
    "about": ("  limits", "  directions"),
}


class Arguments(BaseModel):
    kit: Name = Field(description="name of a kit")
    part: Literal["arms", "metrics", "settings", "about"] = Field(
        "arms", description="about: what it is for and cannot show"
    )


def call(arguments: Arguments, _: Desk) -> tuple[Page, str]:
    kit = kits.load(arguments.kit)
    title, *lines = shown.kit(kit)
    lines = [title, *(line for line in lines if line.startswith(PARTS[arguments.part]))]
    if arguments.part == "arms":
        lines += [f"metrics: {', '.join(kit.metrics)}", f"settings: {', '.join(kit.parameters)}"]
    if arguments.part == "about":
        lines += _paragraphs(kit)
    return page(lines), kit.title


def _paragraphs(kit: Kit) -> list[str]:
    """Its own words; what it cannot show comes before that for which there may be no room."""
    found = [part for part in kit.about.split("\n\n") if part.strip()]
    return sorted(found, key=lambda part: "cannot show" not in " ".join(part.split()))


tell = told
