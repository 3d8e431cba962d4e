"""What a model may propose, and what must be true of it.

The answer's schema is narrowed to the family's own comparisons, metrics and settings, less
those tried before: a small model cannot name what does not exist, nor repeat itself. What a
schema cannot say is checked by code. The statement of a hypothesis is written by code from the
checked fields; the model's words are kept as its rationale.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, create_model

from scientist.agent import given
from scientist.corpus import quotes
from scientist.corpus.store import essays
from scientist.errors import UsageError
from scientist.journal import project
from scientist.lab import adapting
from scientist.lab.adapting_rules import LONGEST_NAME
from scientist.lab.kits import Kit, setting
from scientist.memory.embedding import similarity
from scientist.records import Direction, Hypothesis, Passage, Quote, Rung, one_line
from scientist.science.belief import CONFIDENCE

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

COUNT = 3
NEAR_ENOUGH = 0.2
SAME_IDEA = 0.92
LONGEST_THOUGHTS = 300  # bounds that a model meets in mid-sentence cut its words off
LONGEST_REASON = 200
_WORD = "[A-Za-z][a-z_'-]{0,12}"
IDEA = f"{_WORD}( {_WORD}){{4}}[A-Za-z0-9 ,;:()'+*/=._-]{{0,51}}"  # a sentence, not a list
MOST_CONDITIONS = 2
NAME = r"[a-z][a-z_]{2,22}[a-z]"
STRICT = ConfigDict(extra="forbid")
UNKNOWN_EFFECT = 1.0  # stands for the smallest effect of a free experiment until its smoke run


class Rejected(Exception):
    """Why a proposal does not pass."""


def schema(
    kit: Kit,
    sentences: int,
    tried: set[tuple[frozenset[str], str]],
    findings: Sequence[str] = (),
    rungs: Sequence[Rung] = (Rung.KIT,),
    order: random.Random | None = None,
    most_conditions: int = MOST_CONDITIONS,
) -> type[BaseModel]:
    """The answer's schema: what is not there, or was tried before, cannot be named.

    `tried` are pairs of arms with a setting under which they were compared. Every
    hypothesis has a setting, so one with a new setting for its arms is a new one. What is
    listed first is no better: the order is drawn.
    """
    one_of: Any = Literal
    some: Any = list
    any_of: Any = Union
    draw = order or random.Random(0)
    settings = _shuffled(kit.settings(), draw)
    common: dict[str, Any] = {
        "sentences": (
            some[one_of[tuple(range(1, sentences + 1))]],
            Field(min_length=1, max_length=3),
        ),
        "reason": (str, Field(min_length=10, max_length=LONGEST_REASON)),
    }
    if findings:
        listed = some[one_of[tuple(findings)]]
        common["builds_on"] = (listed, Field(default_factory=list, max_length=2))
    outcome: dict[str, Any] = {
        "metric": (one_of[tuple(_shuffled(kit.metrics, draw))], ...),
        "direction": (Direction, ...),
    }
    certain = {"confidence": (one_of[tuple(CONFIDENCE)], ...)}  # last: it is about the whole

    def conditions(free: Sequence[str]) -> dict[str, Any]:
        listed = some[one_of[tuple(free)]]
        return {"conditions": (listed, Field(min_length=1, max_length=most_conditions))}

    free_settings: dict[tuple[str, ...], list[str]] = {}
    for words, arms in kit.comparisons().items():
        free = tuple(s for s in settings if (frozenset(arms), s) not in tried)
        if free:
            free_settings.setdefault(free, []).append(words)
    variants: list[type[BaseModel]] = []
    for free, compared in free_settings.items():
        # comparison first, so that the other variants are ruled out
        fields = {"comparison": (one_of[tuple(_shuffled(compared, draw))], ...), **common}
        fields |= {**outcome, **conditions(free), **certain}
        name = f"Proposal{len(variants) + 1}"
        variants.append(create_model(name, __config__=STRICT, **fields))
    if not variants:
        return schema(kit, sentences, set(), findings, rungs, order, most_conditions)
    draw.shuffle(variants)
    kits_only = list(rungs) == [Rung.KIT]
    most = COUNT if kits_only else COUNT - 1
    answer: dict[str, Any] = {
        "thoughts": (str, Field(min_length=10, max_length=LONGEST_THOUGHTS)),
        "hypotheses": (some[any_of[tuple(variants)]], Field(min_length=1, max_length=most)),
    }
    if Rung.ADAPTED in rungs:
        fields = {
            **common,
            "like": (one_of[tuple(_shuffled(adapting.points(kit)[0].likes, draw))], ...),
            "change": (str, Field(pattern=f"^{IDEA}$")),
            "name": (str, Field(pattern=f"^{NAME}$")),
            **outcome,
            **conditions(settings),
            **certain,
        }
        answer["new_arm"] = (create_model("NewArm", __config__=STRICT, **fields), ...)
    if Rung.FREE in rungs:
        named = (str, Field(pattern=f"^{NAME}$"))
        described = (str, Field(min_length=15, max_length=160))
        fields = {
            **common,
            "factor": described,
            "treatment": named,
            "treatment_does": described,
            "control": named,
            "control_does": described,
            "metric": named,
            "metric_measures": described,
            "direction": (Direction, ...),
            **certain,
        }
        answer["own_experiment"] = (create_model("OwnExperiment", __config__=STRICT, **fields), ...)
    return create_model("Proposals", __config__=STRICT, **answer)


def items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All proposals of an answer, of whatever rung."""
    more = [answer[name] for name in ("new_arm", "own_experiment") if answer.get(name)]
    return [*answer["hypotheses"], *more]


