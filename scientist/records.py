"""The nouns: what the journal's events carry and every room exchanges.

Plain frozen data. What can be derived (a hypothesis' status, a campaign's
progress) is not stored here; the journal's projections derive it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
    """A falsifiable statement with the quotes it came from."""

    id: str
    statement: str
    rationale: str = ""
    quotes: tuple[Quote, ...]
    kit: str
    factor: str
    treatment: str
    control: str
    metric: str
    direction: Direction
    smallest_effect: float = Field(gt=0)
    parameters: dict[str, float | int | str | bool] = {}
    conditions: tuple[str, ...] = ()
    parent_finding: str | None = None


class Protocol(Record):
    """The sealed pre-registration; its digest enters the journal before any measured trial."""

    hypothesis: str
    kit: str
    treatment: str
    control: str
    arms: tuple[str, ...]
    metric: str
    direction: Direction
    smallest_effect: float = Field(gt=0)
    parameters: dict[str, float | int | str | bool]
    seeds: tuple[int, ...]
    smoke_seeds: tuple[int, ...]
    test: str
    alpha: float = Field(gt=0, lt=1)
    confidence: float = Field(gt=0, lt=1)
    resamples: int = Field(gt=0)
    stopping_rule: str
    code_hash: str
    runner_hash: str


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


class Judgement(Record):
    """The statistics of one sealed comparison and the verdict they imply."""

    verdict: Verdict
    reason: str
    effect: float | None = None
    standardized_effect: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    pairs: int = 0
    treatment_mean: float | None = None
    control_mean: float | None = None


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
    quotes: tuple[Quote, ...]
    deviations: tuple[str, ...] = ()
    degradations: tuple[str, ...] = ()


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
