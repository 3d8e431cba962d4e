"""Show a sentence of an essay by its address, with the sentences around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent.telling import Page, page, told
from scientist.corpus.store import around

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk


class Arguments(BaseModel):
    address: str = Field(pattern=r"^[Ee][0-9]+:[0-9]+$", description="such as E3:45")
    around: int = Field(2, ge=0, le=5, description="how many sentences before and after")


def call(arguments: Arguments, desk: Desk) -> tuple[Page, str]:
    title, sentences = around(desk.journal, arguments.address, arguments.around)
    lines = [f"from “{title}”", *(f'[{one.address}] "{one.text}"' for one in sentences)]
    return page(lines, *(one.address for one in sentences)), f"{len(sentences)} sentences"


tell = told