def build(
    bench: Bench,
    kit: Kit,
    sentences: Sequence[Passage],
    item: dict[str, Any],
    known: set[str],
    follows: str = "",
) -> Hypothesis:
    """The hypothesis of a proposal, not yet numbered; the first broken rule is the reason."""
    numbers = dict.fromkeys(item["sentences"])
    found = {
        "id": "H0",
        "quotes": tuple(_quote(bench, sentences[n - 1]) for n in numbers),
        "rationale": item["reason"],
        "direction": Direction(item["direction"]),
        "prior": CONFIDENCE[item["confidence"]],
        "parent_finding": follows or None,
        "builds_on": tuple(dict.fromkeys(item.get("builds_on", ()))),
    }
    if "comparison" in item:
        hypothesis = _of_kit(kit, item, found)
    elif "like" in item:
        hypothesis = _new_arm(bench, kit, item, found)
    else:
        hypothesis = _free(bench, item, found)
    if describe(hypothesis) in known:
        raise Rejected(f"already tested or proposed: {describe(hypothesis)}")
    _bears(bench, hypothesis, kit.title if hypothesis.kit else hypothesis.factor)
    return hypothesis


def describe(hypothesis: Hypothesis) -> str:
    """What would be measured, in one line; two hypotheses with one line are one experiment."""
    conditions = ", ".join(
        setting(name, hypothesis.parameters[name]) for name in sorted(hypothesis.conditions)
    )
    first, second = sorted((hypothesis.treatment, hypothesis.control))
    return f"{first} against {second} on {hypothesis.metric}, {conditions or 'nothing set'}"


def tested(bench: Bench) -> list[Hypothesis]:
    """The workspace's hypotheses that went further than being proposed."""
    views = project.hypotheses(bench.journal)
    return [view.record for view in views if view.status != "proposed"]


def untested(bench: Bench) -> list[Hypothesis]:
    """This campaign's proposals that had no turn yet."""
    return [
        view.record
        for view in project.hypotheses(bench.journal)
        if view.campaign == bench.campaign and view.status == "proposed"
    ]


def chosen(bench: Bench, kit: str) -> list[Hypothesis]:
    """A family's hypotheses that went further than being proposed."""
    return [one for one in tested(bench) if one.kit == kit]


def known(bench: Bench, kit: str) -> set[str]:
    """What need not be proposed again: it was tested, or waits for its turn."""
    return {describe(one) for one in (*chosen(bench, kit), *untested(bench))}


def ideas(bench: Bench, kit: str) -> list[Hypothesis]:
    """The new arms that were proposed for a kit, whatever became of them."""
    found = [view.record for view in project.hypotheses(bench.journal)]
    return [one for one in found if one.kit == kit and one.rung is not Rung.KIT]


