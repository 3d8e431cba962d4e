"""What each number of a clause must be: tests against one comparison, by the number's role.

The roles are the names of the groups in `grammar`: `size` is how far the metric moved, `vt` a value
of the treatment, and so on. A test gives the address that bears the number out, or refuses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scientist.records import Address, Form
from scientist.science.claims import directions, numbers
from scientist.science.claims.directions import name
from scientist.science.claims.frames import Groups
from scientist.science.claims.numbers import Number
from scientist.science.claims.operations import COUNTS, OPERATIONS, NotBound, Part, interval
from scientist.science.claims.resolve import About
from scientist.science.claims.tokens import Token

WORD_ROOM = 0.025  # "twice" is a ratio of 2, give or take this share of it
_STATISTICS = {
    "MEAN": "mean",
    "MEDIAN": "median",
    "MIN": "minimum",
    "LOWEST": "minimum",
    "MAX": "maximum",
    "HIGHEST": "maximum",
}
_OF_ROLES = {"least": "minimum", "most": "maximum", "sd": "standard deviation"}
_OF_A_RUN = {"pairs", "planned pairs", "trials", "arms", "alpha", "level", "parameter", "reason"}
_COUNTS = {"n": "pairs", "planned": "planned pairs", "trials": "trials", "arms": "arms"}


@dataclass(frozen=True)
class Said:
    """A part of a clause in its role, with what stands around it."""

    role: str
    token: Token
    groups: Groups  # of the core or the aside that it is in
    clause: Groups  # of the whole clause
    about: About
    verdict: bool  # the clause gives its verdict

    @property
    def number(self) -> Number:
        """The number of this part."""
        if self.token.number is None:
            raise NotBound(f"“{self.token.text}” is not a number")
        return self.token.number

    def direction(self, part: Part) -> int:
        """Which way the clause says that the metric moved."""
        for role in ("dir", "fold", "won"):
            if role in self.clause:
                return directions.sign(self.clause[role][0].kind, part)
        raise NotBound("no direction is given")


def address(
    part: Part,
    operation: str,
    arms: Sequence[str] = (),
    number: Number | None = None,
    argument: str = "",
) -> Address:
    """The address of an operation on a comparison, in the form that a number has."""
    form = Form()
    if number is not None and number.step:
        digits = max(0, min(17, round(-math.log10(number.step))))
        form = Form(style="fixed", digits=digits)
    return Address(
        experiment=part.run.experiment or part.run.finding,
        operation=operation,
        arms=tuple(arms),
        metric="" if operation in _OF_A_RUN else part.metric,
        argument=argument,
        form=form,
    )


def agree(
    part: Part,
    operation: str,
    number: Number,
    arms: Sequence[str] = (),
    factor: float = 1.0,
    edges: Sequence[float] = (0.0,),
    argument: str = "",
) -> Address:
    """The address, if the number as written is `factor` times what the operation gives."""
    if not part.run.experiment:
        raise NotBound(f"{part.run.finding} was never run: it has no numbers")
    one, other = [*arms, "", ""][:2]
    computed = OPERATIONS[operation](Part(part.run, one, other, part.metric, argument))
    if isinstance(computed, str):
        raise NotBound(f"{operation} is {computed}")
    value = factor * computed
    if operation in COUNTS and number.relation == "=":
        wrong = "" if number.value == value and not number.nearness else "it is not"
    else:
        wrong = numbers.problem(number, value, tuple(abs(factor) * edge for edge in edges))
    if wrong:
        what = operation if operation in _OF_A_RUN else f"{operation} on {part.metric}"
        of = f" of {' against '.join(arms)}" if arms else ""
        raise NotBound(f"{wrong}: in {name(part)} the {what}{of} is {value:.6g}")
    return address(part, operation, arms, number, argument)


def both(part: Part) -> tuple[str, str]:
    """Treatment and control, if two arms are compared."""
    if not part.control:
        raise NotBound(f"compared with which arm? {part.treatment} is not of the sealed pair")
    return part.treatment, part.control


def ratio_in_words(part: Part, wanted: float, loose: bool = False) -> Address:
    """Twice, half: a ratio of means that is nearly exactly so."""
    found = OPERATIONS["ratio"](part)
    if not abs(float(found) / wanted - 1) <= WORD_ROOM * (2 if loose else 1):
        raise NotBound(f"in {name(part)} the ratio of the means is {float(found):.4g}")
    return address(part, "ratio", both(part))


def _factor(number: Number, part: Part, percent: bool = False, points: bool = False) -> float:
    """What a value is multiplied by to be in the unit of a number that tells of a metric."""
    measure = part.run.measure(part.metric)
    if (number.unit == "%" and percent) or (number.unit == "points" and points):
        if not measure.share:
            raise NotBound(f"{part.metric} is not recorded as a share, so it has no percent")
        return 100.0
    if number.unit not in ("", measure.unit.lower()):
        own = measure.unit or "no unit"
        raise NotBound(f"“{number.text}”: {part.metric} has {own}, not {number.unit}")
    return 1.0


def _edges(part: Part) -> tuple[float, ...]:
    """Where an effect means something else on the other side."""
    smallest = part.run.protocol.smallest_effect
    return (0.0, smallest, -smallest) if part.turned() is not None else (0.0,)


def _whole(said: Said) -> None:
    if said.about.seed is not None:
        raise NotBound("one seed shows no effect")


def _size(said: Said, part: Part) -> Address:
    """How far the metric moved: in its own unit, in percent of the control, or in points."""
    number, arms, turn = said.number, both(part), said.direction(part)
    _whole(said)
    if "neg" in said.groups:
        raise NotBound("what did not happen has no size")
    if number.value <= 0:
        raise NotBound("a size is above zero; the word tells the sign")
    if number.unit == "times":
        raise NotBound("how many times higher or lower can be read in two ways")
    if said.role == "rel" and number.unit != "%":
        raise NotBound("nothing says what this is of")
    if number.relation != "=":
        _bounded(part, number, turn)
    if number.unit == "%":
        return agree(part, "relative effect", number, arms, turn)
    factor = turn * _factor(number, part, points=True)
    return agree(part, "effect", number, arms, factor, _edges(part))


def _bounded(part: Part, number: Number, turn: int) -> None:
    """More than, at least: that must hold for the whole interval, not for its middle alone."""
    if number.unit:
        raise NotBound("a bound is given in the metric's own unit only")
    found = interval(part)
    for end in (turn * found.low, turn * found.high):
        if numbers.problem(number, end):
            raise NotBound(f"the interval of {name(part)} reaches {end:.6g}")


def _signed(said: Said, part: Part) -> Address:
    """Treatment minus control; a gap is the same without its sign."""
    number, arms = said.number, both(part)
    _whole(said)
    turn = -1 if said.role == "gap" and directions.effect(part) < 0 else 1
    if number.relation != "=":
        _bounded(part, number, turn)
    factor = turn * _factor(number, part, points=True)
    return agree(part, "effect", number, arms, factor, _edges(part))


def _value(said: Said, part: Part) -> Address:
    """A statistic of one arm."""
    if said.role == "sd" and "c" in said.clause:
        raise NotBound("which arm's standard deviation? two are named")
    arm = part.control if said.role in ("vc", "start") else part.treatment
    if said.role == "value":  # "stable (0.31)"
        token, sealed = said.groups["a"][0], part.run.protocol
        arm = {"TREATMENT": sealed.treatment, "CONTROL": sealed.control}.get(
            token.kind, token.value
        )
    if not arm or arm not in part.run.protocol.arms:
        raise NotBound("no arm is named for this")
    named = {_STATISTICS[t.kind] for role in ("stat", "stat2") for t in said.groups.get(role, [])}
    if len(named) > 1:
        raise NotBound(f"both {' and '.join(sorted(named))} are said")
    operation, argument = _OF_ROLES.get(said.role) or next(iter(named), "mean"), ""
    if said.about.seed is not None:
        if named or said.role in _OF_ROLES:
            raise NotBound("one seed has one value")
        operation, argument = "trial", str(said.about.seed)
    factor = _factor(said.number, part, percent=True)
    return agree(part, operation, said.number, (arm,), factor, argument=argument)


def _ratio(said: Said, part: Part) -> Address:
    number = said.number
    if number.unit not in ("times", "") or number.relation != "=":
        raise NotBound("this is no ratio that can be bound")
    if number.step == 0 or number.step >= 1:
        return ratio_in_words(part, number.value, bool(number.nearness))
    return agree(part, "ratio", number, both(part))


def _end(said: Said, part: Part) -> Address:
    """One end of the interval. After "lowered by", ends may be written as the size is."""
    low, high = (said.groups[role][0].number for role in ("low", "high"))
    if low is None or high is None or low.value > high.value:
        raise NotBound("the ends of the interval are swapped")
    if any(end.relation != "=" or end.nearness for end in (low, high)):
        raise NotBound("the ends of an interval are given as they are")
    turned = _lowering(said, part, low)
    side = "low" if (said.role == "low") != turned else "high"
    factor = (-1 if turned else 1) * _factor(said.number, part, points=True)
    return agree(part, f"interval {side}", said.number, both(part), factor, _edges(part))


def _lowering(said: Said, part: Part, low: Number) -> bool:
    """Whether the ends are written with the sign of a lowering."""
    if not {"size", "rel"} & set(said.clause) or said.direction(part) > 0:
        return False
    found = interval(part)
    return found.low < 0 < found.high or low.value >= 0


def _confidence(said: Said, part: Part) -> Address:
    factor = 100.0 if said.number.unit == "%" else 1.0
    return agree(part, "confidence", said.number, both(part), factor)


def _p(said: Said, part: Part) -> Address:
    """A p-value; one that is not further named may be the test's own or the overall one."""
    protocol = part.run.protocol
    stopped = part.run.judgement.pairs < len(protocol.seeds)
    operations = ["p", "overall p"]
    if "overall" in said.groups or (stopped and part.turned() is not None):
        operations = ["overall p"]  # the plain p is no test after an early stop
    if "adjusted" in said.groups:
        operations = ["adjusted p"]
    if said.number.unit:
        raise NotBound("a p-value has no unit")
    edges = (0.0, protocol.alpha, protocol.level)
    faults = []
    for operation in operations:
        try:
            return agree(part, operation, said.number, both(part), edges=edges)
        except NotBound as fault:
            faults.append(str(fault))
    raise NotBound(faults[0])


