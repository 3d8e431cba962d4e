"""The registry of what a number can be: a name, and the function that computes it from a run.

Each operation takes a run and the part of it that an address names. What the raw trials give
directly is computed from them; interval, p and e are the recorded judgement's, which
`render.verify` computes again. `NotBound` says why there is no such number.
"""

from __future__ import annotations

import math
import statistics as plain
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scientist.records import Address, Explored, Interval, Judgement, Verdict
from scientist.science import statistics
from scientist.science.claims.evidence import Evidence, Run, Value


class NotBound(Exception):
    """There is no such number, and why."""


@dataclass(frozen=True)
class Part:
    """The part of a run that an operation works on."""

    run: Run
    treatment: str
    control: str
    metric: str
    argument: str = ""

    def values(self, arm: str) -> list[float]:
        """The arm's numbers on the seeds that count."""
        found = self.run.values(arm, self.metric)
        if found is None:
            name = self.run.experiment or self.run.finding
            raise NotBound(f"{name} has no whole set of {self.metric} for {arm or 'no arm'}")
        return found

    def differences(self) -> list[float]:
        """Treatment minus control, seed by seed."""
        if not self.control:
            raise NotBound(f"compared with which arm? {self.treatment} is not of the sealed pair")
        pairs = zip(self.values(self.treatment), self.values(self.control), strict=True)
        return [one - other for one, other in pairs]

    def turned(self) -> bool | None:
        """Whether this is the sealed comparison the other way round; None if it is not that."""
        sealed = self.run.protocol
        if self.metric != sealed.metric:
            return None
        named = (self.treatment, self.control)
        if named == (sealed.treatment, sealed.control):
            return False
        return True if named == (sealed.control, sealed.treatment) else None

    def explored(self) -> tuple[Explored, int] | None:
        """The comparison among those measured along, and the sign that turns it this way."""
        for one in self.run.judgement.explored:
            if one.metric == self.metric:
                if (one.treatment, one.control) == (self.treatment, self.control):
                    return one, 1
                if (one.control, one.treatment) == (self.treatment, self.control):
                    return one, -1
        return None


def compute(evidence: Evidence, address: Address) -> Value:
    """The number or word that stands at an address."""
    run = evidence.run(address.experiment)
    if run is None or not run.experiment:
        raise NotBound(f"there is no experiment {address.experiment}")
    if address.operation not in OPERATIONS:
        raise NotBound(f"there is no operation {address.operation}")
    one, other = [*address.arms, "", ""][:2]
    missing = [arm for arm in address.arms if arm not in run.protocol.arms]
    if missing:
        raise NotBound(f"{run.experiment} has no arm {missing[0]}")
    return OPERATIONS[address.operation](Part(run, one, other, address.metric, address.argument))


def judged(part: Part) -> Judgement:
    """The judgement, if anything was computed in it."""
    found = part.run.judgement
    if found.verdict is Verdict.INFEASIBLE or found.effect is None:
        name = part.run.finding or part.run.experiment
        raise NotBound(f"{name} is infeasible: it has no numbers")
    return found


def interval(part: Part) -> Interval:
    """The recorded interval of this comparison, turned with it."""
    sealed = part.turned()
    if sealed is not None:
        found, turn = judged(part).interval, sealed
    elif along := part.explored():
        found, turn = along[0].interval, along[1] < 0
    else:
        found, turn = None, False
    if found is None:
        raise NotBound(
            f"no interval was computed for {part.treatment} against {part.control} on {part.metric}"
        )
    if turn:
        return found.model_copy(update={"low": -found.high, "high": -found.low})
    return found


def _recorded(name: str) -> Callable[[Part], float]:
    """A number of the sealed comparison's judgement."""

    def read(part: Part) -> float:
        if part.turned() is None:
            raise NotBound(
                f"no {name.replace('_', '-')} was computed for {part.treatment} against "
                f"{part.control} on {part.metric}"
            )
        value = getattr(judged(part), name)
        if value is None:
            raise NotBound(f"{part.run.finding} records no {name.replace('_', ' ')}")
        return float(value)

    return read


