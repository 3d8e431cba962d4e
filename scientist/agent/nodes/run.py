"""Run: the measured trials of a sealed protocol, exactly once, look by look.

What `launch` started is waited for here, the test that was launched first before the others. The
run folders are named after the effect, so an agent that died finds the very same folder:
finished, still running, stopped or lost. After each look the sealed rule says whether to go on.
What really ran, and under which sandbox and limits, is recorded at the end as the supervisors
found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, ExperimentFinished, Looked
from scientist.journal import project
from scientist.lab.experiments import Outcome, common
from scientist.lab.ran import Ran, joined
from scientist.records import Protocol
from scientist.science import judge as rules


def run(state: State, runtime: Runtime[Bench]) -> State:
    """Take the test that was launched first in hand; wait, look, and record what was measured."""
    bench = runtime.context
    test, *flight = state["flight"]
    protocol = Protocol.model_validate(test["protocol"])
    digest, round_, name = test["digest"], state["round"], test["experiment"]
    folder = run_folder(bench, round_, digest)
    parts: list[dict[str, Any]] = []
    for look, until in enumerate(protocol.looks):
        where = f"{folder}-{look + 1}"
        parts.append(_measure(bench, protocol, digest, round_, name, where, parts, until))
        if parts[-1]["status"] != "done" or parts[-1]["stop"]:
            break
    bench.effects.once(
        "run",
        round_,
        "finish",
        lambda _: None,
        lambda _: (None, [_finished(bench, name, digest, parts)]),
        inputs=digest,
        on_disk="later",
    )
    return {**test, "flight": flight}  # type: ignore[typeddict-item]


def run_folder(bench: Bench, round_: int, digest: str) -> str:
    """What the folders of a sealed protocol's run are called; each look adds its number."""
    return bench.effects.key("run", round_, "measure", digest)


def due(protocol: Protocol, begun: int, until: int) -> list[tuple[str, int]]:
    """The trials of one look."""
    return [(arm, seed) for seed in protocol.seeds[begun:until] for arm in protocol.arms]


def _measure(
    bench: Bench,
    protocol: Protocol,
    digest: str,
    round_: int,
    name: str,
    folder: str,
    before: Sequence[dict[str, Any]],
    until: int,
) -> dict[str, Any]:
    """The pairs of one look, and what the rule says after them."""
    begun = protocol.looks[len(before) - 1] if before else 0

    def launch(_: str) -> Outcome:
        outcome: Outcome = bench.toolkit.use(
            "launch_experiment",
            bench,
            folder=folder,
            code=project.sealed_code(bench.journal, digest),
            parameters=protocol.parameters,
            trials=due(protocol, begun, until),
            script=bool(protocol.data_hash),
        )
        return outcome

    def record(outcome: Outcome) -> tuple[dict[str, Any], Sequence[Event]]:
        lines = project.trial_lines(outcome.trials)
        output = f"{outcome.stdout}\n--- stderr ---\n{outcome.stderr}"
        part: dict[str, Any] = {
            "status": outcome.status,
            "reason": outcome.reason,
            "stop": "",
            "blob": bench.journal.put(lines) if outcome.trials else None,
            "output": bench.journal.put(output) if outcome.stdout or outcome.stderr else None,
            "environment": outcome.environment,
            "seconds": outcome.seconds,
            "restarts": outcome.restarts,
            "ran": asdict(outcome.ran),
        }
        if outcome.status != "done" or until == len(protocol.seeds):
            return part, []
        measured = [
            t for one in (*before, part) for t in project.raw_trials(bench.journal, one["blob"])
        ]
        pairs, _ = rules.reached(protocol, measured)
        part["stop"] = rules.stop(protocol, pairs[:until])
        looked = Looked(
            experiment=name,
            protocol_digest=digest,
            pairs=until,
            stop=str(part["stop"]),
            trials_blob=part["blob"],
        )
        return part, [looked]

    part: dict[str, Any] = bench.effects.once(
        "run", round_, f"measure {until}", launch, record, inputs=digest
    )
    return part


def _finished(
    bench: Bench, name: str, digest: str, parts: Sequence[dict[str, Any]]
) -> ExperimentFinished:
    """All looks together as one experiment; a look that ran under something else shows."""
    lines = b"".join(bench.journal.get(part["blob"]) for part in parts if part["blob"])
    output = b"".join(bench.journal.get(part["output"]) for part in parts if part["output"])
    ran = asdict(joined([Ran(**part["ran"]) for part in parts]))
    return ExperimentFinished(
        experiment=name,
        protocol_digest=digest,
        status=parts[-1]["status"],
        reason=parts[-1]["reason"] or parts[-1]["stop"],
        trials=lines.count(b"\n"),
        trials_blob=bench.journal.put(lines) if lines else None,
        output_blob=bench.journal.put(output) if output else None,
        environment=common([part["environment"] for part in parts]),
        seconds=round(sum(part["seconds"] for part in parts), 4),
        restarts=sum(part.get("restarts", 0) for part in parts),
        **ran,
    )
