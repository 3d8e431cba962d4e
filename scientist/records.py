"""The nouns: what the journal's events carry and every room exchanges.

Plain frozen data. What can be derived (a hypothesis' status, a campaign's
progress) is not stored here; the journal's projections derive it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def one_line(text: str) -> str:
    """Text with its white space folded: how a sentence is compared and shown."""
    return " ".join(text.split())


class Record(BaseModel):
    """Frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Passage(Record):
    """One sentence of an essay: its address is `essay:number`."""

    essay: str
    number: int
    paragraph: int
    start: int
    end: int
    text: str

    @property
    def address(self) -> str:
        return f"{self.essay}:{self.number}"


class Quote(Record):
    """A span of an essay, verified to stand there verbatim."""

    essay: str
    sentence: int
    start: int
    end: int
    text: str

    @property
    def address(self) -> str:
        return f"{self.essay}:{self.sentence}"


class Direction(StrEnum):
    """Which way the treatment is expected to move the metric."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Verdict(StrEnum):
    """What code, never the model, concludes."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    INFEASIBLE = "infeasible"


class Hypothesis(Record):
    """A falsifiable statement with the quotes it came from.

    Without a kit it is about code of the user's own, kept under `code_hash`; with a
    `data_hash` that code is a script with files.
    """

    id: str
    statement: str
    rationale: str = ""
    quotes: tuple[Quote, ...]
    kit: str
    code_hash: str = ""
    data_hash: str = ""
    factor: str
    treatment: str
    control: str
    metric: str
    direction: Direction
    smallest_effect: float = Field(gt=0)
    parameters: dict[str, float | int | str | bool] = {}
    conditions: tuple[str, ...] = ()
    prior: float | None = Field(default=None, gt=0, lt=1)
    parent_finding: str | None = None


class Stage(StrEnum):
    """Why a protocol is run: to test, or to test again what a first run supported."""

    FIRST = "first"
    CONFIRMATION = "confirmation"


class Protocol(Record):
    """The sealed pre-registration; its digest enters the journal before any measured trial.

    `alpha` is the false discovery rate promised over the workspace, `level` the part of it
    that this test may spend. `looks` are the counts of pairs after which the rule is applied.
    """

    hypothesis: str
    kit: str
    stage: Stage = Stage.FIRST
    confirms: str = ""
    treatment: str
    control: str
    arms: tuple[str, ...]
    contrasts: tuple[tuple[str, str], ...] = ()
    metric: str
    direction: Direction
    smallest_effect: float = Field(gt=0)
    parameters: dict[str, float | int | str | bool]
    seeds: tuple[int, ...]
    smoke_seeds: tuple[int, ...]
    looks: tuple[int, ...] = ()
    test: str
    alpha: float = Field(gt=0, lt=1)
    level: float = Field(default=1.0, gt=0, le=1)
    confidence: float = Field(gt=0, lt=1)
    resamples: int = Field(gt=0)
    stopping_rule: str
    code_hash: str
    runner_hash: str
    data_hash: str = ""


class Trial(Record):
    """One call `trial(arm, seed, **parameters) -> metrics`."""

    arm: str
    seed: int
    metrics: dict[str, float]
    seconds: float


class Interval(Record):
    """A confidence interval and the method that gave it."""

    low: float
    high: float
    confidence: float
    method: str


class Explored(Record):
    """A comparison that was measured along with the sealed one; it decides nothing."""

    treatment: str
    control: str
    metric: str
    effect: float
    interval: Interval
    p_value: float
    adjusted_p: float


class Judgement(Record):
    """The statistics of one sealed comparison and the verdict they imply.

    `p_value` is the directed sign-flip p of the pairs, `e_value` the largest that the
    e-process reached after any pair, `overall_p` the p that both give together under the sealed
    stopping rule: the one that is held against the level. `equivalence_p` is that of an effect
    of the smallest size that matters, or more.
    """

    verdict: Verdict
    reason: str
    effect: float | None = None
    standardized_effect: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    e_value: float | None = None
    overall_p: float | None = None
    equivalence_p: float | None = None
    pairs: int = 0
    treatment_mean: float | None = None
    control_mean: float | None = None
    explored: tuple[Explored, ...] = ()


class Attempt(Record):
    """One sealed protocol with the run it led to and what that run showed."""

    experiment: str
    protocol_digest: str
    trials_blob: str | None
    judgement: Judgement


class Form(Record):
    """How a number is written: its style and digits, in what unit, and with which sign."""

    style: Literal["fixed", "scientific", "general", "shortest"] = "general"
    digits: Annotated[int, Field(ge=0, le=17)] = 12
    scale: Literal[1, 100] = 1
    turned: bool = False


