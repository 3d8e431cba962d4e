"""The decision rule. Trials in, verdict out; no model is asked.

With e the mean paired difference in the direction the hypothesis predicts, and s the
smallest effect of interest:

supported     e >= s, the interval lies above 0, and the sign-flip p is at most alpha
refuted       the interval lies below s: the effect is credibly smaller than anyone
              would care about, or opposite
inconclusive  neither
infeasible    there are too few valid pairs to say anything
"""

from __future__ import annotations

from collections.abc import Sequence

from scientist.records import Direction, Interval, Judgement, Protocol, Trial, Verdict
from scientist.science import statistics

LEAST_PAIRS = 6


def judge(protocol: Protocol, trials: Sequence[Trial]) -> Judgement:
    """Apply the rule to the raw trials of a sealed protocol."""
    pairs = statistics.paired(trials, protocol.treatment, protocol.control, protocol.metric)
    if len(pairs) < LEAST_PAIRS:
        return Judgement(
            verdict=Verdict.INFEASIBLE,
            reason=f"only {len(pairs)} valid pairs, {LEAST_PAIRS} are needed",
            pairs=len(pairs),
        )
    differences = [treated - control for treated, control in pairs]
    sign = 1.0 if protocol.direction is Direction.INCREASE else -1.0
    interval = statistics.interval(differences, protocol.confidence, protocol.resamples)
    p_value = statistics.sign_flip([sign * d for d in differences], protocol.resamples)
    effect = statistics.mean(differences)
    verdict, reason = _decide(protocol, sign, effect, interval, p_value)
    return Judgement(
        verdict=verdict,
        reason=reason,
        effect=effect,
        standardized_effect=statistics.standardized(differences),
        interval=interval,
        p_value=p_value,
        pairs=len(pairs),
        treatment_mean=statistics.mean([treated for treated, _ in pairs]),
        control_mean=statistics.mean([control for _, control in pairs]),
    )


def _decide(
    protocol: Protocol, sign: float, effect: float, interval: Interval, p_value: float
) -> tuple[Verdict, str]:
    towards = sign * effect
    low, high = sorted((sign * interval.low, sign * interval.high))
    smallest = protocol.smallest_effect
    if towards >= smallest and low > 0 and p_value <= protocol.alpha:
        return Verdict.SUPPORTED, "the effect is as predicted, large enough and not chance"
    if high < 0:
        return Verdict.REFUTED, "the effect is credibly opposite to the prediction"
    if high < smallest:
        return Verdict.REFUTED, "the effect is credibly smaller than the smallest of interest"
    if low > 0 and p_value <= protocol.alpha:
        return Verdict.INCONCLUSIVE, "the effect is as predicted but may be too small to matter"
    return Verdict.INCONCLUSIVE, "the data allow both an effect that matters and none"