def _p_value(part: Part) -> float:
    if part.turned() is None and (along := part.explored()):
        return along[0].p_value
    return _recorded("p_value")(part)


def _adjusted_p(part: Part) -> float:
    if part.turned() is None and (along := part.explored()):
        return along[0].adjusted_p
    if part.turned() is None or part.run.adjusted_p is None:
        raise NotBound(f"no adjusted p was computed for {part.treatment} against {part.control}")
    return part.run.adjusted_p


def _mean(part: Part) -> float:
    return statistics.mean(part.values(part.treatment))


def _base(part: Part) -> float:
    base = statistics.mean(part.values(part.control)) if part.control else math.nan
    if not base > 0:
        raise NotBound(f"a share of {part.control or 'nothing'} needs a mean above 0, not {base:g}")
    return base


def _relative(part: Part) -> float:
    base = _base(part)
    return 100 * statistics.mean(part.differences()) / base


def _ratio(part: Part) -> float:
    base = _base(part)
    return _mean(part) / base


def _standardized(part: Part) -> float:
    found = statistics.standardized(part.differences())
    if found is None:
        raise NotBound("the differences do not vary, so there is no standardized effect")
    return found


def _deviation(values: Sequence[float]) -> float:
    if len(values) < 2:
        raise NotBound("one value has no standard deviation")
    return plain.stdev(values)


def _trial(part: Part) -> float:
    value = part.run.value(part.treatment, part.metric, int(part.argument))
    if value is None or int(part.argument) not in part.run.seeds:
        raise NotBound(f"{part.run.experiment} counts no trial of {part.treatment} on that seed")
    return value


def _parameter(part: Part) -> Value:
    found = part.run.protocol.parameters
    if part.argument not in found:
        raise NotBound(f"{part.run.experiment} has no parameter {part.argument}")
    value = found[part.argument]
    return str(value) if isinstance(value, bool) else value


def _change(part: Part) -> str:
    effect = statistics.mean(part.differences())
    return "unchanged" if effect == 0 else "raised" if effect > 0 else "lowered"


def _counted(part: Part) -> int:
    judged(part)
    return part.run.judgement.pairs


OPERATIONS: dict[str, Callable[[Part], Value]] = {
    "mean": _mean,
    "median": lambda part: plain.median(part.values(part.treatment)),
    "minimum": lambda part: min(part.values(part.treatment)),
    "maximum": lambda part: max(part.values(part.treatment)),
    "standard deviation": lambda part: _deviation(part.values(part.treatment)),
    "trial": _trial,
    "effect": lambda part: statistics.mean(part.differences()),
    "relative effect": _relative,
    "ratio": _ratio,
    "standardized effect": _standardized,
    "interval low": lambda part: interval(part).low,
    "interval high": lambda part: interval(part).high,
    "confidence": lambda part: interval(part).confidence,
    "interval method": lambda part: interval(part).method,
    "p": _p_value,
    "adjusted p": _adjusted_p,
    "overall p": _recorded("overall_p"),
    "e": _recorded("e_value"),
    "pairs": _counted,
    "planned pairs": lambda part: len(part.run.protocol.seeds),
    "trials": lambda part: len(part.run.trials),
    "arms": lambda part: len(part.run.protocol.arms),
    "lower in": lambda part: sum(d < 0 for d in part.differences()),
    "higher in": lambda part: sum(d > 0 for d in part.differences()),
    "smallest effect": lambda part: part.run.protocol.smallest_effect,
    "alpha": lambda part: part.run.protocol.alpha,
    "level": lambda part: part.run.protocol.level,
    "parameter": _parameter,
    "change": _change,
    "verdict": lambda part: str(part.run.judgement.verdict),
    "reason": lambda part: part.run.judgement.reason,
}
COUNTS = frozenset({"pairs", "planned pairs", "trials", "arms", "lower in", "higher in"})
