"""Design: turn the chosen hypothesis into a protocol, not yet sealed."""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.journal import project
from scientist.lab import kits
from scientist.lab.experiments import runner_hash
from scientist.science import protocol


def design(state: State, runtime: Runtime[Bench]) -> State:
    """Fix arms, metric, seeds, test and error before anything is measured."""
    bench = runtime.context
    hypothesis = project.hypothesis(bench.journal, state["hypothesis"]).record
    kit = kits.load(hypothesis.kit)
    plan = protocol.plan(
        hypothesis,
        pairs=bench.settings.pairs,
        alpha=bench.settings.alpha,
        code_hash=kit.code_hash,
        runner_hash=runner_hash(),
    )
    return {"protocol": plan.model_dump(mode="json")}
