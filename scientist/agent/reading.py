"""Read a question in the words of an experiment family: arms, metric, direction, settings.

A small model is good at copying words out of a question and at telling what a number is the value
of; it is bad at telling which arm words mean. So the model copies, and binds the numbers. Which
arms are meant is decided for both at once: by how near the words, and all that the question says
around them, are to each arm, word by word, and by how much likelier the model calls an arm by its
name for these words than for none. Which metric is meant, and which way it goes,
`lab/measures.py` decides.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, create_model

from scientist.agent import choosing, given, proposing
from scientist.errors import ModelOutputError
from scientist.lab import kits, measures, other_words, wording, wordwise
from scientist.lab.kits import Kit
from scientist.lab.wordwise import stand
from scientist.llm import prompting
from scientist.llm.choice import choose_many
from scientist.llm.fit import Shrink
from scientist.memory.embedding import Embed, similarity
from scientist.records import Direction, Hypothesis

if TYPE_CHECKING:
    from scientist.llm.client import Client

FAMILIES = 2  # the nearest, in whose words a question is read
NEARNESS = 0.8  # to what is asked and to both arms; from here on, a family compares it
LEAST_NEARNESS = 0.64  # below, it does not; between them it may, if none is nearer
WEIGHT = 16.0  # of nearness in meaning beside the logarithm of a chance
SPOKEN = 1.0  # what counts an arm's own name that stands there
SURE = 1.0  # by how much arms must be likelier than any others
LONGEST_WORDS = 160
NAMED = 0.2  # how much nearer a kit is whose parameter is named beside a number
_THAN = re.compile(
    r",? \b(?:compared (?:with|to)|(?:rather )?than|instead of|against|versus|over|relative to"
    r"|beat)\b "
)
_FIRST = re.compile(
    r"(?:compared (?:with|to)|relative to|instead of|rather than) (?P<other>[^,]+),(?P<tried>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"\s*(?P<word>after|at|for|given|if|in|once|under|when|where|while|with)\b[^,]*,",
    re.IGNORECASE,
)
NO_WORDS = "nothing"  # whatever is likely for these is a habit of the model


@dataclass(frozen=True)
class Read:
    """What became of a question: the model's answer, and the arms and metric that its words mean.

    `rival` are the arms that they mean nearly as likely, if there are such.
    """

    question: str
    kit: str
    treatment: str
    control: str
    metric: str
    said: dict[str, Any]
    rival: tuple[str, str] | None = None

    @property
    def words(self) -> tuple[str, str]:
        """What is tried, and what it is compared with."""
        return placed(self.question, self.said["tried"], self.said["compared_with"])

    def hypothesis(self) -> Hypothesis:
        """The hypothesis that answers the question, not yet numbered."""
        return self._compared(self.treatment, self.control)

    def _compared(self, treatment: str, control: str) -> Hypothesis:
        kit = kits.load(self.kit)
        asked = given.of_kit(
            kit,
            dict(wording.bound(self.question, self.said)),
            treatment,
            control,
            self.metric,
            measures.direction(kit.metrics[self.metric], self.question, self.said),
        )
        return asked.model_copy(update={"rationale": self.question})

    def told(self) -> str:
        """What the words of the question were taken for, and how to test the rival arms."""
        tried, other = self.words
        text = f"“{tried}” is {self.treatment}; “{other}” is {self.control}"
        if asked := measures.asked(self.question, self.said):
            text += f"; “{asked}” is {self.metric}"
        if self.rival is None:
            return text
        command = shlex.join(given.command_of(self._compared(*self.rival)))
        return f"{text}; not sure: for {' against '.join(self.rival)} run {command}"


class Reader:
    """Reads questions with a model and an embedding; `allow` may refuse, by raising, the cost.

    `unsure` is told why the model gives no chances, where it does not.
    """

    def __init__(
        self,
        client: Client,
        embed: Embed,
        *,
        seed: int = 0,
        allow: Callable[[], None] | None = None,
        on_text: Callable[[str, str], None] | None = None,
        unsure: Callable[[str], None] | None = None,
    ) -> None:
        self._client, self._embed, self._seed = client, embed, seed
        self._allow, self._on_text, self._unsure = allow, on_text, unsure

    def read(self, question: str) -> Read | None:
        """A question in the words of the first family that compares what it asks.

        Where none does for certain, it is the one that comes nearest. What the model makes up
        instead of copying it was not asked.
        """
        possible: list[tuple[float, Kit, dict[str, Any], tuple[str, str]]] = []
        for kit in nearest(question, self._embed)[:FAMILIES]:
            said = self._copied(kit, question)
            words = placed(question, said["tried"], said["compared_with"])
            if not all(stand(one, question) for one in words):
                continue
            near = self._near(kit, question, words)
            if near >= LEAST_NEARNESS:
                possible.append((near, kit, said, words))
            if near >= NEARNESS:
                break
        if not possible:
            return None
        _, kit, said, words = max(possible, key=lambda one: one[0])
        found, rival = self._arms(kit, question, words)
        metric = measures.meant(kit, question, said, self._embed)
        return Read(question, kit.name, *found, metric, said, rival)

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

    def _near(self, kit: Kit, question: str, words: Sequence[str]) -> float:
        """How near a question comes to what a kit is asked, and its words to two arms of it."""
        called = _called(kit)
        said = self._embed(words)
        tried, other = (
            [max(similarity(one, arm) for arm in self._embed(group)) for group in called]
            for one in said
        )
        pairs = permutations(range(len(called)), 2)
        arms = max(tried[one] + other[two] for one, two in pairs) / 2
        return arms + _likeness(kit, question, self._embed)

    def _arms(
        self, kit: Kit, question: str, words: tuple[str, str]
    ) -> tuple[tuple[str, str], tuple[str, str] | None]:
        """The arms meant by what is tried and by what it is compared with.

        With them comes the next likely pair, if it is nearly as likely.
        """
        names = list(kit.arms)
        pairs = list(permutations(range(len(names)), 2))
        around = sides(question, words)
        near = wordwise.nearness([*words, *around], _called(kit), self._embed)
        told = self._told(kit, words)
        spoken = [[SPOKEN * wordwise.spoken(name, one) for name in names] for one in around]

        def likely(arms: tuple[int, int]) -> float:
            return sum(
                WEIGHT * (near[at][arm] + near[at + 2][arm]) + told[at][arm] + spoken[at][arm]
                for at, arm in enumerate(arms)
            )

        first, second = sorted(pairs, key=likely, reverse=True)[:2]
        found, rival = ((names[one], names[other]) for one, other in (first, second))
        return found, rival if likely(first) - likely(second) < SURE else None

    def _told(self, kit: Kit, words: Sequence[str]) -> list[list[float]]:
        """The logarithms of how much likelier each arm's name is for words than for none.

        All are 0 where a server gives no chances.
        """
        asked = prompting.load("arm")
        prompts = [
            asked.render(title=kit.title, arms=kit.arms, words=one) for one in (*words, NO_WORDS)
        ]
        names = {name: name for name in kit.arms}
        try:
            found = list(choose_many(self._client, prompts, names, allow=self._allow))
        except ModelOutputError as fault:
            if self._unsure:
                self._unsure(fault.message)
            return [[0.0] * len(names) for _ in words]
        *chances, habit = ([one.chances[name] for name in names] for one in found)
        return [
            [math.log(one) - math.log(usual) for one, usual in zip(each, habit, strict=True)]
            for each in chances
        ]


def nearest(question: str, embed: Embed) -> list[Kit]:
    """The kits, the one first that is nearest.

    As a whole, by what it is asked, by its arms, and by a parameter's name.
    """
    found = kits.all_kits()
    whole = choosing.nearness(question, found, embed)
    before, *rest = _THAN.split(question, maxsplit=1)
    tried, other = embed([before, rest[0] if rest else question])

    def near(kit: Kit) -> float:
        arms = embed([does for does, *_ in _called(kit)])
        pairs = [similarity(tried, a) + similarity(other, b) for a, b in permutations(arms, 2)]
        named = NAMED * wording.names_one(kit, question)
        return whole[kit.name] + _likeness(kit, question, embed) + max(pairs) / 2 + named

    return sorted(found, key=near, reverse=True)


def _likeness(kit: Kit, question: str, embed: Embed) -> float:
    """How near a question is to the one most like it that people ask a kit."""
    (wanted,) = embed([question])
    asked = embed(other_words.of(kit.name).questions)
    return max((similarity(wanted, one) for one in asked), default=0.0)


def _called(kit: Kit) -> list[list[str]]:
    """What each arm of a kit does, and what else it is called."""
    return wordwise.described(kit.arms, other_words.of(kit.name).arms)


def placed(question: str, tried: str, other: str) -> tuple[str, str]:
    """What is tried and what it is compared with, copied words told apart by where they stand.

    What something is compared with stands after "than", or first, after "compared with"; a small
    model may turn the two round, copy one of them twice, or make them up, or copy a condition that
    stands before the question. Then the question's own words are taken, all on either side.
    """
    if (main := _main(question)) and stand(tried, question) and not stand(tried, " ".join(main)):
        tried = main[0].strip()
    if _around(question, tried, other):
        return tried, other
    if _around(question, other, tried):
        return other, tried
    halves = _halves(question)
    if behind := [after for before, after in halves if stand(tried, before)]:
        return tried, behind[-1].rstrip("?")
    if halves and not (stand(tried, question) and stand(other, question)):
        before, after = halves[-1]
        return before, after.rstrip("?")
    return tried, other


def sides(question: str, words: tuple[str, str]) -> tuple[str, str]:
    """All that a question says around each of the words that were placed.

    A small model may copy too little of it.
    """
    tried, other = words
    if found := _around(question, tried, other):
        return found
    if turned := _around(question, other, tried):
        return turned[1], turned[0]
    halves = _halves(question)
    return halves[-1] if halves else words


def _around(question: str, tried: str, other: str) -> tuple[str, str] | None:
    """The two sides of a word that compares, if the one stands before it and the other after."""
    for before, after in _halves(question):
        if stand(tried, before) and stand(other, after):
            return before, after
    return None


def _main(question: str) -> tuple[str, str] | None:
    """The two sides of a question after the condition it begins with; None if it has none.

    "With X, … than with Y" begins with what is tried.
    """
    if not (found := _CONDITION.match(question)):
        return None
    halves = _halves(question[found.end() :])
    if not halves or halves[-1][1].lower().startswith(f"{found['word'].lower()} "):
        return None
    return halves[-1]


def _halves(question: str) -> list[tuple[str, str]]:
    """What stands before and after each word that compares, what is tried first."""
    if turned := _FIRST.match(question):
        return [(turned["tried"], turned["other"])]
    return [(question[: one.start()], question[one.end() :]) for one in _THAN.finditer(question)]


def schema(kit: Kit, question: str) -> type[BaseModel]:
    """What may be answered: words, and metrics and parameters that are there."""
    one_of: Any = Literal
    words = (str, Field(min_length=3, max_length=LONGEST_WORDS))
    fields: dict[str, Any] = {
        "tried": words,
        "compared_with": words,
        "asked": words,
        "metric": (one_of[measures.possible(kit, question)], ...),
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
