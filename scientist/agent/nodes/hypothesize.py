"""Hypothesize: the model proposes, code checks every field and every quote.

The answer's schema is narrowed to the family's own comparisons, metrics and settings,
less those tried before: a small model cannot name what does not exist, nor repeat
itself. The statement of a hypothesis is written by code from the checked fields; the
model's words are kept as its rationale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field, create_model

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.corpus import quotes
from scientist.corpus.store import essays, passages
from scientist.errors import ModelOutputError, ScientistError
from scientist.events import CandidateRejected, Event, HypothesisProposed, Reasoned
from scientist.journal import project
from scientist.lab.kits import Kit, load, setting
from scientist.llm import prompting
from scientist.memory.embedding import similarity
from scientist.records import Direction, Hypothesis, Passage, Quote

COUNT = 2
NEAR_ENOUGH = 0.2
MOST_CONDITIONS = 2
CONFIDENCE = {
    "very unlikely": 0.1,
    "unlikely": 0.3,
    "even": 0.5,
    "likely": 0.7,
    "very likely": 0.9,
}


@dataclass(frozen=True)
class Candidate:
    """A proposal that passed every check, not yet numbered."""

    quotes: tuple[Quote, ...]
    parameters: dict[str, Any]
    treatment: str
    control: str
    metric: str
    direction: Direction
    prior: float
    rationale: str


class Rejected(Exception):
    """Why a proposal does not pass."""


def hypothesize(state: State, runtime: Runtime[Bench]) -> State:
    """Ask for candidates and keep those that pass."""
    bench = runtime.context
    round_ = state["round"]
    kit = load(state["kit"])
    sentences = _resolve(bench, state["passages"])

    def ask(_: str) -> list[dict[str, Any]]:
        if bench.client is None:
            raise ScientistError("this campaign has no model to ask", "scientist run")
        bench.meter.check()
        prompt = prompting.load("hypothesize").render(
            kit=kit,
            question=bench.question,
            sentences=[sentence.text for sentence in sentences],
            findings=_findings(bench, kit),
            tested=sorted(_tested(bench, kit)),
            count=COUNT,
        )
        try:
            answer = bench.client.ask(
                prompt,
                proposals(kit, len(sentences), _tried(bench, kit)),
                seed=bench.settings.seed * 1000 + round_,
                check=lambda value: _none_valid(bench, kit, sentences, value),
                allow=bench.meter.check,
                on_text=bench.hear,
            )
        except ModelOutputError as fault:
            if not _has_answered(bench):
                raise  # it never could: the user must know, and another round is no help
            bench.explain("hypothesize", f"a round without a hypothesis: {fault.message}")
            return []
        if not answer.usage.total:
            bench.degrade("token budget", "the server does not say how many tokens it used")
        proposed: dict[str, Any] = answer.value.model_dump(mode="json")
        bench.note(Reasoned(phase="hypothesize", source="model", text=proposed["thoughts"]))
        return list(proposed["hypotheses"])

    def record(raw: list[dict[str, Any]]) -> tuple[list[str], Sequence[Event]]:
        events: list[Event] = []
        names: list[str] = []
        number = bench.journal.count("hypothesis_proposed")
        known = _tested(bench, kit)
        for item in raw:
            try:
                candidate = check(bench, kit, sentences, item, known)
            except Rejected as reason:
                events.append(
                    CandidateRejected(phase="hypothesize", reason=str(reason), candidate=item)
                )
                continue
            number += 1
            hypothesis = _build(f"H{number}", kit, candidate)
            known.add(describe(hypothesis))
            names.append(hypothesis.id)
            events.append(HypothesisProposed(hypothesis=hypothesis))
        return names, events

    names = bench.effects.once("hypothesize", round_, "propose", ask, record)
    return {"candidates": names, "barren": 0 if names else state.get("barren", 0) + 1}


def proposals(kit: Kit, sentences: int, tried: set[tuple[frozenset[str], str]]) -> type[BaseModel]:
    """The answer's schema: what is not there, or was tried before, cannot be named.

    `tried` are pairs of arms with a setting under which they were compared. Every
    hypothesis has a setting, so one with a new setting for its arms is a new one.
    """
    strict = ConfigDict(extra="forbid")
    one_of: Any = Literal
    some: Any = list
    any_of: Any = Union
    sentence = one_of[tuple(range(1, sentences + 1))]
    settings = kit.settings()
    variants: list[type[BaseModel]] = []
    for words, arms in kit.comparisons().items():
        free = tuple(s for s in settings if (frozenset(arms), s) not in tried)
        if not free:
            continue
        variants.append(
            create_model(
                f"Proposal{len(variants) + 1}",
                __config__=strict,
                comparison=(one_of[words], ...),  # first, so that the other variants are ruled out
                sentences=(some[sentence], Field(min_length=1, max_length=3)),
                reason=(str, Field(min_length=10, max_length=120)),
                metric=(one_of[tuple(kit.metrics)], ...),
                direction=(Direction, ...),
                conditions=(some[one_of[free]], Field(min_length=1, max_length=MOST_CONDITIONS)),
                confidence=(one_of[tuple(CONFIDENCE)], ...),  # last, so that it is about the whole
            )
        )
    if not variants:
        return proposals(kit, sentences, set())
    return create_model(
        "Proposals",
        __config__=strict,
        thoughts=(str, Field(min_length=10, max_length=200)),
        hypotheses=(some[any_of[tuple(variants)]], Field(min_length=1, max_length=COUNT)),
    )


def check(
    bench: Bench, kit: Kit, sentences: list[Passage], item: dict[str, Any], known: set[str]
) -> Candidate:
    """Every rule a proposal must obey; the first broken one is the reason."""
    treatment, control = kit.comparisons()[item["comparison"]]
    settings = kit.settings()
    chosen = [settings[condition] for condition in dict.fromkeys(item["conditions"])]
    if len(dict(chosen)) < len(chosen):
        raise Rejected(f"two values for one parameter: {', '.join(item['conditions'])}")
    candidate = Candidate(
        quotes=tuple(_quote(bench, sentences[n - 1]) for n in dict.fromkeys(item["sentences"])),
        parameters=kit.validate_parameters(dict(chosen)),
        treatment=treatment,
        control=control,
        metric=item["metric"],
        direction=Direction(item["direction"]),
        prior=CONFIDENCE[item["confidence"]],
        rationale=item["reason"],
    )
    hypothesis = _build("H0", kit, candidate)
    if describe(hypothesis) in known:
        raise Rejected(f"already tested or proposed: {describe(hypothesis)}")
    texts = [f"{kit.title}. {hypothesis.statement} {candidate.rationale}"]
    claim, *quoted = bench.store.embed([*texts, *(q.text for q in candidate.quotes)])
    near = max(similarity(claim, quote) for quote in quoted)
    if near < NEAR_ENOUGH:
        raise Rejected(f"the quoted sentences do not bear on it (similarity {near:.2f})")
    return candidate


def describe(hypothesis: Hypothesis) -> str:
    """What would be measured, in one line; two hypotheses with one line are one experiment."""
    conditions = ", ".join(
        setting(name, hypothesis.parameters[name]) for name in sorted(hypothesis.conditions)
    )
    first, second = sorted((hypothesis.treatment, hypothesis.control))
    return f"{first} against {second} on {hypothesis.metric}, {conditions}"


def _build(name: str, kit: Kit, candidate: Candidate) -> Hypothesis:
    chosen = tuple(
        name
        for name, value in candidate.parameters.items()
        if value != kit.parameters[name].default
    )
    conditions = ", ".join(setting(name, candidate.parameters[name]) for name in chosen)
    verb = "raises" if candidate.direction is Direction.INCREASE else "lowers"
    return Hypothesis(
        id=name,
        statement=(
            f"With {conditions}, "
            f"{candidate.treatment} {verb} {candidate.metric} compared with {candidate.control}."
        ),
        rationale=candidate.rationale,
        quotes=candidate.quotes,
        kit=kit.name,
        factor=kit.factor,
        treatment=candidate.treatment,
        control=candidate.control,
        metric=candidate.metric,
        direction=candidate.direction,
        smallest_effect=kit.smallest_effect(candidate.metric),
        parameters=candidate.parameters,
        conditions=chosen,
        prior=candidate.prior,
    )


def _quote(bench: Bench, passage: Passage) -> Quote:
    text = next(e.text for e in essays(bench.journal) if e.id == passage.essay)
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


def _none_valid(bench: Bench, kit: Kit, sentences: list[Passage], answer: BaseModel) -> str | None:
    """What to tell the model when not one of its proposals passes."""
    reasons = []
    known = _tested(bench, kit)
    for number, item in enumerate(answer.model_dump(mode="json")["hypotheses"], 1):
        try:
            check(bench, kit, sentences, item, known)
        except Rejected as reason:
            reasons.append(f"hypothesis {number}: {reason}")
        else:
            return None
    return "No hypothesis can be used. " + "; ".join(reasons)


def _resolve(bench: Bench, addresses: list[str]) -> list[Passage]:
    wanted = set(addresses)
    found = {p.address: p for p in passages(bench.journal) if p.address in wanted}
    return [found[address] for address in addresses]


def _has_answered(bench: Bench) -> bool:
    """Whether the model has given a usable answer before in this campaign."""
    calls = bench.journal.entries("model_called", campaign=bench.campaign)
    return any(call.data["outcome"] == "valid" for call in calls)


def _findings(bench: Bench, kit: Kit) -> list[str]:
    kits = {h.record.id: h.record.kit for h in project.hypotheses(bench.journal)}
    return [
        f.record.statement
        for f in project.findings(bench.journal)
        if kits.get(f.record.hypothesis) == kit.name
    ][-6:]


def _tried(bench: Bench, kit: Kit) -> set[tuple[frozenset[str], str]]:
    """Pairs of arms, each with a setting under which they were compared."""
    return {
        (frozenset((h.treatment, h.control)), setting(name, h.parameters[name]))
        for h in _chosen(bench, kit)
        for name in h.conditions
    }


def _tested(bench: Bench, kit: Kit) -> set[str]:
    return {describe(hypothesis) for hypothesis in _chosen(bench, kit)}


def _chosen(bench: Bench, kit: Kit) -> list[Hypothesis]:
    """The family's hypotheses that went further than being proposed."""
    return [
        h.record
        for h in project.hypotheses(bench.journal)
        if h.record.kit == kit.name and h.status != "proposed"
    ]
