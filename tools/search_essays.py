"""Search the essays by meaning; returns sentences with their addresses, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from scientist.agent.bench import Bench
    from scientist.memory.store import Hit


class Arguments(BaseModel):
    query: str = Field(min_length=1, description="what to look for, in plain words")
    limit: int = Field(8, ge=1, le=100, description="how many sentences to return")
    essays: list[str] | None = Field(
        None, min_length=1, description="only in these essays, by id; all if left out"
    )


def call(arguments: Arguments, bench: Bench) -> tuple[list[Hit], str]:
    hits = bench.store.search_passages(arguments.query, arguments.limit, arguments.essays)
    return hits, f"{len(hits)} sentences"
