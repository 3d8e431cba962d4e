"""Ahead: think about the next round while this one's experiments run, and file what is new.

What is asked here is what the next round would ask, under the same names, so that it finds the
answer ready. The last round has no next one, and enough untested proposals are enough. What
weighing and checking a proposal takes is computed here, too, by those who remember it.
"""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent import proposing, valuing
from scientist.agent.bench import Bench
from scientist.agent.nodes.hypothesize import think
from scientist.agent.nodes.record import file
from scientist.agent.nodes.survey import choose
from scientist.agent.state import State
from scientist.errors import BudgetError
from scientist.lab import checks, kits
from scientist.records import Rung


def ahead(state: State, runtime: Runtime[Bench]) -> State:
    """Ask for the next round's proposals; bring the vector store up to date."""
    bench = runtime.context
    next_round = state["round"] + 1
    more = bench.client is not None and next_round <= bench.meter.budget.rounds
    if more and not bench.meter.spent():
        chosen = choose(bench, next_round)
        if len(proposing.untested(bench)) < bench.settings.at_once:
            try:
                think(bench, next_round, chosen["kit"], chosen["passages"])
            except BudgetError as spent:  # what is in flight still comes to its verdict
                bench.explain("ahead", f"no further round is thought about: {spent.message}")
        _prepare(bench, chosen["kit"])
    return {"ahead": state["round"], "filed": file(state, bench)}


def _prepare(bench: Bench, family: str) -> None:
    """Embed the untested proposals; read the code of their kits and of the next round's."""
    untested = proposing.untested(bench)
    bench.store.embed([valuing.text(one) for one in untested])
    for name in {family, *(one.kit for one in untested if one.kit and one.rung is Rung.KIT)}:
        checks.check_code(kits.load(name).code, bench.settings.libraries)