def _count(said: Said, part: Part) -> Address:
    if said.number.unit:
        raise NotBound("a count has no unit")
    return agree(part, _COUNTS[said.role], said.number)


def _recorded(said: Said, part: Part) -> Address:
    if said.number.unit:
        raise NotBound("this has no unit")
    operation = "e" if said.role == "e" else "standardized effect"
    return agree(part, operation, said.number, both(part))


def _smallest(said: Said, part: Part) -> Address:
    if part.turned() is None:
        raise NotBound(f"{name(part)} has a smallest effect for its own comparison only")
    factor = _factor(said.number, part, points=True)
    return agree(part, "smallest effect", said.number, factor=factor)


def _budget(said: Said, part: Part) -> Address:
    factor = 100.0 if said.number.unit == "%" else 1.0
    return agree(part, said.role, said.number, factor=factor)


def _wins(said: Said, part: Part) -> Address:
    """In how many pairs the metric moved the way that the clause says."""
    if said.number.unit:
        raise NotBound("a count has no unit")
    if said.role == "of":
        return agree(part, "pairs", said.number)
    operation = "higher in" if said.direction(part) > 0 else "lower in"
    return agree(part, operation, said.number, both(part))


def _zero(said: Said, part: Part) -> Address:
    if said.number.value != 0:
        raise NotBound("only zero is looked for in an interval")
    found = interval(part)
    claimed = (said.groups["within"][0].kind == "INCLUDE") != ("neg" in said.groups)
    if claimed != (found.low <= 0 <= found.high):
        raise NotBound(f"the interval of {name(part)} is {found.low:.4g} to {found.high:.4g}")
    return address(part, "interval low", both(part))


def _parameter(said: Said, part: Part) -> Address:
    """Only runs with that very value were looked at."""
    return address(part, "parameter", number=said.number, argument=said.groups["par"][0].value)


NUMBERS: dict[str, Callable[[Said, Part], Address]] = {
    **dict.fromkeys(("size", "rel"), _size),
    **dict.fromkeys(("signed", "gap"), _signed),
    **dict.fromkeys(("vt", "vc", "value", "start", "end", "least", "most", "sd"), _value),
    **dict.fromkeys(("low", "high"), _end),
    **dict.fromkeys(("n", "planned", "trials", "arms"), _count),
    **dict.fromkeys(("e", "d"), _recorded),
    **dict.fromkeys(("alpha", "level"), _budget),
    **dict.fromkeys(("wins", "of"), _wins),
    "smallest": _smallest,
    "ratio": _ratio,
    "conf": _confidence,
    "p": _p,
    "zero": _zero,
    "val": _parameter,
}
