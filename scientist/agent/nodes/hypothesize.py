"""Hypothesize: the model proposes, code checks every field and every quote.

Findings that a proposal was shown are cited by it or waived, and the record says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

from langgraph.runtime import Runtime
from pydantic import BaseModel

from scientist.agent import proposing
from scientist.agent.bench import Bench
from scientist.agent.proposing import Rejected
from scientist.agent.state import State
from scientist.corpus.store import passages
from scientist.errors import ModelOutputError, ScientistError
from scientist.events import CandidateRejected, Event, HypothesisProposed, Reasoned
from scientist.journal import project
from scientist.lab import adapting, kits
from scientist.lab.kits import Kit, setting
from scientist.llm import prompting
from scientist.llm.client import Answer, Client
from scientist.llm.fit import Fitted, Shrink
from scientist.llm.together import together
from scientist.records import Finding, Passage, Rung

FINDINGS = 6
DRAWS_APART = 100  # between the seeds of two answers to one question: repairs take the next ones
SHRINK = (  # in this order, as far as the context asks for it
    Shrink("tested", "last", rest="scientist hypothesis list"),
    Shrink("ideas", "last", 0),
    Shrink("findings", "last", 0),
    Shrink("sentences", least=3),
    Shrink("question", least=200),
)


def hypothesize(state: State, runtime: Runtime[Bench]) -> State:
    """Ask for candidates and keep those that pass."""
    bench = runtime.context
    round_, follows = state["round"], state.get("follows", "")
    names = think(bench, round_, state["kit"], state["passages"], follows)
    alive = [one.id for one in proposing.untested(bench)]
    return {"candidates": alive, "barren": 0 if names else state.get("barren", 0) + 1}


def think(
    bench: Bench, round_: int, family: str, addresses: Sequence[str], follows: str = ""
) -> list[str]:
    """The hypotheses that the model proposes for a round, by their ids; asked for once."""
    kit = kits.load(family)
    sentences = _resolve(bench, addresses)
    rungs = bench.rungs() if not follows else (Rung.KIT,)

    def ask(_: str) -> dict[str, Any]:
        if bench.client is None:
            raise ScientistError("this campaign has no model to ask", "scientist run")
        bench.meter.check()
        question = _Question(bench, kit, sentences, rungs, round_, follows)
        draws = [partial(question.draw, number=n) for n in range(bench.settings.draws)]
        drawn = list(together(bench.client, draws))
        proposals = [one for one in drawn if isinstance(one, _Drawn)]
        if not proposals:
            fault = next(one for one in drawn if isinstance(one, ModelOutputError))
            if not _has_answered(bench):
                raise fault  # it never could: the user must know, and another round is no help
            bench.explain("hypothesize", f"a round without a hypothesis: {fault.message}")
            return {"items": [], "shown": []}
        if not all(one.answer.usage.total for one in proposals):
            bench.degrade("token budget", "the server does not say how many tokens it used")
        items: list[dict[str, Any]] = []
        for one in proposals:
            proposed: dict[str, Any] = one.answer.value.model_dump(mode="json")
            bench.note(Reasoned(phase="hypothesize", source="model", text=proposed["thoughts"]))
            items += proposing.items(proposed)
        shown = dict.fromkeys(name for one in proposals for name in one.shown)
        return {"items": items, "shown": list(shown)}

    def record(found: dict[str, Any]) -> tuple[list[str], Sequence[Event]]:
        events: list[Event] = []
        names: list[str] = []
        cited: set[str] = set()
        number = bench.journal.count("hypothesis_proposed")
        known = proposing.known(bench, kit.name)
        for item in found["items"]:
            try:
                built = proposing.build(bench, kit, sentences, item, known, follows)
            except Rejected as reason:
                events.append(
                    CandidateRejected(phase="hypothesize", reason=str(reason), candidate=item)
                )
                continue
            number += 1
            hypothesis = built.model_copy(update={"id": f"H{number}"})
            known.add(proposing.describe(hypothesis))
            cited.update(hypothesis.builds_on)
            names.append(hypothesis.id)
            events.append(HypothesisProposed(hypothesis=hypothesis))
        if names and (waived := [one for one in found["shown"] if one not in cited]):
            said = f"{', '.join(waived)} waived: no hypothesis of this round builds on them"
            events.append(Reasoned(phase="hypothesize", source="code", text=said))
        return names, events

    inputs = [family, list(addresses), follows]
    names: list[str] = bench.effects.once(
        "hypothesize", round_, "propose", ask, record, inputs=inputs, on_disk="result"
    )
    return names


@dataclass(frozen=True)
class _Drawn:
    """One answer to a round's question, and the findings that the model was shown for it."""

    answer: Answer[BaseModel]
    shown: list[str]


