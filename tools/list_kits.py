"""List the kits, ready experiment families; the nearest in meaning first if words are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.choosing import nearness
from scientist.agent.telling import Page, page, told
from scientist.lab.kits import all_kits

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk

NEAREST = 5


class Arguments(BaseModel):
    about: str = Field("", description="what the experiment should be about; empty: all kits")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    kits = all_kits()
    if not arguments.about.strip():
        said = [", ".join(kit.name for kit in kits), "words in `about` find the nearest of them"]
        return page(said), f"{len(kits)} kits"
    near = nearness(arguments.about, kits, desk.store.embed)
    found = sorted(kits, key=lambda kit: -near[kit.name])[:NEAREST]
    return page([f"{kit.name}: {kit.title}. {kit.summary}" for kit in found]), f"{len(found)} kits"


tell = told
