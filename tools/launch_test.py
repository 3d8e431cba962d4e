"""Launch a test of a hypothesis on record, or of a kit's comparison; it runs on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from scientist.agent import given, launching
from scientist.agent.telling import Page, page, told
from scientist.errors import UsageError
from scientist.journal import project
from scientist.lab import kits

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk

CHANGES = True
Name = Literal[("", *kits.names())]  # type: ignore[valid-type]


class Arguments(BaseModel):
    hypothesis: str = Field(
        "", pattern=r"^([Hh][0-9]+)?$", description="such as H1; empty: the kit's comparison below"
    )
    kit: Name = Field("", description="name of a kit; empty: the hypothesis above")
    treatment: str = Field("", description="the arm that is tested; empty: the kit's usual one")
    control: str = Field("", description="the arm it is compared with; empty: the usual one")
    metric: str = Field("", description="what is measured; empty: the usual one")
    direction: Literal["", "increase", "decrease"] = Field(
        "", description="what the treatment should do to the metric; empty: as usual"
    )
    settings: str = Field("", description="parameters not at their defaults: name=1, other=0.5")
    pairs: int = Field(0, ge=0, le=1000, description="seeds; 0: as many as a short look suggests")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    chosen = arguments.model_dump(exclude={"hypothesis", "kit", "pairs"})
    if bool(arguments.hypothesis) == bool(arguments.kit):
        raise UsageError("either a hypothesis or a kit is tested", "scientist hypothesis list")
    if arguments.hypothesis:
        if any(chosen.values()):
            raise UsageError(
                f"{arguments.hypothesis} says itself what is compared", "scientist kit run KIT"
            )
        asked = project.hypothesis(desk.journal, arguments.hypothesis).record
    else:
        asked = given.of_words(arguments.kit, **chosen)
    begun = launching.launch(desk.workspace, desk.journal, asked, arguments.pairs or None)
    name = begun.campaign
    lines = [
        f"{name} {'tests' if begun.begun else 'already tests'} {begun.hypothesis}: "
        f"{begun.statement}",
        f"it runs by itself; follow_test {name} tells how it fares, its output: {begun.output}",
    ]
    return page(lines, name, begun.hypothesis), f"{name} tests {begun.hypothesis}"


tell = told
