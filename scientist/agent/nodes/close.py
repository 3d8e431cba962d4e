"""Close: the one event that says a campaign is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.nodes.record import file
from scientist.agent.state import State
from scientist.events import CampaignClosed, Event


def close(state: State, runtime: Runtime[Bench]) -> State:
    """Write why the campaign ended and what it found."""
    bench = runtime.context
    outcome, reason = ending(state, bench)
    if not outcome:  # it ended here before, and then its budget was raised
        return {"outcome": "", "reason": ""}
    filed = file(state, bench)
    budget = bench.meter.budget.model_dump(mode="json")

    def record(_: None) -> tuple[list[str], Sequence[Event]]:
        event = CampaignClosed(
            outcome=outcome,
            reason=reason,
            rounds=state["round"],
            findings=tuple(state.get("findings", [])),
            grown_bytes=bench.meter.grown,
        )
        return [outcome, reason], [event]

    outcome, reason = bench.effects.once(
        "close", state["round"], "end", lambda _: None, record, inputs=budget
    )
    return {"outcome": outcome, "reason": reason, "filed": filed}


BARREN_ROUNDS = 2


def ending(state: State, bench: Bench) -> tuple[Any, str]:
    """Outcome and reason if the campaign is over after this round, else empty."""
    if settled := state.get("settled", ""):
        return "completed", f"{settled} answers the question, in the model's reading"
    if state.get("barren", 0) >= BARREN_ROUNDS:
        return "exhausted", f"{BARREN_ROUNDS} rounds in a row gave no hypothesis that passed"
    if state["round"] >= bench.meter.budget.rounds:
        rounds = bench.meter.budget.rounds
        return "completed", f"all {rounds} rounds are done" if rounds > 1 else "1 round is done"
    if spent := bench.meter.spent():
        return "budget", spent
    return "", ""
