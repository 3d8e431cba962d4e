"""A record of many findings and claims, for measuring what one more costs.

Each world has a hundred settings of one parameter; what its two arms do is the same at all of
them and was measured at each. Claims speak of short ranges, half of them wrongly: these clash
with the findings there and with the right claims. Deterministic.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from scientist.events import AssertionMade, Event, FindingRecorded, HypothesisProposed
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
    Says,
    Scope,
    Source,
    Verdict,
    Way,
)
from scientist.science.consistency import derive
from scientist.science.consistency.examine import examine
from scientist.science.consistency.knowledge import gather

POINTS = 100  # settings of a world
WIDTH = 5  # settings that a claim speaks of
QUOTES = (Quote(essay="E1", sentence=1, start=0, end=4, text="What"),)


def hypothesis(number: int, worlds: int = 0) -> Hypothesis:
    """One setting of one world; those beyond the last world lie between settings of the others."""
    world, level = divmod(number - 1, POINTS)
    if worlds and world >= worlds:
        world, level = number % worlds, number * 7 % (POINTS - 1) + 0.5
    return Hypothesis(
        id=f"H{number}",
        statement=f"In world {world} at level {level}, the new arm lowers error.",
        quotes=QUOTES,
        kit=f"world{world}",
        factor="arm",
        treatment="new",
        control="old",
        metric="error",
        direction=Direction.DECREASE,
        smallest_effect=0.05,
        parameters={"level": float(level)},
        code_hash="c" * 64,
        prior=0.5,
    )


def finding(number: int, worlds: int = 0, otherwise: bool = False) -> Finding:
    """What was measured there: in even worlds the new arm lowers the error, in odd ones raises it.

    Unless this one comes out otherwise.
    """
    asked = hypothesis(number, worlds)
    effect = 0.3 if (int(asked.kit.removeprefix("world")) % 2 == 0) == otherwise else -0.3
    interval = Interval(low=effect - 0.04, high=effect + 0.04, confidence=0.95, method="BCa")
    verdict = Verdict.SUPPORTED if interval.high < 0 else Verdict.REFUTED
    return Finding(
        id=f"F{number}",
        hypothesis=asked.id,
        experiment=f"X{number}",
        protocol_digest="",
        trials_blob=None,
        statement=f"{asked.statement} It moves it by {effect:g}.",
        metric="error",
        treatment="new",
        control="old",
        direction=Direction.DECREASE,
        smallest_effect=0.05,
        judgement=Judgement(verdict=verdict, reason="", effect=effect, interval=interval, pairs=40),
        quotes=QUOTES,
    )


def claim(number: int, chance: random.Random, worlds: int) -> Assertion:
    """What somebody says of a short range of one world."""
    world, low = chance.randrange(worlds), chance.randrange(POINTS - WIDTH)
    way = chance.choice((Way.INCREASE, Way.DECREASE))
    verb = "raises" if way is Way.INCREASE else "lowers"
    return Assertion(
        id=f"A{number}",
        says=Says.COMPARISON,
        text=f"In world {world} the new arm {verb} error, level {low} to {low + WIDTH}.",
        source=Source(kind=chance.choice(("user", "chat", "quote")), address=str(number)),
        scope=Scope(world=f"world{world}", ranges={"level": Range(low=low, high=low + WIDTH)}),
        treatment="new",
        control="old",
        metric="error",
        way=way,
        weight=0.6,
    )


def fill(journal: Journal, findings: int, claims: int) -> int:
    """Put findings and claims on record, hold them against each other; how many conflicts."""
    events: list[Event] = []
    for number in range(1, findings + 1):
        events.append(HypothesisProposed(hypothesis=hypothesis(number)))
        events.append(FindingRecorded(finding=finding(number)))
    chance, worlds = random.Random(7), max(1, findings // POINTS)
    events += [AssertionMade(assertion=claim(n, chance, worlds)) for n in range(1, claims + 1)]
    journal.append_all(events)
    found = examine(gather(journal))
    journal.append_all(list(found.events), sync=True)
    return len(found.conflicts)


def next_assertions(number: int, worlds: int, otherwise: bool) -> tuple[Assertion, ...]:
    """What one more finding asserts."""
    asked = hypothesis(number, worlds)
    return derive.of_finding(asked, finding(number, worlds, otherwise), asked.code_hash)


def record(
    journal: Journal, number: int, worlds: int, otherwise: bool, events: Sequence[Event]
) -> None:
    """Put one more finding on record, with what came of examining it."""
    proposed = HypothesisProposed(hypothesis=hypothesis(number, worlds))
    found = FindingRecorded(finding=finding(number, worlds, otherwise))
    journal.append_all([proposed, found, *events], sync=True)
