"""Check consistency: does the new finding contradict what was said before?

Typed claims are held against each other by exact rules where the finding is recorded, in the
same write. Here the model reads what only a reader can: the essays' sentences that led to the
hypothesis, and the stated sentences nearest to the finding. A model that cannot be asked costs
this check, and the finding says so; it never costs the finding.
"""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from scientist.agent import relations
from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import BudgetError, ContextError, EndpointError, ModelOutputError
from scientist.journal import project
from scientist.memory.documents import ASSERTIONS
from scientist.records import Hypothesis, Judgement, Protocol
from scientist.science import judge, statement
from scientist.science.consistency.examine import LIKELY


def check_consistency(state: State, runtime: Runtime[Bench]) -> State:
    """Ask the model how the finding bears on what essays and people say."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    judgement = settled(state)
    hypothesis = project.hypothesis(bench.journal, protocol.hypothesis).record

    def ask(_: str) -> list[str]:
        if state["problems"] or not judgement.verdict.decides or not bench.settings.judgements:
            return []
        said = statement.plain(hypothesis, judgement)
        try:
            return _contradicted(bench, hypothesis, said)
        except (BudgetError, ContextError, EndpointError, ModelOutputError) as fault:
            bench.degrade("consistency with sentences", fault.message)
            return []

    found = bench.effects.once(
        "check_consistency",
        state["round"],
        "judge",
        ask,
        inputs=[state["hypothesis"], state["judgement"]],
        on_disk="result",
    )
    return {"contradicted": found}


def settled(state: State) -> Judgement:
    """The judgement that the finding will carry."""
    judgement = Judgement.model_validate(state["judgement"])
    if not state["first"]:
        return judgement
    return judge.settle(Judgement.model_validate(state["first"]["judgement"]), judgement)


def _contradicted(bench: Bench, hypothesis: Hypothesis, said: str) -> list[str]:
    """The addresses of quoted sentences that the finding likely contradicts."""
    if bench.client is None:
        return []
    shared: dict[str, Any] = {"campaign": bench.campaign, "allow": bench.meter.check}
    bench.store.sync(bench.journal)
    most = bench.settings.judgements
    quotes = hypothesis.quotes[:most]
    judged = relations.judge(
        bench.journal, bench.client, [(said, quote.text) for quote in quotes], **shared
    )
    contradicted = [
        quote.address
        for quote, one in zip(quotes, judged, strict=True)
        if one.relation.contradicts > LIKELY
    ]
    if left := most - len(quotes):
        relations.bearing(
            *(bench.store, bench.journal, bench.client, said, left), among=(ASSERTIONS,), **shared
        )
    for address in contradicted:
        bench.explain("check_consistency", f"likely against what the essay says at {address}")
    return contradicted
