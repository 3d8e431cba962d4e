"""Whether the data bear out a word that compares: lower, better, unchanged, significant, best.

A direction stands on a verdict: supported or refuted with the interval on that side of zero. On an
inconclusive comparison, or one that was only explored, the same clause must say that it is so.
"""

from __future__ import annotations

from scientist.records import Direction, Verdict
from scientist.science import statistics
from scientist.science.claims.evidence import Run
from scientist.science.claims.operations import NotBound, Part, interval

_SIGNS = {"UP": 1, "HIGH": 1, "DOUBLE": 1, "DOWN": -1, "LOW": -1, "HALVE": -1}
_GOOD = {"BETTER", "BEAT", "WON", "BEST"}


def sign(kind: str, part: Part) -> int:
    """Which way a word says that the treatment moved the metric."""
    if kind in _SIGNS:
        return _SIGNS[kind]
    better = part.run.measure(part.metric).better
    if not better:
        raise NotBound(
            f"nothing on record says whether a higher or a lower {part.metric} is better"
        )
    upward = 1 if better == "higher" else -1
    return upward if kind in _GOOD else -upward


def effect(part: Part) -> float:
    """The mean paired difference."""
    return statistics.mean(part.differences())


def moved(part: Part, wanted: int, said: bool) -> None:
    """Whether it may be said that the treatment moved the metric that way."""
    mean = effect(part)
    if mean * wanted <= 0:
        how = "raised" if mean > 0 else "lowered" if mean < 0 else "did not change"
        raise NotBound(f"{part.treatment} {how} {part.metric} compared with {part.control}")
    if part.turned() is None:
        _explored(part, wanted, said)
        return
    verdict = part.run.judgement.verdict
    if said:  # the clause gives the verdict, which is checked by itself
        return
    if verdict is Verdict.INCONCLUSIVE:
        raise NotBound(f"{name(part)} is inconclusive; say so beside it")
    if _side(part) != wanted:
        raise NotBound(f"the interval of {name(part)} holds zero; say the verdict beside it")


def _explored(part: Part, wanted: int, said: bool) -> None:
    if not said:
        raise NotBound(
            f"{part.treatment} against {part.control} on {part.metric} is not what "
            f"{name(part)} tested; say that it is exploratory"
        )
    along = part.explored()
    if along is None:
        raise NotBound(f"no test was computed for {part.treatment} against {part.control}")
    if _side(part) != wanted or along[0].adjusted_p > part.run.protocol.alpha:
        raise NotBound(f"the exploratory interval or adjusted p of {name(part)} allows zero")


def _side(part: Part) -> int:
    """On which side of zero the interval lies; 0 if it holds zero."""
    found = interval(part)
    return 1 if found.low > 0 else -1 if found.high < 0 else 0


def not_moved(part: Part, denied: int) -> None:
    """Whether it may be said that the treatment did not move the metric that way."""
    sealed(part)
    if part.run.judgement.verdict is not Verdict.REFUTED:
        raise NotBound(
            f"{name(part)} is {part.run.judgement.verdict}: that it did not is not shown"
        )
    if predicted(part) != denied or _side(part) == denied:
        raise NotBound(f"{name(part)} refutes something else")


def significant(part: Part, wanted: int | None) -> None:
    """Significant is what the sealed rule calls supported, and nothing less."""
    sealed(part)
    if part.run.judgement.verdict is not Verdict.SUPPORTED:
        raise NotBound(
            f"{name(part)} is {part.run.judgement.verdict}; only a supported finding is significant"
        )
    if wanted is not None and wanted != predicted(part):
        raise NotBound(f"{name(part)} supports the opposite")


def not_significant(part: Part) -> None:
    """Not significant is a test that found nothing on either side."""
    sealed(part)
    if part.run.judgement.verdict is Verdict.SUPPORTED or _side(part) != 0:
        raise NotBound(f"the interval of {name(part)} does not hold zero")


def same(part: Part, kind: str) -> None:
    """Unchanged is a mean difference of zero; no difference is none in any pair."""
    differences = part.differences()
    if kind == "NOT" and any(differences):
        raise NotBound(f"{sum(d != 0 for d in differences)} of {len(differences)} pairs differ")
    if effect(part) != 0:
        raise NotBound(f"the mean difference is {effect(part):.6g}")


def best(part: Part, kind: str) -> None:
    """Whether an arm is ahead of every other by an interval, among three or more."""
    run, arms = part.run, part.run.protocol.arms
    if len(arms) < 3:
        raise NotBound(f"{run.experiment} has {len(arms)} arms: say higher or lower")
    wanted = {"HIGHEST": 1, "LOWEST": -1}.get(kind) or sign(kind, part)
    for other in arms:
        if other == part.treatment:
            continue
        against = Part(run, part.treatment, other, part.metric)
        if _side(against) != wanted:
            raise NotBound(f"the interval against {other} does not show it")


def sealed(part: Part) -> None:
    """A verdict is about the sealed comparison only."""
    if part.turned() is None:
        protocol = part.run.protocol
        raise NotBound(
            f"the verdict of {name(part)} is about {protocol.treatment} against "
            f"{protocol.control} on {protocol.metric}"
        )


def predicted(part: Part) -> int:
    """The sealed direction, turned with the comparison."""
    upward = 1 if part.run.protocol.direction is Direction.INCREASE else -1
    return -upward if part.turned() else upward


def name(part: Part | Run) -> str:
    """The finding that a comparison belongs to, else its experiment."""
    run = part.run if isinstance(part, Part) else part
    return run.finding if run.final and run.finding else run.experiment