class _Question:
    """What a round asks the model; each draw of an answer is independent of the others."""

    def __init__(
        self,
        bench: Bench,
        kit: Kit,
        sentences: list[Passage],
        rungs: Sequence[Rung],
        round_: int,
        follows: str,
    ) -> None:
        self._bench, self._kit, self._sentences = bench, kit, sentences
        self._rungs, self._round = rungs, round_
        self._findings = _findings(bench, kit, follows)
        self._checking = Lock()
        self._variables = {
            "kit": kit,
            "question": bench.question or "",
            "surprise": _surprise(bench, follows),
            "sentences": [sentence.text for sentence in sentences],
            "findings": [f"{one.id}: {one.statement}" for one in self._findings],
            "tested": sorted(map(proposing.describe, proposing.chosen(bench, kit.name))),
            "ideas": [f"{one.treatment}: {one.idea}" for one in proposing.ideas(bench, kit.name)],
            **_new_arm(bench, kit, round_, rungs),
            "free": Rung.FREE in rungs,
            "count": proposing.COUNT if list(rungs) == [Rung.KIT] else proposing.COUNT - 1,
        }

    def draw(self, client: Client, number: int) -> _Drawn | ModelOutputError:
        """One answer, by a seed of its own, or why there is none."""
        bench, kit = self._bench, self._kit
        shown: list[str] = []
        order = bench.chance("schema", self._round, kit.name, *([number] if number else []))

        def narrowed(fitted: Fitted) -> type[BaseModel]:
            """Only what the prompt has room for can be named."""
            left = len(self._findings) - fitted.kept["findings"]
            shown[:] = [one.id for one in self._findings[left:]]
            return proposing.schema(
                *(kit, fitted.kept["sentences"], _tried(bench, kit)),
                *(shown, self._rungs, order),
                # two conditions of a small model are often one parameter with two values
                1 if bench.top is Rung.ADAPTED else proposing.MOST_CONDITIONS,
            )

        def checked(value: BaseModel) -> str | None:
            with self._checking:
                return _none_valid(bench, kit, self._sentences, value)

        try:
            answer = client.ask_within(
                prompting.load("hypothesize"),
                self._variables,
                SHRINK,
                narrowed,
                seed=bench.settings.seed * 1000 + self._round + DRAWS_APART * number,
                check=checked,
                allow=bench.meter.check,
                on_text=bench.watch if number else bench.hear,
            )
        except ModelOutputError as fault:
            return fault
        return _Drawn(answer, shown)


def _new_arm(bench: Bench, kit: Kit, round_: int, rungs: Sequence[Rung]) -> dict[str, str]:
    """What the model is told of a new arm in this family; nothing if it may not write one."""
    if Rung.ADAPTED not in rungs:
        return {"change": "", "contract": "", "example": ""}
    point = adapting.points(kit)[0]
    one, other = bench.chance("example", round_, kit.name).sample(point.likes, 2)
    return {
        "change": kit.factor,
        "contract": kit.open[point.function],
        "example": f"the mean of what {one} and {other} give",
    }


def _surprise(bench: Bench, follows: str) -> str:
    if not follows:
        return ""
    finding = project.finding(bench.journal, follows).record
    expected = project.hypothesis(bench.journal, finding.hypothesis).record.statement
    return f"expected was: {expected} It came out otherwise: {finding.statement}"


def _none_valid(bench: Bench, kit: Kit, sentences: list[Passage], answer: BaseModel) -> str | None:
    """What to tell the model when not one of its proposals passes."""
    reasons = []
    known = proposing.known(bench, kit.name)
    for number, item in enumerate(proposing.items(answer.model_dump(mode="json")), 1):
        try:
            proposing.build(bench, kit, sentences, item, known)
        except Rejected as reason:
            reasons.append(f"hypothesis {number}: {reason}")
        else:
            return None
    return "No hypothesis can be used. " + "; ".join(reasons)


def _resolve(bench: Bench, addresses: Sequence[str]) -> list[Passage]:
    wanted = set(addresses)
    found = {p.address: p for p in passages(bench.journal) if p.address in wanted}
    return [found[address] for address in addresses]


def _has_answered(bench: Bench) -> bool:
    """Whether the model has given a usable answer before in this campaign."""
    calls = bench.journal.entries("model_called", campaign=bench.campaign)
    return any(call.data["outcome"] == "valid" for call in calls)


def _findings(bench: Bench, kit: Kit, follows: str) -> list[Finding]:
    """The last findings of a family, the one that is followed up always among them."""
    families = {h.record.id: h.record.kit for h in project.hypotheses(bench.journal)}
    found = [f.record for f in project.findings(bench.journal)]
    last = [one for one in found if families.get(one.hypothesis) == kit.name][-FINDINGS:]
    return [*(one for one in found if one.id == follows and one not in last), *last]


def _tried(bench: Bench, kit: Kit) -> set[tuple[frozenset[str], str]]:
    """Pairs of arms, each with a setting under which they were compared."""
    return {
        (frozenset((h.treatment, h.control)), setting(name, h.parameters[name]))
        for h in proposing.chosen(bench, kit.name)
        for name in h.conditions
    }
