"""Put a hypothesis on record to be tested later: one comparison of a kit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from scientist.agent import given
from scientist.agent.telling import Page, page, told
from scientist.events import HypothesisProposed
from scientist.journal import project
from scientist.lab import kits

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk

CHANGES = True
Name = Literal[kits.names()]  # type: ignore[valid-type]


class Arguments(BaseModel):
    kit: Name = Field(description="name of a kit")
    treatment: str = Field("", description="the arm that is tested; empty: the kit's usual one")
    control: str = Field("", description="the arm it is compared with; empty: the usual one")
    metric: str = Field("", description="what is measured; empty: the usual one")
    direction: Literal["", "increase", "decrease"] = Field(
        "", description="what the treatment should do to the metric; empty: as usual"
    )
    settings: str = Field("", description="parameters not at their defaults: name=1, other=0.5")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    asked = given.of_words(arguments.kit, **arguments.model_dump(exclude={"kit"}))
    with desk.journal.locked():
        for view in project.hypotheses(desk.journal):
            if given.same(view.record) == given.same(asked):
                name, said = view.record.id, f"is on record already ({view.status})"
                break
        else:
            name = f"H{desk.journal.count('hypothesis_proposed') + 1}"
            said = "is on record, proposed; launch_test tests it"
            proposed = HypothesisProposed(hypothesis=asked.model_copy(update={"id": name}))
            desk.note(proposed, sync=True)
    return page([f"{name} {said}: {asked.statement}"], name), f"{name} {said}"


tell = told
