"""A hypothesis, its protocol, and trials with a planted effect."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from scientist.records import Direction, Hypothesis, Protocol, Quote, Trial
from scientist.science import protocol as protocols

Make = Callable[..., list[Trial]]


@pytest.fixture(scope="session")
def hypothesis() -> Hypothesis:
    return Hypothesis(
        id="H1",
        statement="stable lowers shifted_error compared with pooled.",
        quotes=(Quote(essay="E1", sentence=1, start=0, end=4, text="What"),),
        kit="causal_features",
        factor="features",
        treatment="stable",
        control="pooled",
        metric="shifted_error",
        direction=Direction.DECREASE,
        smallest_effect=0.05,
        parameters={"samples": 100, "noise": 0.1, "flip": True, "law": "linear"},
    )


@pytest.fixture(scope="session")
def protocol(hypothesis: Hypothesis) -> Protocol:
    """One look at the end; tests of stopping plan their own."""
    plan = protocols.plan(
        hypothesis, pairs=24, alpha=0.05, level=0.05, code_hash="c" * 64, runner_hash="r" * 64
    )
    return plan.model_copy(update={"looks": ()})


def trials(
    protocol: Protocol, effect: float, seed: int = 0, noise: float = 0.05, **change: Any
) -> list[Trial]:
    """Both arms on every sealed seed; the treatment is `effect` higher on average."""
    chance = random.Random(seed)
    found = []
    for number in change.get("seeds", protocol.seeds):
        base = chance.gauss(0.4, 0.2)
        for arm, shift in ((protocol.treatment, effect), (protocol.control, 0.0)):
            value = base + shift + chance.gauss(0, noise)
            found.append(Trial(arm=arm, seed=number, metrics={protocol.metric: value}, seconds=0.1))
    return found
