"""Search findings and essays at once by meaning; returns the nearest of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent import telling

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk, Told
    from scientist.memory.store import Hit


FINDINGS, SENTENCES = 2, 4


class Arguments(BaseModel):
    query: str = Field(min_length=1, description="the question")


def call(arguments: Arguments, desk: Desk) -> tuple[list[Hit], str]:
    findings = desk.store.search_findings(arguments.query, FINDINGS)
    sentences = desk.store.search_passages(arguments.query, SENTENCES)
    return [*findings, *sentences], f"{len(findings)} findings, {len(sentences)} sentences"


def tell(hits: list[Hit]) -> Told:
    return telling.told(telling.hits(hits, "nothing is on record yet"))
