"""The nouns: what the journal's events carry and every room exchanges.

Plain frozen data. What can be derived (a hypothesis' status, a campaign's
progress) is not stored here; the journal's projections derive it.
"""

from __future__ import annotations

from scientist.records.assertions import (
    Assertion,
    Change,
    Conflict,
    Range,
    Relation,
    Resolution,
    Says,
    Scope,
    Source,
    Way,
)
from scientist.records.base import JsonObject, Record, clean, count, one_line, printable
from scientist.records.campaigns import Budget, Usage
from scientist.records.chats import Mark, Said
from scientist.records.research import (
    Address,
    Attempt,
    Claim,
    Direction,
    Explored,
    Finding,
    Form,
    Hypothesis,
    Interval,
    Judgement,
    Passage,
    Protocol,
    Quote,
    Rung,
    Stage,
    Trial,
    Verdict,
)

__all__ = [
    "Address",
    "Assertion",
    "Attempt",
    "Budget",
    "Change",
    "Claim",
    "Conflict",
    "Direction",
    "Explored",
    "Finding",
    "Form",
    "Hypothesis",
    "Interval",
    "JsonObject",
    "Judgement",
    "Mark",
    "Passage",
    "Protocol",
    "Quote",
    "Range",
    "Record",
    "Relation",
    "Resolution",
    "Rung",
    "Said",
    "Says",
    "Scope",
    "Source",
    "Stage",
    "Trial",
    "Usage",
    "Verdict",
    "Way",
    "clean",
    "count",
    "one_line",
    "printable",
]
