"""What is claimed, by whom, and how claims stand to each other."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from scientist.records.base import Record
from scientist.records.research import Interval


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
    ranges: dict[str, Range] = Field(default_factory=dict)
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)


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
