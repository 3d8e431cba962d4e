"""What was said by whom, and what of it cannot all hold."""

from __future__ import annotations

from typing import Literal

from scientist.records import Assertion, Conflict, Record, Relation, Resolution


class AssertionMade(Record):
    """Somebody said something that is to be held against all else."""

    kind: Literal["assertion_made"] = "assertion_made"
    assertion: Assertion


class AssertionPinned(Record):
    """The user decides that an assertion stands, or takes that back."""

    kind: Literal["assertion_pinned"] = "assertion_pinned"
    assertion: str
    pinned: bool


class RelationJudged(Record):
    """A model read two sentences, in both orders; what it said before and after calibration."""

    kind: Literal["relation_judged"] = "relation_judged"
    first: str
    second: str
    forward: Relation
    backward: Relation
    relation: Relation
    model: str
    model_digest: str
    calibration: str


class ConflictFound(Record):
    """Assertions were found that cannot all hold."""

    kind: Literal["conflict_found"] = "conflict_found"
    conflict: Conflict


class ConflictResolved(Record):
    """A conflict was mended, or it was decided what will."""

    kind: Literal["conflict_resolved"] = "conflict_resolved"
    resolution: Resolution
