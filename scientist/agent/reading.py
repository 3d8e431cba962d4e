"""Read a question in the words of an experiment family: arms, metric, direction, settings.

A small model is good at copying words out of a question and at telling what a number is the value
of; it is bad at telling which arm words mean. So the model copies, and binds the numbers; which
arms are meant is decided by the chances it gives them together with the nearness in meaning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, create_model

from scientist.agent import choosing, given, proposing
from scientist.errors import ModelOutputError
from scientist.lab import kits, wording
from scientist.lab.kits import Kit
from scientist.llm import prompting
from scientist.llm.choice import choose_many
from scientist.llm.fit import Shrink
from scientist.memory.embedding import similarity
from scientist.records import Direction, Hypothesis

if TYPE_CHECKING:
    from scientist.llm.client import Client

FAMILIES = 2  # the nearest, in whose words a question is read
LEAST_NEARNESS = 0.3  # of both arms on average; below, a family does not compare what is asked
WEIGHT = 6.0  # of nearness in meaning beside the logarithm of a chance
LEAST_CHANCE = 1e-9
LONGEST_WORDS = 160
NAMED = 0.2  # how much nearer a kit is whose parameter is named beside a number
_THAN = re.compile(
    r",? \b(?:compared (?:with|to)|(?:rather )?than|instead of|against|over|relative to|beat)\b "
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Read:
    """What became of a question: the model's answer, and the arms that its words mean."""

    question: str
    kit: str
    treatment: str
    control: str
    said: dict[str, Any]

    def hypothesis(self) -> Hypothesis:
        """The hypothesis that answers the question, not yet numbered."""
        asked = given.of_kit(
            kits.load(self.kit),
            dict(wording.bound(self.question, self.said)),
            self.treatment,
            self.control,
            self.said["metric"],
            self.said["direction"],
        )
        return asked.model_copy(update={"rationale": self.question})

    def told(self) -> str:
        """Which arms the words of the question were taken for."""
        tried, other = self.said["tried"], self.said["compared_with"]
        return f"“{tried}” is {self.treatment}; “{other}” is {self.control}"


class Reader:
    """Reads questions with a model and an embedding; `allow` may refuse, by raising, the cost.

    `unsure` is told why the model gives no chances, where it does not.
    """

    def __init__(
        self,
        client: Client,
        embed: choosing.Embed,
        *,
        seed: int = 0,
        allow: Callable[[], None] | None = None,
        on_text: Callable[[str, str], None] | None = None,
        unsure: Callable[[str], None] | None = None,
    ) -> None:
        self._client, self._embed, self._seed = client, embed, seed
        self._allow, self._on_text, self._unsure = allow, on_text, unsure

    def read(self, question: str) -> Read | None:
        """A question in the words of the first family that compares what it asks."""
        for kit in nearest(question, self._embed)[:FAMILIES]:
            said = self._copied(kit, question)
            if arms := self._arms(kit, question, (said["tried"], said["compared_with"])):
                return Read(question, kit.name, *arms, said)
        return None

    def _copied(self, kit: Kit, question: str) -> dict[str, Any]:
        """The words of the question that matter, and what its metric and numbers are."""
        if self._allow:
            self._allow()
        answer = self._client.ask_within(
            prompting.load("question"),
            {"kit": kit, "question": question},
            (Shrink("question", least=200),),
            lambda _: schema(kit, question),
            seed=self._seed,
            check=lambda value: _twice(question, _plain(value)),
            allow=self._allow,
            on_text=self._on_text,
        )
        said = _plain(answer.value)
        if problem := _twice(question, said):
            raise ModelOutputError(problem)
        return said

    def _arms(self, kit: Kit, question: str, words: Sequence[str]) -> tuple[str, str] | None:
        """The arms meant by what is tried and by what it is compared with; None if none are."""
        names = list(kit.arms)
        vectors = self._embed([*described(kit), *words])
        near = [
            {n: similarity(v, meant) for n, v in zip(names, vectors, strict=False)}
            for meant in vectors[len(names) :]
        ]
        pairs = list(permutations(names, 2))
        if max(near[0][one] + near[1][other] for one, other in pairs) < 2 * LEAST_NEARNESS:
            return None
        chances = self._chances(kit, question, words)

        def likely(arms: tuple[str, str]) -> float:
            return sum(
                WEIGHT * near[place][arm] + math.log(chances[place].get(arm, 1.0) + LEAST_CHANCE)
                for place, arm in enumerate(arms)
            )

        return max(pairs, key=likely)

    def _chances(self, kit: Kit, question: str, words: Sequence[str]) -> list[dict[str, float]]:
        """How likely each of the words means each arm; nothing where a server does not say."""
        letters = dict(zip(LETTERS, kit.arms, strict=False))
        arms = {letter: f"{name}: {kit.arms[name]}" for letter, name in letters.items()}
        asked = prompting.load("arm")
        prompts = [
            asked.render(title=kit.title, arms=arms, question=question, words=one) for one in words
        ]
        try:
            found = choose_many(self._client, prompts, letters, allow=self._allow)
            return [one.chances for one in found]
        except ModelOutputError as fault:
            if self._unsure:
                self._unsure(fault.message)
            return [{} for _ in words]


def nearest(question: str, embed: choosing.Embed) -> list[Kit]:
    """The kits, the one first that is nearest: as a whole, by its arms, by a parameter's name."""
    found = kits.all_kits()
    whole = choosing.nearness(question, found, embed)
    before, *rest = _THAN.split(question, maxsplit=1)
    tried, other = embed([before, rest[0] if rest else question])

    def near(kit: Kit) -> float:
        arms = embed(described(kit))
        pairs = [similarity(tried, a) + similarity(other, b) for a, b in permutations(arms, 2)]
        return whole[kit.name] + max(pairs) / 2 + NAMED * wording.names_one(kit, question)

    return sorted(found, key=near, reverse=True)


def described(kit: Kit) -> list[str]:
    """Each arm in the words that are compared."""
    return [f"{name.replace('_', ' ')}: {text}" for name, text in kit.arms.items()]


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


def _plain(answer: BaseModel) -> dict[str, Any]:
    said: dict[str, Any] = answer.model_dump(mode="json", by_alias=True)
    return said


def _twice(question: str, said: Mapping[str, Any]) -> str | None:
    """What to tell a model that gives one parameter two values."""
    found: dict[str, float] = {}
    for name, value in wording.bound(question, said):
        if found.setdefault(name, value) != value:
            return f"{name} cannot be {found[name]:g} and {value:g} at once."
    return None
