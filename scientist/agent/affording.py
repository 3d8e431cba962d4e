"""Whether the trial budget can bring a test to its verdict: smoke run, test and confirmation.

Asked before anything of the test is measured, so that a budget does not end halfway: a first run
that could be refuted but, for want of trials, never confirmed would lean to one side.
"""

from __future__ import annotations

from scientist.agent.bench import Bench
from scientist.agent.nodes.design import MOST_ARMS
from scientist.errors import BudgetError
from scientist.lab import kits
from scientist.records import Hypothesis
from scientist.science import protocol, stream


def lacking(bench: Bench, round_: int, hypothesis: Hypothesis, in_flight: bool) -> str:
    """Why a test is out of reach; empty if it is not.

    With nothing in flight that could give trials back, the campaign's budget is spent.
    """
    if bench.meter.budget.trials is None:
        return ""

    def look(_: str) -> str:
        try:
            bench.meter.afford(needed(bench, hypothesis), f"a test of {hypothesis.id}")
        except BudgetError as short:
            if not in_flight:
                raise
            return short.message
        return ""

    inputs = [hypothesis.id, hypothesis.code_hash, bench.meter.budget.trials]
    found: str = bench.effects.once(
        "write_code", round_, "afford", look, inputs=inputs, on_disk="later"
    )
    return found


def needed(bench: Bench, hypothesis: Hypothesis, pairs: int = 0) -> int:
    """The fewest trials that can bring a test, of so many pairs or more, to its verdict."""
    kit = kits.load(hypothesis.kit) if hypothesis.kit else None
    arms = {hypothesis.treatment, hypothesis.control, *(tuple(kit.arms)[:MOST_ARMS] if kit else ())}
    level = stream.next_level(stream.sealed(bench.journal), bench.settings.alpha)
    least = max(pairs, bench.settings.pairs or 0, protocol.least_pairs(level))
    smoke = 2 * protocol.SMOKE_SEEDS - 1  # most of it is run twice
    return len(arms) * (smoke + 2 * least)
