"""The decision rule: raw trials in, verdict out. No model is asked.

With e the mean paired difference in the predicted direction, [low, high] its interval
at the sealed confidence (1 - alpha), p its overall p under the sealed stopping rule and
s the smallest effect of interest:

supported     p <= level, low > 0 and e >= s: not chance by two tests, and as measured
              large enough to matter. That s lies inside the interval is allowed;
              otherwise an effect of exactly s could never be supported.
refuted       high < s, and an equivalence test excludes s at alpha: every effect that
              would matter is excluded, twice. It covers effects that are too small and
              effects that are opposite.
inconclusive  neither; more pairs could decide.
infeasible    a sealed pair has no valid result. Trials rarely go missing by chance: an arm
              that crashes or runs out of time on its worst seeds looks better for it, and
              no value that could stand in for a missing one is the worst possible.

Both tests assume that, without an effect, a difference is as likely to have either sign, as
when the arms are exchangeable; for strongly skewed differences whose mean is 0 they reject
more often than the level says.

`alpha` is promised over all tests of a workspace, `level` is what this one may spend of it.
A supported verdict is final only after a second protocol on fresh seeds supports it, too.

Only sealed seeds count, in their order, up to the look at which the rule stops. A pair is
valid when both arms gave one finite value; a trial that was repeated with another value
invalidates its pair, whichever came first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scientist.errors import ScientistError
from scientist.records import (
    Direction,
    Explored,
    Interval,
    Judgement,
    Protocol,
    Trial,
    Verdict,
)
from scientist.science import evalue, statistics
from scientist.science import protocol as protocols

Pair = tuple[float, float]
SUPPORT = "the effect is as predicted, not chance, and large enough"


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
    pairs, look = reached(protocol, trials)
    reason = ""
    if look is None:
        sealed = len(protocol.seeds)
        valid = sum(pair is not None for pair in pairs)
        reason = f"{sealed - valid} of {sealed} sealed pairs have no valid result"
        reason += f"; {ending}" if ending else ""
        return Judgement(verdict=Verdict.INFEASIBLE, reason=reason, pairs=valid)
    counted = [pair for pair in pairs[:look] if pair is not None]
    if look < protocols.LEAST_PAIRS:
        reason = f"{look} pairs are too few to judge by"
        return Judgement(verdict=Verdict.INFEASIBLE, reason=reason, pairs=look)
    differences = [treatment - control for treatment, control in counted]
    seed = _seed(protocol)
    effect = statistics.mean(differences)
    interval = statistics.interval(differences, protocol.confidence, protocol.resamples, seed)
    p_value = statistics.sign_flip(differences, _alternative(protocol), protocol.resamples, seed)
    e_value = max(_evidence(protocol, differences))
    overall = overall_p(e_value, p_value if look == len(protocol.seeds) else None)
    equivalence = statistics.equivalence(
        differences,
        protocol.smallest_effect,
        "less" if protocol.direction is Direction.INCREASE else "greater",
        protocol.resamples,
        seed,
    )
    verdict, reason = decide(protocol, effect, interval, overall, equivalence)
    return Judgement(
        verdict=verdict,
        reason=reason,
        effect=effect,
        standardized_effect=statistics.standardized(differences),
        interval=interval,
        p_value=p_value,
        e_value=e_value,
        overall_p=overall,
        equivalence_p=equivalence,
        pairs=look,
        treatment_mean=statistics.mean([treatment for treatment, _ in counted]),
        control_mean=statistics.mean([control for _, control in counted]),
        explored=explore(protocol, trials, look),
    )


def reached(protocol: Protocol, trials: Sequence[Trial]) -> tuple[list[Pair | None], int | None]:
    """Every sealed pair, or None for one without a valid result, and where the rule stops.

    The rule stops nowhere (None) when it needs a pair that is not there.
    """
    pairs = sealed_pairs(protocol, trials, protocol.treatment, protocol.control, protocol.metric)
    for look in (*protocol.looks, len(protocol.seeds)):
        if any(pair is None for pair in pairs[:look]):
            return pairs, None
        if look == len(protocol.seeds) or stop(protocol, pairs[:look]):
            return pairs, look
    return pairs, None


def stop(protocol: Protocol, pairs: Sequence[Pair | None]) -> str:
    """Why the rule stops an experiment after these pairs; empty if it goes on."""
    differences = [pair[0] - pair[1] for pair in pairs if pair is not None]
    if not differences or len(differences) < len(pairs):  # nothing can stop what is not whole
        return ""
    e_for, e_against = (
        max(_evidence(protocol, signed)) for signed in (differences, [-d for d in differences])
    )
    sign = 1 if protocol.direction is Direction.INCREASE else -1
    toward = sign * statistics.mean(differences)
    if overall_p(e_for) <= protocol.level and toward >= protocol.smallest_effect:
        return f"the e-value for the prediction is {e_for:.3g} after {len(differences)} pairs"
    if overall_p(e_against) <= protocol.level:
        return (
            f"the e-value against the prediction is {e_against:.3g} after {len(differences)} pairs"
        )
    return ""


def overall_p(e_value: float, p_value: float | None = None) -> float:
    """One p for both ways to stop: a part of the level is set aside for stopping early.

    By Ville's inequality 1 / e is a p-value at any time, and the union bound joins the two.
    """
    early = 1 / (protocols.EARLY_SHARE * e_value) if e_value > 0 else 1.0
    end = p_value / (1 - protocols.EARLY_SHARE) if p_value is not None else 1.0
    return min(1.0, early, end)


def explore(protocol: Protocol, trials: Sequence[Trial], look: int) -> tuple[Explored, ...]:
    """The other metrics of the sealed comparison, and the planned contrasts of other arms.

    Two-sided, corrected together after Holm; they are shown as exploratory and decide nothing.
    """
    metrics = sorted({name for trial in trials for name in trial.metrics} - {protocol.metric})
    wanted = [(protocol.treatment, protocol.control, metric) for metric in metrics]
    wanted += [(*contrast, protocol.metric) for contrast in protocol.contrasts]
    seed, found = _seed(protocol), list[Explored]()
    for treatment, control, metric in wanted:
        pairs = sealed_pairs(protocol, trials, treatment, control, metric)[:look]
        if any(pair is None for pair in pairs):
            continue
        differences = [pair[0] - pair[1] for pair in pairs if pair is not None]
        p_value = statistics.sign_flip(differences, "two-sided", protocol.resamples, seed)
        found.append(
            Explored(
                treatment=treatment,
                control=control,
                metric=metric,
                effect=statistics.mean(differences),
                interval=statistics.interval(
                    differences, protocol.confidence, protocol.resamples, seed
                ),
                p_value=p_value,
                adjusted_p=p_value,
            )
        )
    adjusted = statistics.holm([one.p_value for one in found])
    return tuple(
        one.model_copy(update={"adjusted_p": p}) for one, p in zip(found, adjusted, strict=True)
    )


def sealed_pairs(
    protocol: Protocol, trials: Sequence[Trial], treatment: str, control: str, metric: str
) -> list[Pair | None]:
    """(treatment, control) of every sealed seed in its order; None where either is missing."""
    values: dict[tuple[str, int], set[float]] = {}
    for trial in trials:
        value = trial.metrics.get(metric, math.nan)
        values.setdefault((trial.arm, trial.seed), set()).add(value)
    found: list[Pair | None] = []
    for seed in protocol.seeds:
        ones, others = values.get((treatment, seed), set()), values.get((control, seed), set())
        valid = len(ones) == len(others) == 1
        pair = (next(iter(ones)), next(iter(others))) if valid else None
        found.append(pair if pair and math.isfinite(pair[0] - pair[1]) else None)
    return found


def decide(
    protocol: Protocol, effect: float, interval: Interval, overall: float, equivalence: float
) -> tuple[Verdict, str]:
    """The rule itself, on numbers alone."""
    sign = 1 if protocol.direction is Direction.INCREASE else -1
    toward = sign * effect
    low, high = sorted((sign * interval.low, sign * interval.high))
    smallest = protocol.smallest_effect
    chance = overall > protocol.level or low <= 0
    if not chance and toward >= smallest:
        return Verdict.SUPPORTED, SUPPORT
    excluded = high < smallest and equivalence <= protocol.alpha
    if excluded and high < 0:
        return Verdict.REFUTED, "the effect is credibly opposite to the prediction"
    if excluded:
        return (
            Verdict.REFUTED,
            f"the effect is credibly smaller than the smallest of interest, {smallest:.12g}",
        )
    if not chance:
        return (
            Verdict.INCONCLUSIVE,
            f"the effect is as predicted but may be smaller than {smallest:.12g}",
        )
    if low > 0 and toward >= smallest:
        return (
            Verdict.INCONCLUSIVE,
            f"the effect is as predicted, but p = {overall:.2g} is above the level "
            f"{protocol.level:.2g} that is left for this test",
        )
    return (
        Verdict.INCONCLUSIVE,
        f"both no effect and one of {smallest:.12g} or more fit the data",
    )


def settle(first: Judgement, confirmation: Judgement) -> Judgement:
    """What two protocols say together: the numbers of the second, which nobody selected."""
    if confirmation.verdict is Verdict.SUPPORTED:
        reason = f"{SUPPORT}; confirmed on fresh seeds"
        return confirmation.model_copy(update={"reason": reason})
    reason = (
        f"a first run of {first.pairs} pairs supported it, the confirmation on fresh seeds did "
        f"not ({confirmation.verdict}: {confirmation.reason})"
    )
    return confirmation.model_copy(update={"verdict": Verdict.INCONCLUSIVE, "reason": reason})


def _evidence(protocol: Protocol, differences: Sequence[float]) -> list[float]:
    """The e-process for the prediction after each pair."""
    return evalue.e_process(differences, _alternative(protocol), protocol.smallest_effect)


def _alternative(protocol: Protocol) -> statistics.Alternative:
    return "greater" if protocol.direction is Direction.INCREASE else "less"


def _seed(protocol: Protocol) -> int:
    return int(protocols.digest(protocol)[:12], 16)
