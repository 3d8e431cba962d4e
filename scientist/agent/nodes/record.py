"""Record: the finding enters the journal, and later the vector store that mirrors it.

It is held against everything that stands before it is written; what clashes with it and how
that is mended enter the journal in the same write.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.nodes.check_consistency import settled
from scientist.agent.state import State
from scientist.events import AssertionMade, Event, FindingRecorded
from scientist.journal import project
from scientist.lab.kits import meaning
from scientist.records import (
    Assertion,
    Attempt,
    Finding,
    Hypothesis,
    Protocol,
    Rung,
    Says,
    Source,
    one_line,
)
from scientist.science import integrity, statement
from scientist.science.consistency import derive
from scientist.science.consistency.examine import examine
from scientist.science.consistency.knowledge import Knowledge, gather


def record(state: State, runtime: Runtime[Bench]) -> State:
    """Bind the verdict to its runs and keep it."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    judgement = settled(state)
    asked = project.hypothesis(bench.journal, protocol.hypothesis)
    hypothesis = asked.record
    first = Attempt.model_validate(state["first"]) if state["first"] else None
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
            meaning=_meaning(bench, protocol) if name else "",
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
                *state["smoke"].get("flags", ()),
                *_written(asked),
            ),
        )
        deviations = integrity.of_finding(bench.journal, finding)
        finding = finding.model_copy(update={"deviations": deviations})
        knowledge = gather(bench.journal)
        opinions = _opinions(hypothesis, state.get("contradicted", []), knowledge)
        asserted = derive.of_finding(hypothesis, finding, protocol.code_hash)
        examined = examine(knowledge, (*opinions, *asserted))
        against = {c.id: None for one in asserted for c in examined.of(one.id)}
        finding = finding.model_copy(update={"conflicts": tuple(against)})
        made = [AssertionMade(assertion=opinion) for opinion in opinions]
        return finding.id, [*made, FindingRecorded(finding=finding), *examined.events]

    finding = bench.effects.once(
        "record",
        state["round"],
        "finding",
        lambda _: None,
        number,
        inputs=state["protocol"],
        on_disk="result",
    )
    return {"findings": [*state.get("findings", []), finding]}


def file(state: State, bench: Bench) -> int:
    """Bring the vector store up to date; returns how many of the findings are in it.

    Embedding takes longer than all else that is done with a finding, so it waits for a time in
    which experiments run, or for the end. What searches by meaning in between brings it up to
    date itself, as the next start does after a crash.
    """
    findings = state.get("findings", [])
    for finding in findings[state.get("filed", 0) :]:
        bench.toolkit.use("record_finding", bench, finding=finding)
    bench.store.sync(bench.journal)
    return len(findings)


def _meaning(bench: Bench, protocol: Protocol) -> str:
    """What the code that ran says of the names in the statement."""
    code = bench.journal.get(protocol.code_hash).decode()
    return meaning(code, protocol.treatment, protocol.control, protocol.metric)


def _written(asked: project.HypothesisView) -> tuple[str, ...]:
    """What has to be said of code that a model wrote."""
    hypothesis = asked.record
    if hypothesis.rung is Rung.KIT:
        return ()
    what = "one arm of the code" if hypothesis.kit else "the code"
    own = f"{what} was written by the model ({hypothesis.rung.value}): {hypothesis.idea}"
    return (own, *asked.review)


def _opinions(
    hypothesis: Hypothesis, contradicted: Sequence[str], knowledge: Knowledge
) -> list[Assertion]:
    """The quoted sentences that the finding likely contradicts, as claims of their essays."""
    number = int(knowledge.next_assertion_id()[1:])
    known = {one.source.address for one in knowledge.said.values() if one.source.kind == "quote"}
    quotes = [q for q in hypothesis.quotes if q.address in contradicted and q.address not in known]
    return [
        Assertion(
            id=f"A{number + place}",
            says=Says.TEXT,
            text=one_line(quote.text),
            source=Source(kind="quote", address=quote.address),
        )
        for place, quote in enumerate(quotes)
    ]
