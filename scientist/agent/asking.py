"""What a campaign was asked becomes its first hypothesis, where a family compares it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scientist.agent import given, proposing, repeating
from scientist.agent.reading import Read, Reader
from scientist.errors import ContextError, ModelOutputError
from scientist.events import Event, HypothesisProposed, HypothesisSelected, Reasoned

if TYPE_CHECKING:
    from scientist.agent.bench import Bench
    from scientist.llm.client import Client


def first(bench: Bench, client: Client, question: str, round_: int) -> str:
    """The hypothesis that is what was asked, to be tested first; empty if there is none.

    What was tested before is tested again only if that did not decide it.
    """

    def read(_: str) -> dict[str, Any]:
        reader = Reader(
            client,
            bench.store.embed,
            seed=bench.settings.seed * 1000,
            allow=bench.meter.check,
            on_text=bench.hear,
            unsure=lambda reason: bench.degrade("which arms a question means", reason),
        )
        try:
            found = reader.read(question)
        except (ContextError, ModelOutputError) as fault:
            return {"problem": f"the question was not read: {fault.message}"}
        if found is None:
            return {"problem": "no family at hand compares what is asked: the search is around it"}
        return {"read": asdict(found)}

    def record(found: dict[str, Any]) -> tuple[str, Sequence[Event]]:
        if problem := found.get("problem"):
            return "", [Reasoned(phase="survey", source="code", text=problem)]
        understood = Read(**found["read"])
        asked = understood.hypothesis()
        tested = (one.id for one in proposing.tested(bench) if given.same(one) == given.same(asked))
        if before := next(tested, ""):
            again, events = _more(bench, before)
            text = f"what is asked was tested before, as {before}: {asked.statement}"
            known = Reasoned(phase="survey", source="code", text=text, about=before)
            return before if again else "", [known, *events]
        name = f"H{bench.journal.count('hypothesis_proposed') + 1}"
        told = f"the question is read so: {understood.told()}"
        reason = "tested first: it is what was asked"
        return name, [
            Reasoned(phase="survey", source="model", text=told, about=name),
            HypothesisProposed(hypothesis=asked.model_copy(update={"id": name})),
            HypothesisSelected(hypothesis=name, reason=reason, scores={}),
        ]

    found: str = bench.effects.once("survey", round_, "question", read, record, on_disk="result")
    return found


def again(bench: Bench, name: str, round_: int) -> bool:
    """Whether what was asked is tested again, since its last test did not decide."""

    def record(_: None) -> tuple[bool, Sequence[Event]]:
        return _more(bench, name)

    found: bool = bench.effects.once(
        "survey", round_, "again", lambda _: None, record, inputs=name, on_disk="later"
    )
    return found


def _more(bench: Bench, name: str) -> tuple[bool, list[Event]]:
    """Whether an undecided hypothesis is tested again, and why or why not."""
    pairs = repeating.undecided(bench, name)
    if not pairs:
        return False, []
    if problem := repeating.out_of_reach(bench, name):
        text = f"{pairs} pairs did not decide {name}, which is what was asked, but {problem}"
        return False, [Reasoned(phase="survey", source="code", text=text)]
    reason = f"tested again with more pairs: it is what was asked, and {pairs} did not decide it"
    return True, [HypothesisSelected(hypothesis=name, reason=reason, scores={})]
