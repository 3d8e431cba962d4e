"""Keep a recorded finding in the vector store, so that it can be found by meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from scientist.agent.bench import Bench


class Arguments(BaseModel):
    finding: str = Field(pattern=r"^F\d+$", description="id of a finding in the journal")


def call(arguments: Arguments, bench: Bench) -> tuple[int, str]:
    added = bench.store.sync(bench.journal)
    return added, f"{arguments.finding} kept; {added} records added to the store"
