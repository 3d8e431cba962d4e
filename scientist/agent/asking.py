"""A question as the hypothesis that answers it: what it compares, on what metric, and where.

A small model is good at copying words out of a question and at telling what a number is the value
of; it is bad at telling which arm words mean. So the model copies, and binds the numbers; which
arms are meant is decided by the chances it gives them together with the nearness in meaning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, create_model

from scientist.agent import choosing, given, proposing
from scientist.errors import ContextError, ModelOutputError
from scientist.events import Event, HypothesisProposed, HypothesisSelected, Reasoned
from scientist.journal import project
from scientist.lab import kits, wording
from scientist.lab.kits import Kit
from scientist.llm import prompting
from scientist.llm.choice import choose
from scientist.llm.fit import Shrink
from scientist.memory.embedding import similarity
from scientist.records import Direction, Hypothesis

if TYPE_CHECKING:
    from scientist.agent.bench import Bench
    from scientist.llm.client import Client

FAMILIES = 2  # the nearest, in whose words a question is read
LEAST_NEARNESS = 0.3  # of both arms on average; below, a family does not compare what is asked
WEIGHT = 6.0  # of nearness in meaning beside the logarithm of a chance
LEAST_CHANCE = 1e-9
LONGEST_WORDS = 160


def first(bench: Bench, client: Client, question: str, round_: int) -> str:
    """The hypothesis that is what was asked, to be tested first; empty if there is none.

    What was tested before is not tested again.
    """

    def read(_: str) -> dict[str, Any]:
        try:
            for kit in _nearest(bench, question):
                reading = _reading(bench, client, kit, question)
                if arms := _arms(bench, client, kit, question, reading):
                    return {"kit": kit.name, "arms": arms, "reading": reading}
        except (ContextError, ModelOutputError) as fault:
            return {"problem": f"the question was not read: {fault.message}"}
        return {"problem": "no family at hand compares what is asked: the search is around it"}

    def record(found: dict[str, Any]) -> tuple[str, Sequence[Event]]:
        if problem := found.get("problem"):
            return "", [Reasoned(phase="survey", source="code", text=problem)]
        asked = understood(kits.load(found["kit"]), question, found["arms"], found["reading"])
        if before := _before(bench, asked):
            text = f"what is asked was tested before, as {before}: {asked.statement}"
            return "", [Reasoned(phase="survey", source="code", text=text)]
        name = f"H{bench.journal.count('hypothesis_proposed') + 1}"
        reason = "tested first: it is what was asked"
        words = (found["reading"]["tried"], found["reading"]["compared_with"])
        read_as = "; ".join(
            f"“{one}” is {arm}" for one, arm in zip(words, found["arms"], strict=True)
        )
        return name, [
            Reasoned(phase="survey", source="model", text=f"the question is read so: {read_as}"),
            HypothesisProposed(hypothesis=asked.model_copy(update={"id": name})),
            HypothesisSelected(hypothesis=name, reason=reason, scores={}),
        ]

    found: str = bench.effects.once("survey", round_, "question", read, record, on_disk="result")
    return found


def schema(kit: Kit, question: str) -> type[BaseModel]:
    """What may be answered: words, and metrics and parameters that are there."""
    one_of: Any = Literal
    words = (str, Field(min_length=3, max_length=LONGEST_WORDS))
    fields: dict[str, Any] = {
        "tried": words,
        "compared_with": words,
        "asked": words,
        "metric": (one_of[tuple(kit.metrics)], ...),
        "direction": (Direction, ...),
    }
    for place, (text, names) in enumerate(wording.able(kit, question).items()):
        fields[f"number_{place}"] = (one_of[names], Field(alias=wording.field(text)))
    return create_model("Reading", __config__=proposing.STRICT, **fields)


def understood(
    kit: Kit, question: str, arms: Sequence[str], reading: Mapping[str, Any]
) -> Hypothesis:
    """The hypothesis of a reading, not yet numbered."""
    treatment, control = arms
    settings = dict(wording.bound(question, reading))
    asked = given.of_kit(kit, settings, treatment, control, reading["metric"], reading["direction"])
    return asked.model_copy(update={"rationale": question})


def _nearest(bench: Bench, question: str) -> list[Kit]:
    found = kits.all_kits()
    near = choosing.nearness(question, found, bench.store.embed)
    return sorted(found, key=lambda kit: -near[kit.name])[:FAMILIES]


def _reading(bench: Bench, client: Client, kit: Kit, question: str) -> dict[str, Any]:
    """The words of the question that matter, and what they mean in a family."""
    bench.meter.check()
    answer = client.ask_within(
        prompting.load("question"),
        {"kit": kit, "question": question},
        (Shrink("question", least=200),),
        lambda _: schema(kit, question),
        seed=bench.settings.seed * 1000,
        check=lambda value: _twice(question, value.model_dump(mode="json", by_alias=True)),
        allow=bench.meter.check,
        on_text=bench.hear,
    )
    reading: dict[str, Any] = answer.value.model_dump(mode="json", by_alias=True)
    if problem := _twice(question, reading):
        raise ModelOutputError(problem)
    return reading


def _arms(
    bench: Bench, client: Client, kit: Kit, question: str, reading: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Which arms are meant by what is tried and by what it is compared with; None if none are."""
    names = list(kit.arms)
    described = [f"{name.replace('_', ' ')}: {kit.arms[name]}" for name in names]
    words = [reading["tried"], reading["compared_with"]]
    *meant, tried, compared = bench.store.embed([*described, *words])
    near = [
        {name: similarity(vector, words_) for name, vector in zip(names, meant, strict=True)}
        for words_ in (tried, compared)
    ]
    if max(near[0][one] + near[1][other] for one, other in permutations(names, 2)) < (
        2 * LEAST_NEARNESS
    ):
        return None
    chances = [_chances(bench, client, kit, question, one) for one in words]

    def likely(arms: tuple[str, str]) -> float:
        return sum(
            WEIGHT * near[place][arm] + math.log(chances[place].get(arm, 1.0) + LEAST_CHANCE)
            for place, arm in enumerate(arms)
        )

    return max(permutations(names, 2), key=likely)


def _chances(bench: Bench, client: Client, kit: Kit, question: str, words: str) -> dict[str, float]:
    """How likely the words mean each arm; nothing where a server does not say how sure it is."""
    letters = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", kit.arms, strict=False))
    prompt = prompting.load("arm").render(
        title=kit.title,
        arms={letter: f"{name}: {kit.arms[name]}" for letter, name in letters.items()},
        question=question,
        words=words,
    )
    try:
        return choose(client, prompt, letters, allow=bench.meter.check).chances
    except ModelOutputError as fault:
        bench.degrade("which arms a question means", fault.message)
        return {}


def _twice(question: str, reading: Mapping[str, Any]) -> str | None:
    """What to tell a model that gives one parameter two values."""
    found: dict[str, float] = {}
    for name, value in wording.bound(question, reading):
        if found.setdefault(name, value) != value:
            return f"{name} cannot be {found[name]:g} and {value:g} at once."
    return None


def _before(bench: Bench, asked: Hypothesis) -> str:
    """The hypothesis on record that is the same, and was tested."""
    for view in project.hypotheses(bench.journal):
        if view.status != "proposed" and given.same(view.record) == given.same(asked):
            return view.record.id
    return ""
