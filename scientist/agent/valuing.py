"""What testing a hypothesis next is worth: information x novelty x coverage x relevance - cost.

Information is the uncertainty of the credence, in bits; novelty the distance in meaning to all
that was tested; coverage favours families, essays and rungs of the code ladder that had fewer
turns; relevance is the nearness in meaning to the campaign's question, if it has one, beside the
nearest candidate's; cost is the share of the time that is left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scientist.agent import proposing
from scientist.lab import kits
from scientist.memory.embedding import Vector, similarity
from scientist.records import Hypothesis, Rung

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

COST_WEIGHT = 0.5
CODE_SECONDS = 90.0  # writing code takes about as long, whatever it is about
FREE_SECONDS = 30.0
CONFIRMED = 3  # a test is a smoke run, a first run and often a second one


@dataclass(frozen=True)
class Value:
    """The parts of a value, each from 0 to 1."""

    information: float
    novelty: float
    coverage: float
    relevance: float
    cost: float

    @property
    def total(self) -> float:
        worth = self.information * self.novelty * self.coverage * self.relevance
        return worth - COST_WEIGHT * self.cost

    def plain(self) -> dict[str, float]:
        parts = {"information": self.information, "novelty": self.novelty}
        parts |= {"coverage": self.coverage, "relevance": self.relevance}
        parts |= {"cost": self.cost, "value": self.total}
        return {name: round(value, 4) for name, value in parts.items()}


def rank(
    bench: Bench, candidates: Sequence[Hypothesis], most: int
) -> list[tuple[Hypothesis, Value]]:
    """The best candidates, best first, each valued as if those before it were tested."""
    tested = proposing.tested(bench)
    texts = [text(one) for one in (*candidates, *tested)]
    vectors = dict(zip(texts, bench.store.embed(texts), strict=True))
    relevance = _relevance(bench, candidates, vectors)
    left = list(candidates)
    chosen: list[tuple[Hypothesis, Value]] = []
    while left and len(chosen) < most:
        valued = [(one, value(bench, one, tested, vectors, relevance[one.id])) for one in left]
        best = max(valued, key=lambda pair: pair[1].total)  # the first of equals, as drawn
        chosen.append(best)
        left.remove(best[0])
        tested.append(best[0])
    return chosen


def value(
    bench: Bench,
    hypothesis: Hypothesis,
    tested: Sequence[Hypothesis],
    vectors: dict[str, Vector],
    relevance: float = 1.0,
) -> Value:
    """What one more test is worth beside those that were made."""
    mine = vectors[text(hypothesis)]
    nearest = max((similarity(mine, vectors[text(one)]) for one in tested), default=0.0)
    return Value(
        information=_bits(hypothesis.prior or 0.5),
        novelty=min(1.0, max(0.0, 1 - nearest)),
        coverage=_coverage(hypothesis, tested),
        relevance=relevance,
        cost=min(1.0, _seconds(hypothesis) / max(bench.meter.seconds_left, 1.0)),
    )


def _relevance(
    bench: Bench, candidates: Sequence[Hypothesis], vectors: dict[str, Vector]
) -> dict[str, float]:
    """How near each candidate comes to the question: 1 for the nearest, and for all without one."""
    if not bench.question:
        return {one.id: 1.0 for one in candidates}
    (wanted,) = bench.store.embed([bench.question])
    near = {one.id: max(0.0, similarity(wanted, vectors[text(one)])) for one in candidates}
    nearest = max(near.values(), default=0.0) or 1.0
    return {name: share / nearest for name, share in near.items()}


def text(hypothesis: Hypothesis) -> str:
    """What is embedded of a hypothesis."""
    return f"{hypothesis.factor}. {hypothesis.statement} {hypothesis.idea}".strip()


def _bits(chance: float) -> float:
    """How uncertain a credence is: 1 at one half, 0 at certainty."""
    return -sum(p * math.log2(p) for p in (chance, 1 - chance) if p > 0)


def _coverage(hypothesis: Hypothesis, tested: Sequence[Hypothesis]) -> float:
    """How few turns its family, its essays and its rung had, compared with the most."""
    families = [one.kit for one in tested].count(hypothesis.kit)
    rungs = [one.rung for one in tested].count(hypothesis.rung)
    quoted = [quote.essay for one in tested for quote in {q.essay: q for q in one.quotes}.values()]
    essays = [1 / (1 + quoted.count(quote.essay)) for quote in hypothesis.quotes] or [1.0]
    return (1 / (1 + families) + 1 / (1 + rungs) + sum(essays) / len(essays)) / 3


def _seconds(hypothesis: Hypothesis) -> float:
    code = 0.0 if hypothesis.rung is Rung.KIT or hypothesis.code_hash else CODE_SECONDS
    run = kits.load(hypothesis.kit).cost_seconds if hypothesis.kit else FREE_SECONDS
    return code + CONFIRMED * run
