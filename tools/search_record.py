"""Search findings and essays at once by meaning; returns the nearest of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent import telling

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk, Told
    from scientist.memory.store import Hit


class Arguments(BaseModel):
    query: str = Field(min_length=1, description="what to look for, in plain words")
    limit: int = Field(4, ge=4, le=50, description="how many sentences; of findings half of it")


def call(arguments: Arguments, desk: Desk) -> tuple[list[Hit], str]:
    findings = desk.store.search_findings(arguments.query, arguments.limit // 2)
    sentences = desk.store.search_passages(arguments.query, arguments.limit)
    return [*findings, *sentences], f"{len(findings)} findings, {len(sentences)} sentences"


def tell(hits: list[Hit]) -> Told:
    return telling.told(telling.hits(hits, "nothing is on record yet"))
