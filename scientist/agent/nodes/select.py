"""Select: which candidate to test next, by how new it is. Code decides.

Novelty is the distance in meaning to everything tested before; ties are broken by
a seeded draw, so that being first in the model's list is no advantage.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, HypothesisSelected
from scientist.journal import project
from scientist.memory.embedding import similarity


def select(state: State, runtime: Runtime[Bench]) -> State:
    """Choose one of this round's candidates."""
    bench = runtime.context
    round_ = state["round"]
    hypotheses = project.hypotheses(bench.journal)
    known = {h.record.id: h.record for h in hypotheses}
    names = list(state["candidates"])

    def weigh(_: str) -> dict[str, float]:
        tested = [h.record.statement for h in hypotheses if h.status != "proposed"]
        vectors = bench.store.embed([*(known[n].statement for n in names), *tested])
        mine, others = vectors[: len(names)], vectors[len(names) :]
        return {
            name: round(1 - max((similarity(vector, other) for other in others), default=0.0), 6)
            for name, vector in zip(names, mine, strict=True)
        }

    def record(scores: dict[str, float]) -> tuple[str, Sequence[Event]]:
        order = list(names)
        bench.chance("select", round_).shuffle(order)
        best = max(order, key=lambda name: scores[name])
        reason = f"newest of {len(order)} candidates (distance {scores[best]:.2f} to all tested)"
        return best, [HypothesisSelected(hypothesis=best, reason=reason, scores=scores)]

    return {"hypothesis": bench.effects.once("select", round_, "choose", weigh, record)}
