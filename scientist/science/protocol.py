"""Plan and seal: what will be measured, fixed and hashed before it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from scientist.records import Hypothesis, Protocol, Trial

SMOKE_SEEDS = 3
CONFIDENCE = 0.95
RESAMPLES = 9999
TEST = "paired sign-flip permutation"
STOPPING_RULE = "fixed: every seed in every arm, no look before the last"
_SEED_SPACE = 2**31 - 1


def plan(
    hypothesis: Hypothesis, *, pairs: int, alpha: float, code_hash: str, runner_hash: str
) -> Protocol:
    """The protocol that tests a hypothesis."""
    measured, smoke = seeds(hypothesis, pairs)
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
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        stopping_rule=STOPPING_RULE,
        code_hash=code_hash,
        runner_hash=runner_hash,
    )


def seeds(hypothesis: Hypothesis, pairs: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Measured seeds and smoke seeds: drawn from the hypothesis itself, never shared."""
    drawn: list[int] = []
    number = 0
    basis = canonical(hypothesis.model_dump(mode="json"))
    while len(drawn) < pairs + SMOKE_SEEDS:
        digest = hashlib.sha256(basis + number.to_bytes(8, "big")).digest()
        seed = int.from_bytes(digest[:8], "big") % _SEED_SPACE
        if seed not in drawn:
            drawn.append(seed)
        number += 1
    return tuple(drawn[:pairs]), tuple(drawn[pairs:])


def canonical(value: object) -> bytes:
    """One byte string for one value: sorted keys, no blanks, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(protocol: Protocol) -> str:
    """What a sealed protocol is known by."""
    return hashlib.sha256(canonical(protocol.model_dump(mode="json"))).hexdigest()


def deviations(protocol: Protocol, trials: Sequence[Trial], code_hash: str) -> tuple[str, ...]:
    """Where a run differs from its sealed protocol, in words."""
    planned = {(arm, seed) for arm in protocol.arms for seed in protocol.seeds}
    measured = [(trial.arm, trial.seed) for trial in trials]
    found = []
    if missing := planned - set(measured):
        found.append(f"{len(missing)} of {len(planned)} planned trials are missing")
    if extra := set(measured) - planned:
        found.append(f"{len(extra)} trials were not planned")
    if len(measured) != len(set(measured)):
        found.append("a trial was counted twice")
    if set(measured) & {(arm, seed) for arm in protocol.arms for seed in protocol.smoke_seeds}:
        found.append("a smoke seed was measured")
    if code_hash != protocol.code_hash:
        found.append("the code that ran is not the sealed code")
    return tuple(found)
