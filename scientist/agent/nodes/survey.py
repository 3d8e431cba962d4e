"""Survey: what a round is about: an open conflict, what was asked, a surprise, else a family.

Code chooses: the family by meaning and by what was tried less, the passages by meaning,
spread over the essays. `ahead` makes that last choice earlier, while experiments run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent import asking, choosing, surprises
from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import UsageError, WorkspaceError
from scientist.events import Event, HypothesisSelected
from scientist.journal import project
from scientist.lab import kits
from scientist.lab.kits import Kit
from scientist.records import Rung
from scientist.science.consistency import derive
from scientist.science.consistency.knowledge import Knowledge, gather

PASSAGES = 5
PER_ESSAY = 3


def survey(state: State, runtime: Runtime[Bench]) -> State:
    """Start a round with what is most pressing."""
    bench = runtime.context
    round_ = state.get("round", 0) + 1
    followed = state.get("followed", [])

    def press(_: str) -> dict[str, str]:
        if waiting := _replication(bench):
            return {"hypothesis": waiting, "follows": ""}
        return {"hypothesis": "", "follows": surprises.next_one(bench, followed)}

    def record(found: dict[str, str]) -> tuple[dict[str, str], Sequence[Event]]:
        if not found["hypothesis"]:
            return found, []
        reason = "tested again first, on fresh seeds: an open conflict waits for it"
        return found, [HypothesisSelected(hypothesis=found["hypothesis"], reason=reason, scores={})]

    found = bench.effects.once("survey", round_, "press", press, record, on_disk="later")
    if found["hypothesis"]:
        return {"round": round_, "queue": [found["hypothesis"]], "barren": 0}
    update: State = {"round": round_, "queue": []}
    if bench.question and bench.client and not state.get("asked"):
        update["asked"] = True
        if asked := asking.first(bench, bench.client, bench.question, round_):
            return {**update, "sought": asked, "queue": [asked], "barren": 0}
    elif sought := state.get("sought"):
        if asking.again(bench, sought, round_):
            return {**update, "queue": [sought], "barren": 0}
        update["sought"] = ""
    chosen = choose(bench, round_, found["follows"])
    follows = found["follows"]
    if follows:
        followed = [*followed, follows]
    update |= {"follows": follows, "followed": followed}
    return {**update, "kit": chosen["kit"], "passages": chosen["passages"]}


def choose(bench: Bench, round_: int, follows: str = "") -> dict[str, Any]:
    """The family and the passages of a round; a surprise is looked into where it happened."""

    def look(_: str) -> dict[str, Any]:
        kit = surprises.family(bench, follows) if follows else choosing.choose(bench, round_)
        passages = _passages(bench, kit, round_)
        essays = sorted({address.split(":")[0] for address in passages})
        about = f"{kit.title}, since {follows} came out otherwise" if follows else kit.title
        bench.explain(
            "survey",
            f"round {round_}: {about}; {len(passages)} sentences from {', '.join(essays)}",
        )
        return {"kit": kit.name, "passages": passages}

    chosen: dict[str, Any] = bench.effects.once(
        "survey", round_, "choose", look, inputs=follows, on_disk="later"
    )
    return chosen


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
    if not hypothesis.kit or hypothesis.rung is not Rung.KIT:
        return ""  # its code is in the record
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
