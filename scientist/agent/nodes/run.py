"""Run: the measured trials of a sealed protocol, exactly once.

The run folder is named after the effect, so an agent that died finds the very same
folder: finished, still running, stopped or lost. What really ran, and under which
sandbox and limits, is recorded at the end as the supervisor found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, ExperimentFinished, ExperimentStarted
from scientist.journal import project
from scientist.lab.experiments import Outcome
from scientist.lab.sandbox import Limits
from scientist.records import Protocol


def run(state: State, runtime: Runtime[Bench]) -> State:
    """Launch, wait, and record what was measured."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    digest, round_ = state["digest"], state["round"]
    folder = bench.effects.key("run", round_, "measure", digest)

    def announce(_: None) -> tuple[str, Sequence[Event]]:
        name = f"X{bench.journal.count('experiment_started') + 1}"
        event = ExperimentStarted(
            experiment=name,
            hypothesis=protocol.hypothesis,
            protocol_digest=digest,
            run_folder=folder,
            tier=bench.tier.name,
            limits=Limits.of(bench.settings).plain(),
        )
        return name, [event]

    name = bench.effects.once("run", round_, "start", lambda _: None, announce, inputs=digest)
    code = project.sealed_code(bench.journal, digest)

    def measure(_: str) -> Outcome:
        pairs = [(arm, seed) for seed in protocol.seeds for arm in protocol.arms]
        outcome: Outcome = bench.toolkit.use(
            "launch_experiment",
            bench,
            folder=folder,
            code=code,
            parameters=protocol.parameters,
            trials=pairs,
        )
        return outcome

    def record(outcome: Outcome) -> tuple[dict[str, Any], Sequence[Event]]:
        lines = "".join(trial.model_dump_json() + "\n" for trial in outcome.trials)
        blob = bench.journal.put(lines) if outcome.trials else None
        output = f"{outcome.stdout}\n--- stderr ---\n{outcome.stderr}"
        event = ExperimentFinished(
            experiment=name,
            protocol_digest=digest,
            status=outcome.status,
            reason=outcome.reason,
            trials=len(outcome.trials),
            trials_blob=blob,
            output_blob=bench.journal.put(output) if outcome.stdout or outcome.stderr else None,
            environment=outcome.environment,
            seconds=outcome.seconds,
            code_hash=outcome.ran.code_hash,
            runner_hash=outcome.ran.runner_hash,
            parameters=outcome.ran.parameters,
            tier=outcome.ran.tier,
            limits=outcome.ran.limits,
        )
        return {"status": outcome.status, "blob": blob}, [event]

    bench.effects.once("run", round_, "measure", measure, record, inputs=digest)
    return {"experiment": name}