def _of_kit(kit: Kit, item: dict[str, Any], found: dict[str, Any]) -> Hypothesis:
    treatment, control = kit.comparisons()[item["comparison"]]
    parameters = _parameters(kit, item["conditions"])
    return Hypothesis(
        **found,
        **given.compared(kit, parameters, treatment, control, item["metric"], found["direction"]),
    )


def _new_arm(bench: Bench, kit: Kit, item: dict[str, Any], found: dict[str, Any]) -> Hypothesis:
    idea, like = one_line(item["change"]), item["like"]
    earlier = ideas(bench, kit.name)
    _new(bench, idea, [*kit.arms.items(), *((one.treatment, one.idea) for one in earlier)])
    name = free_name(item["name"], adapting.taken(kit) | {one.treatment for one in earlier})
    parameters = _parameters(kit, item["conditions"])
    return Hypothesis(
        **found,
        **given.compared(kit, parameters, name, like, item["metric"], found["direction"]),
        rung=Rung.ADAPTED,
        like=like,
        idea=idea,
    )


def _free(bench: Bench, item: dict[str, Any], found: dict[str, Any]) -> Hypothesis:
    treatment, control, metric = item["treatment"], item["control"], item["metric"]
    if len({treatment, control, metric}) < 3:
        raise Rejected(f"{treatment}, {control} and {metric} must be three different names")
    does = {name: one_line(item[f"{name}_does"]) for name in ("treatment", "control")}
    idea = (
        f"{treatment}: {does['treatment']}; {control}: {does['control']}; "
        f"{metric}: {one_line(item['metric_measures'])}"
    )
    _new(bench, idea, [(one.id, one.idea) for one in ideas(bench, "")])
    verb = given.VERBS[found["direction"]]
    return Hypothesis(
        **found,
        statement=f"In an experiment of its own, {treatment} {verb} {metric} "
        f"compared with {control}.",
        kit="",
        factor=one_line(item["factor"]),
        treatment=treatment,
        control=control,
        metric=metric,
        smallest_effect=UNKNOWN_EFFECT,
        rung=Rung.FREE,
        idea=idea,
    )


def _parameters(kit: Kit, conditions: Sequence[str]) -> dict[str, Any]:
    settings = kit.settings()
    chosen = [settings[condition] for condition in dict.fromkeys(conditions)]
    if len(dict(chosen)) < len(chosen):
        raise Rejected(f"two values for one parameter: {', '.join(conditions)}")
    return kit.validate_parameters(dict(chosen))


def _new(bench: Bench, idea: str, earlier: Sequence[tuple[str, str]]) -> None:
    """No idea twice, in whatever words."""
    vector, *others = bench.store.embed([idea, *(text for _, text in earlier)])
    for (name, _), other in zip(earlier, others, strict=True):
        if similarity(vector, other) > SAME_IDEA:
            raise Rejected(f"this is nearly the idea of {name}, which is there")


def free_name(name: str, taken: set[str]) -> str:
    """A name no other arm has: one name must never stand for two pieces of code."""
    name = re.sub("_+", "_", name)
    number = 2
    found = name
    while found in taken:
        ending = f"_{number}"
        found, number = f"{name[: LONGEST_NAME - len(ending)].rstrip('_')}{ending}", number + 1
    return found


def _bears(bench: Bench, hypothesis: Hypothesis, title: str) -> None:
    said = f"{title}. {hypothesis.statement} {hypothesis.idea} {hypothesis.rationale}"
    claim, *quoted = bench.store.embed([said, *(quote.text for quote in hypothesis.quotes)])
    near = max(similarity(claim, quote) for quote in quoted)
    if near < NEAR_ENOUGH:
        raise Rejected(f"the quoted sentences do not bear on it (similarity {near:.2f})")


def _quote(bench: Bench, passage: Passage) -> Quote:
    text = next((e.text for e in essays(bench.journal) if e.id == passage.essay), None)
    if text is None:
        raise UsageError(f"there is no essay {passage.essay}", "scientist corpus list")
    quote = Quote(
        essay=passage.essay,
        sentence=passage.number,
        start=passage.start,
        end=passage.end,
        text=passage.text,
    )
    if not quotes.verify(quote, text):
        raise Rejected(f"the quote {quote.address} does not stand in the essay")
    return quote


def _shuffled(names: Any, draw: random.Random) -> list[str]:
    found = list(names)
    draw.shuffle(found)
    return found
