"""Write code: take the next hypothesis of the queue, and see that there is code to test it.

A kit needs none. Otherwise the model writes it (`agent/coding.py`); what it cannot write is
tried a rung lower, as a hypothesis of its own. Below the last rung the test is infeasible, and
that is recorded like any other result. Those that wait for their turn are written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent import coding
from scientist.agent.affording import lacking
from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import BudgetError
from scientist.journal import project
from scientist.records import Hypothesis, Rung


def write_code(state: State, runtime: Runtime[Bench]) -> State:
    """Take a hypothesis in hand; its code is in the record when this ends, or why there is none."""
    bench = runtime.context
    name, *queue = state["queue"]
    update: State = {"queue": queue, "problems": [], "first": {}, "smoke": {}, "declined": False}
    while True:
        hypothesis = project.hypothesis(bench.journal, name).record
        if short := lacking(bench, state["round"], hypothesis, bool(state.get("flight"))):
            bench.explain("write_code", f"{name} is not tested: {short}")
            return {**update, "hypothesis": name, "declined": True}
        # what was cut off while it was written beside others is taken up where it stands
        begun = bench.effects.known("write_code", state["round"], "write", name)
        if hypothesis.rung is Rung.KIT or (hypothesis.code_hash and not begun):
            return {**update, "hypothesis": name}
        try:
            written = coding.write(bench, state["round"], hypothesis, _beside(bench, queue))
        except BudgetError as spent:
            bench.explain("write_code", f"{name} is not tested: {spent.message}")
            return {**update, "hypothesis": name, "declined": True}
        if written["code_hash"]:
            return {**update, "hypothesis": name}
        if not written["instead"]:
            return {**update, "hypothesis": name, "problems": [written["problem"]]}
        name = written["instead"]


def _beside(bench: Bench, queue: Sequence[str]) -> list[Hypothesis]:
    """The hypotheses of the queue that need code, too.

    A budget of trials is spent in order: what is tried out for one must not cost another its test.
    """
    if bench.meter.budget.trials is not None:
        return []
    waiting = [project.hypothesis(bench.journal, name).record for name in queue]
    return [one for one in waiting if one.rung is not Rung.KIT and not one.code_hash]
