"""Confirm: what a first run supported is tested again, on seeds that nobody has seen."""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.journal import project
from scientist.records import Attempt, Judgement


def confirm(state: State, runtime: Runtime[Bench]) -> State:
    """Keep the first attempt and go back to seal a second protocol of the same question."""
    bench = runtime.context
    judgement = Judgement.model_validate(state["judgement"])
    first = Attempt(
        experiment=state["experiment"],
        protocol_digest=state["digest"],
        trials_blob=project.experiment(bench.journal, state["experiment"]).trials_blob,
        judgement=judgement,
    )
    bench.explain(
        "confirm",
        f"{first.experiment} supports it (p = {judgement.overall_p:.2g} over "
        f"{judgement.pairs} pairs); one more run on fresh seeds decides",
    )
    return {"first": first.model_dump(mode="json")}
