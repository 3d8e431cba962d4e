"""Ahead: think about the next round while this one's experiments run, and file what is new.

What is asked here is what the next round would ask, under the same names, so that it finds the
answer ready. The last round has no next one, and enough untested proposals are enough.
"""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent import proposing
from scientist.agent.bench import Bench
from scientist.agent.nodes.hypothesize import think
from scientist.agent.nodes.survey import choose
from scientist.agent.state import State
from scientist.errors import BudgetError


def ahead(state: State, runtime: Runtime[Bench]) -> State:
    """Ask for the next round's proposals; bring the vector store up to date."""
    bench = runtime.context
    next_round = state["round"] + 1
    wanted = (
        bench.client is not None
        and next_round <= bench.meter.budget.rounds
        and not bench.meter.spent()
        and len(proposing.untested(bench)) < bench.settings.at_once
    )
    if wanted:
        try:
            chosen = choose(bench, next_round)
            think(bench, next_round, chosen["kit"], chosen["passages"])
        except BudgetError as spent:  # what is in flight still comes to its verdict
            bench.explain("ahead", f"no further round is thought about: {spent.message}")
    bench.store.sync(bench.journal)
    return {"ahead": state["round"]}
