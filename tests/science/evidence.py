"""A small record to claim from: three findings with planted effects, one of them confirmed."""

from __future__ import annotations

import random
from dataclasses import replace

from scientist.records import Direction, Hypothesis, Protocol, Trial
from scientist.science import judge as rules
from scientist.science import protocol as protocols
from scientist.science.claims.evidence import Evidence, Measure, Run

MEASURES = {
    "shifted_error": Measure("lower", "", True, "share of wrong predictions after the shift"),
    "novel_surprise": Measure("lower", "bits", False, "mean surprise at the right outcome"),
}


def hypothesis(number: int, **change: object) -> Hypothesis:
    plain = Hypothesis(
        id=f"H{number}",
        statement="stable lowers shifted_error compared with pooled.",
        quotes=(),
        kit="causal_features",
        factor="features",
        treatment="stable",
        control="pooled",
        metric="shifted_error",
        direction=Direction.DECREASE,
        smallest_effect=0.05,
        parameters={"samples": 100, "noise": 0.1},
        conditions=("samples",),
    )
    return plain.model_copy(update=change)


def plan(
    asked: Hypothesis, pairs: int = 12, earlier: int = 0, arms: tuple[str, ...] = ()
) -> Protocol:
    return protocols.plan(
        asked,
        pairs=pairs,
        alpha=0.05,
        level=0.02,
        code_hash="c" * 64,
        runner_hash="r" * 64,
        arms=arms,
        earlier=earlier,
        confirms="f" * 64 if earlier else "",
        resamples=999,
    ).model_copy(update={"looks": ()})


def measured(protocol: Protocol, shifts: dict[str, float], noise: float, seed: int) -> list[Trial]:
    chance = random.Random(seed)
    found = []
    for number in protocol.seeds:
        base = chance.gauss(0.4, 0.03)
        for arm in protocol.arms:
            value = round(base + shifts.get(arm, 0.0) + chance.gauss(0, noise), 6)
            metrics = {"shifted_error": value, "novel_surprise": round(3 * value, 6)}
            found.append(Trial(arm=arm, seed=number, metrics=metrics, seconds=0.1))
    return found


def run(
    number: int, experiment: int, asked: Hypothesis, protocol: Protocol, trials: list[Trial]
) -> Run:
    return Run(
        experiment=f"X{experiment}",
        protocol=protocol,
        trials=tuple(trials),
        judgement=rules.judge(protocol, trials),
        finding=f"F{number}",
        campaign="C1",
        conditions=asked.conditions,
        measures=MEASURES,
    )


def record() -> Evidence:
    """F1 supported and confirmed (X1, X2), F2 inconclusive, F3 refuted with a third arm."""
    one = hypothesis(1)
    early, late = plan(one), plan(one, earlier=1)
    first = run(1, 1, one, early, measured(early, {"stable": -0.13}, 0.02, 1))
    second = run(1, 2, one, late, measured(late, {"stable": -0.11}, 0.02, 2))
    settled = rules.settle(first.judgement, second.judgement)
    two = hypothesis(2, parameters={"samples": 20, "noise": 0.1})
    unsure = plan(two)
    three = hypothesis(
        3, treatment="reweighted", metric="novel_surprise", direction=Direction.INCREASE,
        smallest_effect=0.1, parameters={"samples": 100, "noise": 0.1},
    )  # fmt: skip
    wide = plan(three, pairs=10, arms=("informed",))
    shifts = {"reweighted": -0.1, "informed": -0.3}
    return Evidence(
        runs=(
            replace(first, final=False),
            replace(second, judgement=settled, first=first.judgement),
            run(2, 3, two, unsure, measured(unsure, {"stable": -0.02}, 0.06, 3)),
            run(3, 4, three, wide, measured(wide, shifts, 0.02, 4)),
        ),
        quotes={"E1:1": "A pooled learner erred in 37 of 100 cases before the cue turned."},
        ids=frozenset({"C1", "E1", "H9"}),
    )
