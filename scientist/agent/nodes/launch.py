"""Launch: a sealed protocol's first trials begin, in processes of their own.

Nobody waits here: while they run, the model may write the next code or think about the next
round, and other experiments run beside them. `run` collects what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.nodes.run import due, run_folder
from scientist.agent.state import State, Test, in_hand
from scientist.events import Event, ExperimentStarted
from scientist.journal import project
from scientist.lab.sandbox import Limits
from scientist.records import Protocol


def launch(state: State, runtime: Runtime[Bench]) -> State:
    """Announce the experiment, start its first look, and put the test among those in flight."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    digest, round_ = state["digest"], state["round"]
    folder = run_folder(bench, round_, digest)

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

    name: str = bench.effects.once(
        "launch", round_, "start", lambda _: None, announce, inputs=digest, on_disk="result"
    )
    until = protocol.looks[0]
    if not bench.effects.known("run", round_, f"measure {until}", digest):
        bench.toolkit.use(
            "launch_experiment",
            bench,
            folder=f"{folder}-1",
            code=project.sealed_code(bench.journal, digest),
            parameters=protocol.parameters,
            trials=due(protocol, 0, until),
            script=bool(protocol.data_hash),
            wait=False,
        )
    launched: Test = {**in_hand(state), "experiment": name}
    return {"flight": [*state.get("flight", []), launched]}
