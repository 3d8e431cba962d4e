"""Plan an experiment and seal it.

The digest is SHA-256 over canonical JSON, so anyone can recompute it from the record
with a few lines of any language. Measured and smoke seeds come from two ranges that
never meet: what a smoke run saw can never count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from scientist.errors import ScientistError, UsageError
from scientist.records import Hypothesis, Protocol, Rung, Stage

SMOKE_SEEDS = 4
LEAST_PAIRS = 6
LEAST_LOOK = 10  # with fewer pairs no e-process reaches the first level
RESAMPLES = 9999
USUAL_ALPHA = 0.05
MOST_ALPHA = 0.5
EARLY_SHARE = 0.2
TEST = (
    "paired by seed: mean difference, BCa bootstrap interval; overall p = the smaller of directed "
    f"sign-flip p / {1 - EARLY_SHARE:g} and 1 / ({EARLY_SHARE:g} e) of the directed e-process"
)
STOPPING_RULE = (
    "every seed in every arm, in order; at a look before the last, stop if 1 / "
    f"({EARLY_SHARE:g} e) <= level in either direction, as predicted only if the effect is "
    "at least the smallest of interest"
)
SMOKE_FROM = 2**30  # measured seeds lie below, smoke seeds from here to 2**31


def plan(
    hypothesis: Hypothesis,
    *,
    pairs: int,
    alpha: float,
    level: float,
    code_hash: str,
    runner_hash: str,
    data_hash: str = "",
    arms: Sequence[str] = (),
    earlier: int = 0,
    confirms: str = "",
    resamples: int = RESAMPLES,
) -> Protocol:
    """The protocol that tests a hypothesis, everything in it decided before the first trial.

    `earlier` is how many protocols of the same question were sealed before: each has seeds
    of its own. `arms` are further arms to measure along; they decide nothing.
    """
    check_plan(pairs, alpha, resamples)
    treatment, control = hypothesis.treatment, hypothesis.control
    if treatment == control:
        raise UsageError(
            f"hypothesis {hypothesis.id} compares {treatment} with itself",
            "scientist hypothesis list",
        )
    if pairs < least_pairs(level):
        raise UsageError(
            f"{pairs} pairs can never give a p of {level:g} or less, however clear the effect",
            f"scientist run --pairs {least_pairs(level)}",
        )
    others = tuple(arm for arm in arms if arm not in (treatment, control))
    measured, smoke = seeds(pairs, question(hypothesis), earlier)
    return Protocol(
        hypothesis=hypothesis.id,
        kit=hypothesis.kit,
        rung=hypothesis.rung,
        stage=Stage.CONFIRMATION if confirms else Stage.FIRST,
        confirms=confirms,
        treatment=treatment,
        control=control,
        arms=(treatment, control, *others),
        contrasts=tuple(pair for arm in others for pair in ((treatment, arm), (arm, control))),
        metric=hypothesis.metric,
        direction=hypothesis.direction,
        smallest_effect=hypothesis.smallest_effect,
        parameters=hypothesis.parameters,
        seeds=measured,
        smoke_seeds=smoke,
        looks=looks(pairs),
        test=TEST,
        alpha=alpha,
        level=level,
        confidence=round(1 - alpha, 12),
        resamples=resamples,
        stopping_rule=STOPPING_RULE,
        code_hash=code_hash,
        runner_hash=runner_hash,
        data_hash=data_hash,
    )


def looks(pairs: int) -> tuple[int, ...]:
    """After how many pairs the rule is applied: halfway, if that is enough, and at the end."""
    half = (pairs + 1) // 2
    return (half, pairs) if half >= LEAST_LOOK else (pairs,)


def check_plan(pairs: int, alpha: float, resamples: int = RESAMPLES) -> None:
    """Refuse a plan that could decide nothing, however clear the effect."""
    finest = 2 / (resamples + 1)  # an end of the interval lies at alpha / 2 of the resamples
    if not finest <= alpha <= MOST_ALPHA:
        usable = finest if alpha < finest else USUAL_ALPHA
        needed = least_pairs(usable)
        raise UsageError(
            f"alpha must lie between {finest:g}, the finest that {resamples} resamples can tell, "
            f"and {MOST_ALPHA:g}, not at {alpha}",
            f"SCIENTIST_ALPHA={usable!r} scientist run"
            + (f" --pairs {needed}" if pairs < needed else ""),
        )
    if pairs < LEAST_PAIRS:
        raise UsageError(
            f"{pairs} pairs are too few to judge by, {LEAST_PAIRS} are the least",
            f"scientist run --pairs {least_pairs(alpha)}",
        )


def least_pairs(level: float) -> int:
    """How many pairs it takes that the clearest effect has an overall p of at most the level."""
    return next(pairs for pairs in count(LEAST_PAIRS) if 0.5**pairs / (1 - EARLY_SHARE) <= level)


def question(hypothesis: Hypothesis | Protocol) -> str:
    """What is measured, whoever asks and why, in whatever words.

    Number, direction and the order of the arms are left out: whoever asks the same again is
    counted as asking again, and given seeds that nobody has seen.
    """
    return canonical(
        {
            "kit": hypothesis.kit or hypothesis.code_hash,
            **({"code": hypothesis.code_hash} if hypothesis.rung is Rung.ADAPTED else {}),
            "arms": sorted((hypothesis.treatment, hypothesis.control)),
            "metric": hypothesis.metric,
            "parameters": hypothesis.parameters,
        }
    )


def seeds(
    pairs: int, basis: str, earlier: int = 0, smoke: int = SMOKE_SEEDS
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Measured and smoke seeds, drawn from what is tested: chosen by nobody."""
    fresh = f"measured:{basis}" if not earlier else f"measured {earlier}:{basis}"
    return _draw(fresh, pairs, 0), _draw(f"smoke:{basis}", smoke, SMOKE_FROM)


def _draw(basis: str, wanted: int, offset: int) -> tuple[int, ...]:
    drawn: dict[int, None] = {}
    number = 0
    while len(drawn) < wanted:
        hashed = hashlib.sha256(f"{basis}:{number}".encode()).digest()
        drawn[offset + int.from_bytes(hashed[:8], "big") % SMOKE_FROM] = None
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


def digest(protocol: Protocol | Mapping[str, Any]) -> str:
    """What a sealed protocol is known by, from the record or from its plain JSON."""
    content = (
        protocol.model_dump(mode="python")  # JSON mode would let NaN pass as null
        if isinstance(protocol, Protocol)
        else protocol
    )
    return hashlib.sha256(canonical(content).encode()).hexdigest()
