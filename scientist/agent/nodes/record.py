"""Record: the finding enters the journal, then the vector store that mirrors it."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, ExperimentFinished, FindingRecorded
from scientist.journal import project
from scientist.records import Finding, Judgement, Protocol
from scientist.science import protocol as protocols
from scientist.science import statement


def record(state: State, runtime: Runtime[Bench]) -> State:
    """Bind the verdict to its run and keep it."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    judgement = Judgement.model_validate(state["judgement"])
    hypothesis = project.hypothesis(bench.journal, protocol.hypothesis).record
    name = "" if state.get("problems") else state["experiment"]
    deviations: tuple[str, ...] = ()
    blob = None
    if name:
        experiment = project.experiment(bench.journal, name)
        blob = experiment.trials_blob
        ran = _finished(bench, name)
        deviations = protocols.deviations(
            protocol,
            project.trials(bench.journal, experiment),
            code_hash=ran.code_hash,
            runner_hash=ran.runner_hash,
            parameters=ran.parameters,
        )

    def number(_: None) -> tuple[str, Sequence[Event]]:
        finding = Finding(
            id=f"F{bench.journal.count('finding_recorded') + 1}",
            hypothesis=hypothesis.id,
            experiment=name,
            protocol_digest=state.get("digest", "") if name else "",
            trials_blob=blob,
            statement=statement.render(hypothesis, judgement),
            metric=protocol.metric,
            treatment=protocol.treatment,
            control=protocol.control,
            direction=protocol.direction,
            smallest_effect=protocol.smallest_effect,
            judgement=judgement,
            quotes=hypothesis.quotes,
            deviations=deviations,
            degradations=project.degradations(bench.journal, bench.campaign),
        )
        return finding.id, [FindingRecorded(finding=finding)]

    finding = bench.effects.once(
        "record", state["round"], "finding", lambda _: None, number, inputs=state["protocol"]
    )
    bench.toolkit.use("record_finding", bench, finding=finding)
    return {"findings": [*state.get("findings", []), finding]}


def _finished(bench: Bench, name: str) -> ExperimentFinished:
    """How an experiment ended, and what the supervisor found that it ran."""
    entries = bench.journal.entries("experiment_finished", campaign=bench.campaign)
    data = next(entry.data for entry in entries if entry.data["experiment"] == name)
    return ExperimentFinished.model_validate(data)
