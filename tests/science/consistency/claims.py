"""Assertions and findings to hold against each other, in a few words each."""

from __future__ import annotations

from typing import Any

from scientist.events import (
    AssertionMade,
    AssertionPinned,
    Event,
    FindingRecorded,
    HypothesisProposed,
    RelationJudged,
)
from scientist.journal import Journal
from scientist.records import (
    Assertion,
    Direction,
    Finding,
    Hypothesis,
    Interval,
    Judgement,
    Quote,
    Range,
    Relation,
    Says,
    Scope,
    Source,
    Verdict,
    Way,
)
from scientist.science.consistency.examine import Examined, examine
from scientist.science.consistency.knowledge import Knowledge, gather

QUOTES = (Quote(essay="E1", sentence=1, start=0, end=4, text="What"),)


def claim(name: str, way: Way | None, kind: str = "chat", **fields: Any) -> Assertion:
    """Somebody's claim about stable against pooled; without a way a mere sentence."""
    address = fields.pop("address", "1")
    typed = {"treatment": "stable", "control": "pooled", "metric": "error", "way": way}
    return Assertion(
        **{
            "id": name,
            "says": Says.COMPARISON if way else Says.TEXT,
            "text": f"{name} says that it is a {way or 'mystery'}.",
            "source": Source(kind=kind, address=address),  # type: ignore[arg-type]
            "weight": 0.95,
            **(typed if way else {}),
            **fields,
        }
    )


def shift(low: float | None, high: float | None, **ends: bool) -> Scope:
    """Some values of one parameter of one world."""
    return Scope(world="features", ranges={"shift": Range(low=low, high=high, **ends)})


def asked(name: str, value: float = 0.4, **fields: Any) -> Hypothesis:
    """Does stable lower the error, at one value of the parameter?"""
    return Hypothesis(
        **{
            "id": name,
            "statement": "stable lowers error compared with pooled.",
            "quotes": QUOTES,
            "kit": "features",
            "factor": "features",
            "treatment": "stable",
            "control": "pooled",
            "metric": "error",
            "direction": Direction.DECREASE,
            "smallest_effect": 0.05,
            "parameters": {"shift": value},
            **fields,
        }
    )


def measured(
    name: str, hypothesis: Hypothesis, effect: float, error: float = 0.02, **fields: Any
) -> Finding:
    """A finding with a normal interval around an effect; supported if it is clearly lower."""
    interval = Interval(
        low=effect - 1.96 * error, high=effect + 1.96 * error, confidence=0.95, method="BCa"
    )
    verdict = Verdict.SUPPORTED if interval.high < 0 else Verdict.REFUTED
    judgement = Judgement(verdict=verdict, reason="", effect=effect, interval=interval, pairs=40)
    return Finding(
        **{
            "id": name,
            "hypothesis": hypothesis.id,
            "experiment": f"X{name}",
            "protocol_digest": "",
            "trials_blob": None,
            "statement": f"{name}: stable moves error by {effect:g}.",
            "metric": "error",
            "treatment": "stable",
            "control": "pooled",
            "direction": Direction.DECREASE,
            "smallest_effect": 0.05,
            "judgement": judgement,
            "quotes": QUOTES,
            **fields,
        }
    )


def say(journal: Journal, *said: Assertion | Finding | Hypothesis) -> None:
    """Put each on record."""
    events: list[Event] = []
    for one in said:
        if isinstance(one, Assertion):
            events.append(AssertionMade(assertion=one))
        elif isinstance(one, Finding):
            events.append(FindingRecorded(finding=one))
        else:
            events.append(HypothesisProposed(hypothesis=one))
    journal.append_all(events)


def pin(journal: Journal, name: str, pinned: bool = True) -> None:
    journal.append(AssertionPinned(assertion=name, pinned=pinned))


def judged(first: str, second: str, contradicts: float) -> RelationJudged:
    """What a model said of two sentences."""
    rest = (1 - contradicts) / 2
    relation = Relation(supports=rest, contradicts=contradicts, unrelated=rest)
    return RelationJudged(
        first=first,
        second=second,
        forward=relation,
        backward=relation,
        relation=relation,
        model="tiny",
        model_digest="",
        calibration="none",
    )


def check(journal: Journal) -> tuple[Examined, Knowledge]:
    """Examine what is on record, record what comes of it, and gather again."""
    found = examine(gather(journal))
    if found.events:
        journal.append_all(list(found.events))
    return found, gather(journal)
