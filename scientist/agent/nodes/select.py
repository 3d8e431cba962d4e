"""Select: which of all untested proposals to test in this round. Code decides.

Proposals of earlier rounds that had no turn stay alive. What is listed first is no better: the
order is drawn before equals are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent import proposing, valuing
from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, HypothesisSelected


def select(state: State, runtime: Runtime[Bench]) -> State:
    """Queue the candidates that are worth most."""
    bench = runtime.context
    round_ = state["round"]

    def weigh(_: str) -> list[dict[str, Any]]:
        pool = proposing.untested(bench)
        bench.chance("select", round_).shuffle(pool)
        ranked = valuing.rank(bench, pool, bench.settings.at_once)
        return [{"id": one.id, "of": len(pool), "parts": value.plain()} for one, value in ranked]

    def record(chosen: list[dict[str, Any]]) -> tuple[list[str], Sequence[Event]]:
        events = [
            HypothesisSelected(
                hypothesis=one["id"],
                reason=f"worth most of {one['of'] - place} untested"
                if place == 0
                else f"next of {one['of']} untested, beside {chosen[0]['id']}",
                scores=one["parts"],
            )
            for place, one in enumerate(chosen)
        ]
        return [one["id"] for one in chosen], events

    return {"queue": bench.effects.once("select", round_, "choose", weigh, record, on_disk="later")}
