"""Revise: what the new finding does to what is believed and to what is said in general.

Credences move by themselves, since they are derived from findings; here that is put into words.
Findings that agree along a parameter are joined into a reflection, a claim of the scientist's
own about the range between them, and held against all else.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import AssertionMade, Event, Reasoned
from scientist.records import Assertion
from scientist.science import belief
from scientist.science.consistency import derive
from scientist.science.consistency.examine import examine
from scientist.science.consistency.knowledge import Knowledge, gather


def revise(state: State, runtime: Runtime[Bench]) -> State:
    """Say how credences moved, state what follows in general, and mend what clashes with it."""
    bench = runtime.context

    def record(_: None) -> tuple[list[str], Sequence[Event]]:
        knowledge = gather(bench.journal)
        events: list[Event] = [_moved(state["hypothesis"], knowledge)]
        made = reflections(knowledge)
        events += [AssertionMade(assertion=one) for one in made]
        if made:  # all else was held against itself when the finding was recorded
            events += examine(knowledge, made).events
        return [one.id for one in made], events

    bench.effects.once(
        "revise",
        state["round"],
        "reflect",
        lambda _: None,
        record,
        inputs=state["hypothesis"],
        on_disk="later",
    )
    return {}


def reflections(knowledge: Knowledge) -> list[Assertion]:
    """What findings that stand say in general and nobody has said yet."""
    standing = [one for one in knowledge.assertions.values() if one.source.kind == "finding"]
    said = {one.text for one in knowledge.said.values()}
    found = derive.generalise(standing, knowledge.held.reflected)
    new = [one for one in found if one.text not in said]
    number = int(knowledge.next_assertion_id()[1:])
    return [one.model_copy(update={"id": f"A{number + place}"}) for place, one in enumerate(new)]


def _moved(name: str, knowledge: Knowledge) -> Reasoned:
    before, now = belief.prior(knowledge.hypotheses[name]), knowledge.credences[name]
    text = f"credence in {name}: {before:.2f} when it was proposed, {now:.2f} now"
    return Reasoned(phase="revise", source="code", text=text)
