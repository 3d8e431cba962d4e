"""Search the essays by meaning; returns sentences with their addresses, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.agent import telling
from scientist.errors import UsageError
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.agent.toolkit import Desk, Told
    from scientist.memory.store import Hit


class Arguments(BaseModel):
    query: str = Field(min_length=1, description="what to look for, in plain words")
    limit: int = Field(8, ge=3, le=100, description="how many sentences to return")
    essays: list[str] | None = Field(
        None, min_length=1, description="only in these essays, by id; all if left out"
    )


def call(arguments: Arguments, desk: Desk) -> tuple[list[Hit], str]:
    wanted = None
    if arguments.essays is not None:
        wanted = [name.upper() for name in arguments.essays]
        known = {essay.id for essay in project.essays(desk.journal)}
        if strange := [name for name in wanted if name not in known]:
            raise UsageError(f"there is no essay {strange[0]}", "scientist corpus list")
    hits = desk.store.search_passages(arguments.query, arguments.limit, wanted)
    return hits, f"{len(hits)} sentences"


def tell(hits: list[Hit]) -> Told:
    return telling.told(telling.hits(hits, "no essay has a sentence yet"))
