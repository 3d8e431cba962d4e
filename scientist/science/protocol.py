"""Plan an experiment, seal it, and say where a run departed from the seal.

The digest is SHA-256 over canonical JSON, so anyone can recompute it from the record
with a few lines of any language. Measured and smoke seeds come from two ranges that
never meet: what a smoke run saw can never count.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from scientist.errors import ScientistError, UsageError
from scientist.records import Hypothesis, Protocol, Trial

SMOKE_SEEDS = 3
LEAST_PAIRS = 6
RESAMPLES = 9999
USUAL_ALPHA = 0.05
MOST_ALPHA = 0.5
TEST = "paired by seed: mean difference, directed sign-flip permutation p, BCa bootstrap interval"
STOPPING_RULE = "fixed: every seed in every arm, one look at the end"
_HALF = 2**30  # measured seeds lie below, smoke seeds from here to 2**31


def plan(
    hypothesis: Hypothesis,
    *,
    pairs: int,
    alpha: float,
    code_hash: str,
    runner_hash: str,
    resamples: int = RESAMPLES,
) -> Protocol:
    """The protocol that tests a hypothesis, everything in it decided before the first trial."""
    check_plan(pairs, alpha, resamples)
    if hypothesis.treatment == hypothesis.control:
        raise UsageError(
            f"hypothesis {hypothesis.id} compares {hypothesis.treatment} with itself",
            "scientist hypothesis list",
        )
    measured, smoke = seeds(pairs, question(hypothesis))
    return Protocol(
        hypothesis=hypothesis.id,
        kit=hypothesis.kit,
        treatment=hypothesis.treatment,
        control=hypothesis.control,
        arms=(hypothesis.treatment, hypothesis.control),
        metric=hypothesis.metric,
        direction=hypothesis.direction,
        smallest_effect=hypothesis.smallest_effect,
        parameters=hypothesis.parameters,
        seeds=measured,
        smoke_seeds=smoke,
        test=TEST,
        alpha=alpha,
        confidence=round(1 - alpha, 12),
        resamples=resamples,
        stopping_rule=STOPPING_RULE,
        code_hash=code_hash,
        runner_hash=runner_hash,
    )


def check_plan(pairs: int, alpha: float, resamples: int = RESAMPLES) -> None:
    """Refuse a plan that could decide nothing, however clear the effect."""
    finest = 2 / (resamples + 1)  # an end of the interval lies at alpha / 2 of the resamples
    if not finest <= alpha <= MOST_ALPHA:
        usable = finest if alpha < finest else USUAL_ALPHA
        needed = _least_pairs(usable)
        raise UsageError(
            f"alpha must lie between {finest:g}, the finest that {resamples} resamples can tell, "
            f"and {MOST_ALPHA:g}, not at {alpha}",
            f"SCIENTIST_ALPHA={usable!r} scientist run"
            + (f" --pairs {needed}" if pairs < needed else ""),
        )
    needed = _least_pairs(alpha)
    if pairs < LEAST_PAIRS:
        raise UsageError(
            f"{pairs} pairs are too few to judge by, {LEAST_PAIRS} are the least",
            f"scientist run --pairs {needed}",
        )
    if pairs < needed:
        raise UsageError(
            f"{pairs} pairs can never give a p of {alpha:g} or less, however clear the effect",
            f"scientist run --pairs {needed}",
        )


def _least_pairs(alpha: float) -> int:
    """How many pairs it takes that one sign pattern among all is rarer than alpha."""
    return next(pairs for pairs in count(LEAST_PAIRS) if 0.5**pairs <= alpha)


def question(hypothesis: Hypothesis) -> str:
    """What is measured, whoever asks and why: the same question is always given the same seeds.

    Words, number, direction and the order of the arms are left out, or asking again in
    other words would be another throw of the dice. A confirmation needs seeds that nobody
    has seen: how many earlier experiments it follows would have to be hashed here too.
    """
    return canonical(
        {
            "kit": hypothesis.kit,
            "arms": sorted((hypothesis.treatment, hypothesis.control)),
            "metric": hypothesis.metric,
            "parameters": hypothesis.parameters,
        }
    )


def seeds(
    pairs: int, basis: str, smoke: int = SMOKE_SEEDS
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Measured and smoke seeds, drawn from what is tested: chosen by nobody."""
    return _draw(f"measured:{basis}", pairs, 0), _draw(f"smoke:{basis}", smoke, _HALF)


def _draw(basis: str, wanted: int, offset: int) -> tuple[int, ...]:
    drawn: dict[int, None] = {}
    number = 0
    while len(drawn) < wanted:
        hashed = hashlib.sha256(f"{basis}:{number}".encode()).digest()
        drawn[offset + int.from_bytes(hashed[:8], "big") % _HALF] = None
        number += 1
    return tuple(drawn)


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, shortest floats, no white space, no NaN."""
    try:
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (ValueError, TypeError) as fault:
        raise ScientistError(
            f"this cannot be sealed: {fault}", "every value must be text, a finite number or a flag"
        ) from fault


def digest(protocol: Protocol) -> str:
    """What a sealed protocol is known by."""
    content = protocol.model_dump(mode="python")  # JSON mode would let NaN pass as null
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def deviations(
    protocol: Protocol,
    trials: Sequence[Trial],
    code_hash: str | None = None,
    runner_hash: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Where a run departed from its sealed protocol, in words; empty when nowhere.

    What is None is not compared; an empty hash says that none was taken.
    """
    planned = {(arm, seed) for arm in protocol.arms for seed in protocol.seeds}
    measured = Counter((trial.arm, trial.seed) for trial in trials)
    extra = set(measured) - planned
    arms = sorted({arm for arm, _ in extra if arm not in protocol.arms})
    smoke = sorted({seed for _, seed in extra if seed in protocol.smoke_seeds})
    foreign = {(a, s) for a, s in extra if a in protocol.arms and s not in protocol.smoke_seeds}
    repeated = sum(count > 1 for count in measured.values())
    unusable = sum(
        not math.isfinite(trial.metrics.get(protocol.metric, math.nan))
        for trial in trials
        if (trial.arm, trial.seed) in planned
    )
    found: list[str] = []
    if missing := planned - set(measured):
        found.append(f"{len(missing)} of {len(planned)} planned trials are missing")
    if unusable:
        found.append(f"{unusable} trials have no usable {protocol.metric}")
    if arms:
        found.append(f"arms that were not planned were run: {', '.join(arms)}")
    if foreign:
        found.append(f"{len(foreign)} trials ran on seeds that were not planned")
    if smoke:
        found.append(f"{len(smoke)} smoke seeds were measured; they do not count")
    if repeated:
        found.append(f"{repeated} trials were run more than once")
    for what, ran, sealed in (
        ("code", code_hash, protocol.code_hash),
        ("runner", runner_hash, protocol.runner_hash),
    ):
        if ran == "":
            found.append(f"there is no record of the {what} that ran")
        elif ran is not None and ran != sealed:
            found.append(f"the {what} that ran is not the {what} that was sealed")
    if parameters is not None and canonical(dict(parameters)) != canonical(protocol.parameters):
        found.append("the parameters that were used are not those that were sealed")
    return tuple(found)
