"""Judge: the verdict, computed from the raw trials in the journal. No model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, Judged
from scientist.journal import project
from scientist.records import Judgement, Protocol, Verdict
from scientist.science import judge as rules


def judge(state: State, runtime: Runtime[Bench]) -> State:
    """Apply the sealed decision rule."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    if state.get("problems"):
        judgement = Judgement(verdict=Verdict.INFEASIBLE, reason="; ".join(state["problems"]))
        return {"judgement": judgement.model_dump(mode="json")}
    name, digest = state["experiment"], state["digest"]

    def decide(_: str) -> Judgement:
        experiment = project.experiment(bench.journal, name)
        ending = ""
        if experiment.status != "done":
            ending = f"the experiment ended as {experiment.status}: {experiment.reason}"
        return rules.judge(protocol, project.trials(bench.journal, experiment), ending)

    def record(judgement: Judgement) -> tuple[dict[str, Any], Sequence[Event]]:
        event = Judged(experiment=name, protocol_digest=digest, judgement=judgement)
        return judgement.model_dump(mode="json"), [event]

    return {
        "judgement": bench.effects.once(
            "judge", state["round"], "decide", decide, record, inputs=digest, on_disk="later"
        )
    }
