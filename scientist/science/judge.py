"""The decision rule: raw trials in, verdict out. No model is asked.

With e the mean paired difference in the predicted direction, [low, high] its interval
at the sealed confidence (1 - alpha), p the directed sign-flip p-value and s the
smallest effect of interest:

supported     p <= alpha, low > 0 and e >= s: not chance by two tests, and as measured
              large enough to matter. That s lies inside the interval is allowed;
              otherwise an effect of exactly s could never be supported.
refuted       high < s: every effect that would matter is excluded. This is an
              equivalence test by interval, each side at alpha / 2; it covers effects
              that are too small and effects that are opposite.
inconclusive  neither; more pairs could decide.
infeasible    a sealed pair has no valid result. Trials rarely go missing by chance: an arm
              that crashes or runs out of time on its worst seeds looks better for it, and
              no value that could stand in for a missing one is the worst possible.

Only sealed seeds count. A pair is valid when both arms gave one finite value; a trial
that was repeated with another value invalidates its pair, whichever came first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scientist.errors import ScientistError
from scientist.records import Direction, Interval, Judgement, Protocol, Trial, Verdict
from scientist.science import protocol as protocols
from scientist.science import statistics


def judge(protocol: Protocol, trials: Sequence[Trial], ending: str = "") -> Judgement:
    """Apply the rule of a sealed protocol to the raw trials.

    `ending` says how the experiment ended if not as planned; it is given as the reason
    why trials are missing, and decides nothing.
    """
    if protocol.test != protocols.TEST:
        raise ScientistError(
            f"this version cannot apply the sealed test {protocol.test!r}",
            "use the version of scientist that sealed the protocol",
        )
    pairs = valid_pairs(protocol, trials)
    sealed = len(protocol.seeds)
    reason = ""
    if len(pairs) < sealed:
        reason = f"{sealed - len(pairs)} of {sealed} sealed pairs have no valid result"
        reason += f"; {ending}" if ending else ""
    elif sealed < protocols.LEAST_PAIRS:
        reason = f"{sealed} pairs are too few to judge by"
    if reason:
        return Judgement(verdict=Verdict.INFEASIBLE, reason=reason, pairs=len(pairs))
    differences = [treatment - control for treatment, control in pairs]
    seed = int(protocols.digest(protocol)[:12], 16)
    rising = protocol.direction is Direction.INCREASE
    effect = statistics.mean(differences)
    interval = statistics.interval(differences, protocol.confidence, protocol.resamples, seed)
    p_value = statistics.sign_flip(
        differences, "greater" if rising else "less", protocol.resamples, seed
    )
    verdict, reason = decide(protocol, effect, interval, p_value)
    return Judgement(
        verdict=verdict,
        reason=reason,
        effect=effect,
        standardized_effect=statistics.standardized(differences),
        interval=interval,
        p_value=p_value,
        pairs=len(pairs),
        treatment_mean=statistics.mean([treatment for treatment, _ in pairs]),
        control_mean=statistics.mean([control for _, control in pairs]),
    )


def valid_pairs(protocol: Protocol, trials: Sequence[Trial]) -> list[tuple[float, float]]:
    """(treatment, control) of every sealed seed that has both, in order of seed."""
    values: dict[tuple[str, int], set[float]] = {}
    for trial in trials:
        value = trial.metrics.get(protocol.metric, math.nan)
        values.setdefault((trial.arm, trial.seed), set()).add(value)
    found = []
    for seed in sorted(set(protocol.seeds)):
        treatment = values.get((protocol.treatment, seed), set())
        control = values.get((protocol.control, seed), set())
        if len(treatment) == len(control) == 1:
            pair = (next(iter(treatment)), next(iter(control)))
            if math.isfinite(pair[0] - pair[1]):
                found.append(pair)
    return found


def decide(
    protocol: Protocol, effect: float, interval: Interval, p_value: float
) -> tuple[Verdict, str]:
    """The rule itself, on numbers alone."""
    sign = 1 if protocol.direction is Direction.INCREASE else -1
    toward = sign * effect
    low, high = sorted((sign * interval.low, sign * interval.high))
    smallest = protocol.smallest_effect
    chance = p_value > protocol.alpha or low <= 0
    if not chance and toward >= smallest:
        return Verdict.SUPPORTED, "the effect is as predicted, not chance, and large enough"
    if high < 0:
        return Verdict.REFUTED, "the effect is credibly opposite to the prediction"
    if high < smallest:
        return (
            Verdict.REFUTED,
            f"the effect is credibly smaller than the smallest of interest, {smallest:.12g}",
        )
    if not chance:
        return (
            Verdict.INCONCLUSIVE,
            f"the effect is as predicted but may be smaller than {smallest:.12g}",
        )
    return (
        Verdict.INCONCLUSIVE,
        f"both no effect and one of {smallest:.12g} or more fit the data",
    )
