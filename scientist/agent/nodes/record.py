"""Record: the finding enters the journal, then the vector store that mirrors it."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, FindingRecorded
from scientist.journal import project
from scientist.records import Attempt, Finding, Judgement, Protocol
from scientist.science import integrity, judge, statement


def record(state: State, runtime: Runtime[Bench]) -> State:
    """Bind the verdict to its runs and keep it."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    judgement = Judgement.model_validate(state["judgement"])
    hypothesis = project.hypothesis(bench.journal, protocol.hypothesis).record
    first = Attempt.model_validate(state["first"]) if state["first"] else None
    if first is not None:
        judgement = judge.settle(first.judgement, judgement)
    name = "" if state["problems"] else state["experiment"]

    def number(_: None) -> tuple[str, Sequence[Event]]:
        blob = project.experiment(bench.journal, name).trials_blob if name else None
        finding = Finding(
            id=f"F{bench.journal.count('finding_recorded') + 1}",
            hypothesis=hypothesis.id,
            experiment=name,
            protocol_digest=state["digest"] if name else "",
            trials_blob=blob,
            statement=statement.render(hypothesis, judgement, protocol.level),
            claim=statement.claim(hypothesis, protocol, judgement, name) if name else None,
            metric=protocol.metric,
            treatment=protocol.treatment,
            control=protocol.control,
            direction=protocol.direction,
            smallest_effect=protocol.smallest_effect,
            judgement=judgement,
            first=first,
            quotes=hypothesis.quotes,
            degradations=(
                *project.degradations(bench.journal, bench.campaign),
                *state["smoke"]["flags"],
            ),
        )
        deviations = integrity.of_finding(bench.journal, finding)
        finding = finding.model_copy(update={"deviations": deviations})
        return finding.id, [FindingRecorded(finding=finding)]

    finding = bench.effects.once(
        "record", state["round"], "finding", lambda _: None, number, inputs=state["protocol"]
    )
    bench.toolkit.use("record_finding", bench, finding=finding)
    return {"findings": [*state.get("findings", []), finding]}
