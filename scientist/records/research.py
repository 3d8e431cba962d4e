"""From a sentence of an essay to a finding."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from scientist.records.base import Record


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

    @property
    def decides(self) -> bool:
        """Whether it says yes or no."""
        return self in (Verdict.SUPPORTED, Verdict.REFUTED)


class Rung(StrEnum):
    """Who wrote the code of an experiment, from the safest up."""

    KIT = "kit"  # a kit as it is, at settings that were chosen
    ADAPTED = "adapted"  # a kit with one more arm, whose code a model wrote
    FREE = "free"  # the whole experiment is a model's


class Hypothesis(Record):
    """A falsifiable statement with the quotes it came from.

    Without a kit it is about code of the user's own, kept under `code_hash`; with a
    `data_hash` that code is a script with files. An adapted kit has both: `like` is the arm
    that the new one behaves as where it does not differ, `idea` says how it differs. The code of
    an adapted or free one is written after it was proposed. `builds_on` are the findings it cites.
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
    parameters: dict[str, float | int | str | bool] = Field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    prior: float | None = Field(default=None, gt=0, lt=1)
    parent_finding: str | None = None
    rung: Rung = Rung.KIT
    like: str = ""
    idea: str = ""
    builds_on: tuple[str, ...] = ()


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
    rung: Rung = Rung.KIT
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

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The lowest rung is not written: as in protocols sealed before there were rungs."""
        found: dict[str, Any] = write(self)
        if self.rung is Rung.KIT:
            del found["rung"]
        return found


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
    addresses: dict[str, Address] = Field(default_factory=dict)


class Finding(Record):
    """A judgement bound to the run it was computed from.

    `meaning` is what the sealed code says of the names in the statement.
    """

    id: str
    hypothesis: str
    experiment: str
    protocol_digest: str
    trials_blob: str | None
    statement: str
    meaning: str = ""
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