class Address(Record):
    """Where a number or a word of a claim comes from: what operation on which part of a run.

    `arms` are treatment and control, or the one arm; `argument` is a parameter's name, a seed,
    or the id of what was named.
    """

    experiment: str
    operation: str
    arms: tuple[str, ...] = ()
    metric: str = ""
    argument: str = ""
    form: Form = Form()


class Claim(Record):
    """A sentence whose numbers are addresses: `{name}` in the template stands for each."""

    template: str
    addresses: dict[str, Address] = {}


class Finding(Record):
    """A judgement bound to the run it was computed from."""

    id: str
    hypothesis: str
    experiment: str
    protocol_digest: str
    trials_blob: str | None
    statement: str
    metric: str
    treatment: str
    control: str
    direction: Direction
    smallest_effect: float
    judgement: Judgement
    first: Attempt | None = None
    quotes: tuple[Quote, ...]
    claim: Claim | None = None
    deviations: tuple[str, ...] = ()
    degradations: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


class Range(Record):
    """Values of a parameter. An end belongs to it unless it is open; None is no end."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False


class Scope(Record):
    """Where something holds: in what world, at what values of its parameters.

    A world is a kit or the hash of code; empty is any. What is not named may have any value.
    """

    world: str = ""
    ranges: dict[str, Range] = {}
    values: dict[str, tuple[str, ...]] = {}


class Says(StrEnum):
    """What kind of thing an assertion says."""

    COMPARISON = "comparison"  # treatment moves a metric against control
    QUANTITY = "quantity"  # a metric of an arm, or a named quantity, has a value
    STATUS = "status"  # a hypothesis has a verdict
    ATTRIBUTE = "attribute"  # a subject has one of several attributes that exclude each other
    TEXT = "text"  # a sentence whose meaning only a reader can tell


class Way(StrEnum):
    """How an assertion says that treatment and control stand to each other on a metric."""

    INCREASE = "increase"
    DECREASE = "decrease"
    SAME = "same"  # within the margin of each other
    DIFFERENT = "different"  # further apart than the margin, whichever way
    NOT_INCREASE = "not increase"  # by the margin or more
    NOT_DECREASE = "not decrease"


class Source(Record):
    """Who says so: a finding, an essay's sentence, a turn of a chat, a thought, the user."""

    kind: Literal["finding", "hypothesis", "quote", "chat", "reflection", "user"]
    address: str


class Assertion(Record):
    """What a claim says, in typed fields; only those its kind needs are set.

    `margin` is the difference that counts as one (0: any), `weight` the credence it has by
    itself, before it is held against the others.
    """

    id: str
    says: Says
    text: str
    source: Source
    scope: Scope = Scope()
    subject: str = ""
    treatment: str = ""
    control: str = ""
    metric: str = ""
    way: Way | None = None
    value: float | None = None
    interval: Interval | None = None
    margin: float = Field(default=0.0, ge=0)
    pairs: int = 0
    attribute: str = ""
    weight: float = Field(default=0.5, gt=0, lt=1)


class Relation(Record):
    """How two sentences bear on each other, as chances; never just the likeliest."""

    supports: float = Field(ge=0, le=1)
    contradicts: float = Field(ge=0, le=1)
    unrelated: float = Field(ge=0, le=1)


class Conflict(Record):
    """Assertions that cannot all hold, as few as show it, and why.

    `proof` says it step by step with the numbers. One that was judged by a model has a
    `chance` below 1 and is soft; one that follows from typed fields has chance 1 and is hard.
    """

    id: str
    rule: str
    members: tuple[str, ...] = Field(min_length=1)
    proof: tuple[str, ...]
    chance: float = Field(default=1.0, gt=0, le=1)

    @property
    def hard(self) -> bool:
        return self.chance == 1.0


class Change(Record):
    """What a resolution does to one assertion: a narrower scope, or no standing any more."""

    assertion: str
    scope: Scope | None = None  # None: it is demoted
    reason: str


class Resolution(Record):
    """How a conflict is mended; one that waits for a replication names its hypothesis."""

    conflict: str
    how: Literal["rescope", "demote", "discriminate", "moot"]
    reason: str
    changes: tuple[Change, ...] = ()
    replicate: str = ""


class Usage(Record):
    """Tokens of one model call as the server counted them."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


class Budget(Record):
    """What a campaign may spend."""

    rounds: int
    minutes: float
    tokens: int


JsonObject = dict[str, Any]
