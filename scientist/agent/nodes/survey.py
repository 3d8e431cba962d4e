"""Survey: pick the experiment family to work in and the passages to think from.

Code chooses: the family by meaning and by what was tried less, the passages by meaning,
spread over the essays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent import choosing
from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import UsageError, WorkspaceError
from scientist.events import Event, HypothesisSelected
from scientist.journal import project
from scientist.lab import kits
from scientist.lab.kits import Kit
from scientist.science.consistency import derive
from scientist.science.consistency.knowledge import Knowledge, gather

PASSAGES = 8
PER_ESSAY = 3


def survey(state: State, runtime: Runtime[Bench]) -> State:
    """Start a round: the test that an open conflict waits for, else a family and passages."""
    bench = runtime.context
    round_ = state.get("round", 0) + 1

    def look(_: str) -> dict[str, Any]:
        if waiting := _replication(bench):
            return {"hypothesis": waiting}
        kit = choosing.choose(bench, round_)
        passages = _passages(bench, kit, round_)
        essays = sorted({address.split(":")[0] for address in passages})
        bench.explain(
            "survey",
            f"round {round_}: {kit.title}; {len(passages)} sentences from {', '.join(essays)}",
        )
        return {"kit": kit.name, "passages": passages}

    def record(found: dict[str, Any]) -> tuple[dict[str, Any], Sequence[Event]]:
        if "hypothesis" not in found:
            return found, []
        reason = "tested again first, on fresh seeds: an open conflict waits for it"
        return found, [HypothesisSelected(hypothesis=found["hypothesis"], reason=reason, scores={})]

    found = bench.effects.once("survey", round_, "choose", look, record)
    if "hypothesis" in found:
        return {"round": round_, "hypothesis": found["hypothesis"], "replicates": True, "barren": 0}
    return {
        "round": round_,
        "replicates": False,
        "kit": found["kit"],
        "passages": found["passages"],
    }


def _replication(bench: Bench) -> str:
    """The test that an open conflict waits for and that can still be made; empty if none."""
    knowledge = gather(bench.journal)
    for name in knowledge.replications:
        problem = _out_of_reach(knowledge, name)
        if not problem:
            return name
        bench.explain("survey", f"a conflict waits for another test of {name}, but {problem}")
    return ""


def _out_of_reach(knowledge: Knowledge, name: str) -> str:
    """Why a test cannot be repeated; one with other code would decide nothing."""
    hypothesis = knowledge.hypotheses.get(name)
    if hypothesis is None:
        return "it was never proposed"
    if not hypothesis.kit:
        return ""
    try:
        code = kits.load(hypothesis.kit).code_hash
    except UsageError as gone:
        return gone.message
    asked = knowledge.question(name)
    before = {
        mark
        for finding in knowledge.findings.values()
        if finding.id in knowledge.said and knowledge.question(finding.hypothesis) == asked
        for mark in knowledge.said[finding.id].scope.values.get(derive.CODE, ())
    }
    return "" if code in before else f"kit {hypothesis.kit} has changed since it was tested"


def _passages(bench: Bench, kit: Kit, round_: int) -> list[str]:
    query = f"{bench.question or ''} {kit.title}. {kit.summary}".strip()
    hits = bench.toolkit.use(
        "search_essays", bench, query=query, limit=PASSAGES * 5, essays=list(bench.essays)
    )
    if not hits:
        raise WorkspaceError("the vector store lacks the campaign's essays", "scientist rebuild")
    # sentences that have led to a hypothesis already come last, so that others get a turn
    used = {q.address for h in project.hypotheses(bench.journal) for q in h.record.quotes}
    hits.sort(key=lambda hit: hit.address in used)
    taken: dict[str, int] = {}
    chosen: list[str] = []
    for hit in hits:
        essay = hit.address.split(":")[0]
        if taken.get(essay, 0) < PER_ESSAY:
            taken[essay] = taken.get(essay, 0) + 1
            chosen.append(hit.address)
        if len(chosen) == PASSAGES:
            break
    bench.chance("passages", round_).shuffle(chosen)
    return chosen
