"""Search recorded findings by meaning; returns their statements, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent import telling

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk, Told
    from scientist.memory.store import Hit


class Arguments(BaseModel):
    query: str = Field(min_length=1, description="what to look for, in plain words")
    limit: int = Field(5, ge=3, le=50, description="how many findings to return")


def call(arguments: Arguments, desk: Desk) -> tuple[list[Hit], str]:
    hits = desk.store.search_findings(arguments.query, arguments.limit)
    return hits, f"{len(hits)} findings"


def tell(hits: list[Hit]) -> Told:
    return telling.told(telling.hits(hits, "nothing was found out yet"))
