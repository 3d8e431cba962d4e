"""Design: turn the chosen hypothesis into a protocol, not yet sealed."""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.journal import project
from scientist.lab import kits
from scientist.lab.experiments import runner_hash
from scientist.records import Rung
from scientist.science import protocol

MOST_ARMS = 4


def design(state: State, runtime: Runtime[Bench]) -> State:
    """Fix arms, metric, test and error before anything is measured.

    How many pairs, on which seeds, at what level of the shared error budget is fixed at the
    seal, after the smoke run. Until then the draft has the fewest.
    """
    bench = runtime.context
    hypothesis = project.hypothesis(bench.journal, state["hypothesis"]).record
    kit = kits.load(hypothesis.kit) if hypothesis.kit else None
    as_it_is = hypothesis.rung is Rung.KIT
    alpha = bench.settings.alpha
    plan = protocol.plan(
        hypothesis,
        pairs=protocol.least_pairs(alpha),
        alpha=alpha,
        level=alpha,
        code_hash=kit.code_hash if kit and as_it_is else hypothesis.code_hash,
        runner_hash=runner_hash(),
        data_hash=hypothesis.data_hash,
        arms=tuple(kit.arms)[:MOST_ARMS] if kit else (),
    )
    return {"protocol": plan.model_dump(mode="json")}
