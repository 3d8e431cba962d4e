"""Judge: the verdict, computed from the raw trials in the journal. No model is asked."""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.journal import project
from scientist.records import Judgement, Protocol, Verdict
from scientist.science import judge as rules


def judge(state: State, runtime: Runtime[Bench]) -> State:
    """Apply the sealed decision rule."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    if state.get("problems"):
        judgement = Judgement(
            verdict=Verdict.INFEASIBLE,
            reason="the smoke run failed its checks: " + "; ".join(state["problems"]),
        )
    else:
        experiment = project.experiment(bench.journal, state["experiment"])
        ending = ""
        if experiment.status != "done":
            ending = f"the experiment ended as {experiment.status}: {experiment.reason}"
        judgement = rules.judge(protocol, project.trials(bench.journal, experiment), ending)
    return {"judgement": judgement.model_dump(mode="json")}
