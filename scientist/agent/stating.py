"""Read a sentence that somebody states into typed fields, where it has the form of a hypothesis.

"stable lowers shifted_error compared with pooled for shift from 0.4 to 1" says which arms, on
what metric, which way and where. A sentence of another form stays text, which only the model
can hold against others; nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from scientist.errors import UsageError
from scientist.lab.kits import Kit
from scientist.records import Assertion, Range, Says, Scope, Source, Way, one_line
from scientist.science.consistency.scope import overlap

LONGEST = 2000  # characters: a claim is a sentence
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
WAYS = {
    "raises": Way.INCREASE,
    "increases": Way.INCREASE,
    "lowers": Way.DECREASE,
    "decreases": Way.DECREASE,
    "reduces": Way.DECREASE,
    "changes": Way.DIFFERENT,
    "does not change": Way.SAME,
    "does not raise": Way.NOT_INCREASE,
    "does not increase": Way.NOT_INCREASE,
    "does not lower": Way.NOT_DECREASE,
    "does not decrease": Way.NOT_DECREASE,
    "does not reduce": Way.NOT_DECREASE,
}
_COMPARED = re.compile(
    r"(?:with (?P<before>.+?), )?(?P<treatment>\w+) "
    rf"(?P<way>{'|'.join(sorted(WAYS, key=len, reverse=True))}) (?P<metric>\w+)"
    r" (?:compared (?:with|to)|against|over|relative to) (?P<control>\w+)"
    r"(?: in (?P<kit>\w+))?(?: (?:when|where|for|if) (?P<after>.+?))?\.?",
    re.IGNORECASE,
)
_STATUS = re.compile(
    r"(?P<subject>H\d+) is (?P<verdict>supported|refuted|inconclusive|infeasible)\.?",
    re.IGNORECASE,
)
_CONDITION = (
    (re.compile(rf"(\w+) (?:between|from) ({NUMBER}) (?:and|to) ({NUMBER})"), "range"),
    (re.compile(rf"(\w+) ?(?:>=|≥|of at least|at least) ?({NUMBER})"), "least"),
    (re.compile(rf"(\w+) ?(?:<=|≤|of at most|at most) ?({NUMBER})"), "most"),
    (re.compile(rf"(\w+) ?(?:>|above|over) ?({NUMBER})"), "above"),
    (re.compile(rf"(\w+) ?(?:<|below|under) ?({NUMBER})"), "below"),
    (re.compile(rf"(\w+) ?(?:=|is|at) ?({NUMBER})"), "point"),
)


def read(name: str, text: str, source: Source, kits: Sequence[Kit], weight: float) -> Assertion:
    """What a sentence asserts: typed where its form is known, else text."""
    said = one_line(text)
    if not said:
        raise UsageError("there is nothing stated", 'scientist claim add "SENTENCE"')
    if len(said) > LONGEST:
        raise UsageError(
            f"a claim is one sentence: {len(said)} characters are more than {LONGEST}",
            'scientist claim add "SENTENCE"',
        )
    try:
        said.encode()
    except UnicodeEncodeError as fault:
        raise UsageError(
            f"the sentence is not text: {fault}", 'scientist claim add "SENTENCE" (UTF-8)'
        ) from fault
    plain = Assertion(id=name, says=Says.TEXT, text=said, source=source, weight=weight)
    if found := _STATUS.fullmatch(said):
        return plain.model_copy(
            update={
                "says": Says.STATUS,
                "subject": found["subject"].upper(),
                "attribute": found["verdict"].lower(),
            }
        )
    if found := _COMPARED.fullmatch(said):
        return _comparison(plain, found, kits)
    return plain


def has_form(text: str) -> bool:
    """Whether a sentence may be more than text: what `read` needs the kits for."""
    said = one_line(text)
    if len(said) > LONGEST:
        return False
    return bool(_STATUS.fullmatch(said) or _COMPARED.fullmatch(said))


def _comparison(plain: Assertion, found: re.Match[str], kits: Sequence[Kit]) -> Assertion:
    """A comparison of two arms of a kit; text if no kit has them."""
    treatment, control, metric = found["treatment"], found["control"], found["metric"]
    fitting = [
        kit
        for kit in kits
        if {treatment, control} <= set(kit.arms) and metric in kit.metrics
        if found["kit"] in (None, kit.name)
    ]
    if len(fitting) > 1:
        names = ", ".join(kit.name for kit in fitting)
        raise UsageError(
            f"{treatment}, {control} and {metric} are in several kits: {names}",
            f'say which: "… compared with {control} in {fitting[0].name}"',
        )
    if not fitting or treatment == control:
        return plain
    kit = fitting[0]
    way = WAYS[found["way"].lower()]
    ranges: dict[str, Range] = {}
    for condition in filter(None, (found["before"], found["after"])):
        _narrow(ranges, _conditions(condition, kit))
    margin = kit.smallest_effect(metric)
    bounded = way in (Way.SAME, Way.NOT_INCREASE, Way.NOT_DECREASE, Way.DIFFERENT)
    return plain.model_copy(
        update={
            "says": Says.COMPARISON,
            "scope": Scope(world=kit.name, ranges=ranges),
            "subject": kit.factor,
            "treatment": treatment,
            "control": control,
            "metric": metric,
            "way": way,
            "margin": margin if bounded else 0.0,
        }
    )


def _narrow(ranges: dict[str, Range], conditions: Iterable[tuple[str, Range]]) -> None:
    """Let conditions hold together; two on one parameter leave what both allow."""
    for name, one in conditions:
        both = overlap(Scope(ranges={name: one}), Scope(ranges={name: ranges.get(name, Range())}))
        if both is None:
            raise UsageError(
                f"no value of {name} meets all that is said of it",
                f'say "{name} from LOW to HIGH"',
            )
        ranges.update(both.ranges)


def _conditions(text: str, kit: Kit) -> Iterator[tuple[str, Range]]:
    """Conditions on parameters, joined by commas or "and"."""
    joined = re.sub(rf"(between {NUMBER}) and (?={NUMBER})", r"\1 to ", text)
    for part in re.split(r", (?:and )?| and ", joined):
        yield _range(part.strip(), kit)


def _range(part: str, kit: Kit) -> tuple[str, Range]:
    for pattern, kind in _CONDITION:
        said = pattern.fullmatch(part)
        if said is None:
            continue
        if said[1] not in kit.parameters:
            raise UsageError(
                f"kit {kit.name} has no parameter {said[1]!r}", f"scientist kit show {kit.name}"
            )
        value = _number(said[2])
        if kind == "range":
            low, high = sorted((value, _number(said[3])))
            return said[1], Range(low=low, high=high)
        low_end = {"least": (value, False), "above": (value, True), "point": (value, False)}
        high_end = {"most": (value, False), "below": (value, True), "point": (value, False)}
        low_, open_low = low_end.get(kind, (None, False))
        high_, open_high = high_end.get(kind, (None, False))
        return said[1], Range(low=low_, high=high_, open_low=open_low, open_high=open_high)
    raise UsageError(
        f"{part!r} is no condition that can be read",
        'say "shift = 1", "shift from 0.4 to 1", "shift >= 0.4" or "shift < 0.4"',
    )


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UsageError(f"{text} is too large a number", "name a value that the kit can take")
    return value
