"""Search findings and essays at once by meaning; returns what is nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent import telling

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk, Told
    from scientist.memory.store import Hit


class Arguments(BaseModel):
    query: str = Field(min_length=1, description="what to look for, in plain words")
    limit: int = Field(5, ge=3, le=50, description="how many to return")


def call(arguments: Arguments, desk: Desk) -> tuple[list[Hit], str]:
    findings = desk.store.search_findings(arguments.query, arguments.limit)
    sentences = desk.store.search_passages(arguments.query, arguments.limit)
    hits = sorted((*findings, *sentences), key=lambda hit: hit.distance)[: arguments.limit]
    found = sum(hit in findings for hit in hits)
    return hits, f"{found} findings, {len(hits) - found} sentences"


def tell(hits: list[Hit]) -> Told:
    return telling.told(telling.hits(hits, "nothing is on record yet"))
