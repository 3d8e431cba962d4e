"""Sets of assertions for the consistency benchmark, by what they probe; deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from scientist.records import Assertion, Interval, Range, Says, Scope, Source, Way

MARGINS = (0.0, 0.0, 0.05, 0.1, 0.2)
ATTRIBUTES = ("linear", "Linear ", "convex", "concave")
VERDICTS = ("supported", "refuted", "inconclusive")
CHAT = Source(kind="chat", address="T1")
Make = Callable[[random.Random], list[Assertion]]


def assertion(name: str, says: Says, scope: Scope, **fields: Any) -> Assertion:
    base: dict[str, Any] = {"text": name, "source": CHAT, "metric": "error"}
    return Assertion(id=name, says=says, scope=scope, **(base | fields))


def scope(chance: random.Random) -> Scope:
    """Any scope whose ends the oracle's grid can tell: also empty, and texts that are numbers."""
    if chance.random() < 0.25:
        return Scope(world=chance.choice(("", "kit_a")))
    ranges: dict[str, Range] = {}
    values: dict[str, tuple[str, ...]] = {}
    if chance.random() < 0.7:
        ranges["x"] = span(chance, 4)
    elif chance.random() < 0.4:
        values["x"] = tuple(chance.sample(("0", "1.0", "2", "3e0"), chance.randint(1, 2)))
    if chance.random() < 0.3:
        ranges["y"] = span(chance, 1)
    if chance.random() < 0.3:
        values["law"] = tuple(chance.sample(("linear", "cubic"), chance.randint(1, 2)))
    world = chance.choice(("", "kit_a", "kit_a", "kit_a", "kit_b"))
    return Scope(world=world, ranges=ranges, values=values)


def span(chance: random.Random, top: int) -> Range:
    low, high = sorted((chance.randint(0, top), chance.randint(0, top)))
    kind = chance.random()
    if kind < 0.2:
        return Range(low=low, high=low)
    flags = {"open_low": chance.random() < 0.4, "open_high": chance.random() < 0.4}
    if kind < 0.35:
        return Range(low=low, open_low=flags["open_low"])
    if kind < 0.5:
        return Range(high=high, open_high=flags["open_high"])
    return Range(low=low, high=high, **flags)


def edges(chance: random.Random) -> list[Assertion]:
    """Opposite ways on scopes that touch, or just do not, in one name and agree in all else."""
    end = chance.randint(1, 3)
    first: list[tuple[str, Any]] = [
        ("x", Range(low=0, high=end, open_high=chance.random() < 0.5)),
        ("x", Range(high=end, open_high=chance.random() < 0.5)),
        ("x", Range(low=end, high=end)),
        ("x", (str(end),)),
        ("law", ("linear",)),
        ("world", "kit_a"),
        ("", None),
    ]
    second: list[tuple[str, Any]] = [
        ("x", Range(low=end, high=4, open_low=chance.random() < 0.5)),
        ("x", Range(low=end, open_low=chance.random() < 0.5)),
        ("x", Range(low=end, high=end)),
        ("x", (f"{end}.0", "9")),
        ("law", (chance.choice(("linear", "cubic")), "another")),
        ("world", chance.choice(("kit_a", "kit_b"))),
        ("", None),
    ]
    name, part = chance.choice(first)
    matching = [other for other in second if other[0] in (name, "")]
    return [
        comparison(chance, "F1", restricted(scope_of_both(chance), name, part), (Way.INCREASE,)),
        comparison(chance, "F2", restricted(Scope(), *chance.choice(matching)), (Way.DECREASE,)),
    ]


def scope_of_both(chance: random.Random) -> Scope:
    return Scope(ranges={"y": Range(low=0)} if chance.random() < 0.5 else {})


def restricted(where: Scope, name: str, part: Any) -> Scope:
    if name == "world":
        return where.model_copy(update={"world": part})
    if isinstance(part, Range):
        return where.model_copy(update={"ranges": {**where.ranges, name: part}})
    return where.model_copy(update={"values": {name: part}}) if name else where


def comparison(
    chance: random.Random,
    name: str,
    where: Scope,
    ways: tuple[Way, ...] = tuple(Way),
    arms: tuple[str, str] = ("A", "B"),
    margins: tuple[float, ...] = MARGINS,
    **fields: Any,
) -> Assertion:
    """A comparison of two arms, in either order: which way is drawn before they are swapped."""
    way, (treatment, control) = chance.choice(ways), arms
    if chance.random() < 0.5:
        treatment, control = control, treatment
        way = TURNED.get(way, way)
    margin = chance.choice(margins)
    fields = {"treatment": treatment, "control": control, "way": way, "margin": margin} | fields
    return assertion(name, Says.COMPARISON, where, **fields)


TURNED = {
    Way.INCREASE: Way.DECREASE,
    Way.DECREASE: Way.INCREASE,
    Way.NOT_INCREASE: Way.NOT_DECREASE,
    Way.NOT_DECREASE: Way.NOT_INCREASE,
}


def ways(chance: random.Random) -> list[Assertion]:
    return [comparison(chance, name, scope(chance)) for name in ("F1", "F2")]


def interval(chance: random.Random, center: float, certain: float = 0.1) -> Interval:
    half = chance.choice((0.05, 0.1, 0.2))
    confidence = 1.0 if chance.random() < certain else chance.choice((0.9, 0.95, 0.99))
    low, high = round(center - half, 3), round(center + half, 3)
    return Interval(low=low, high=high, confidence=confidence, method="given")


def measured(chance: random.Random, name: str, where: Scope) -> Assertion:
    """A comparison or a difference with an interval that fits it."""
    center = round(chance.uniform(-0.6, 0.6), 2)
    data = {"interval": interval(chance, center), "pairs": chance.choice((0, 0, 6, 12, 40))}
    value = center if chance.random() < 0.7 else None
    if chance.random() < 0.4:
        arms = chance.choice((("A", "B"), ("B", "A")))
        fields = {"treatment": arms[0], "control": arms[1], "value": value, **data}
        return assertion(name, Says.QUANTITY, where, **fields)
    one = comparison(chance, name, where, (Way.INCREASE,), value=value, **data)
    fitting = Way.INCREASE if center > 0 else Way.DECREASE
    chosen = chance.choice((fitting, fitting, fitting, fitting, fitting, *Way))
    return one.model_copy(update={"way": chosen, "margin": chance.choice(MARGINS)})


def data(chance: random.Random) -> list[Assertion]:
    first = measured(chance, "F1", scope(chance))
    if chance.random() < 0.5:
        return [first, comparison(chance, "F2", scope(chance))]
    return [first, measured(chance, "F2", scope(chance))]


def values(chance: random.Random) -> list[Assertion]:
    """One quantity with two stated or measured values; now and then two quantities."""
    found = []
    for name in ("A1", "A2"):
        value = round(chance.uniform(0.2, 0.9), chance.choice((1, 2)))
        fields: dict[str, Any] = {"value": value, "margin": chance.choice((0.0, 0.0, 0.05))}
        if chance.random() < 0.4:
            fields["interval"] = interval(chance, value)
        arm = {"treatment": chance.choice("AAAB")} if chance.random() < 0.8 else {"subject": "A"}
        found.append(assertion(name, Says.QUANTITY, scope(chance), **fields, **arm))
    return found


def words(chance: random.Random) -> list[Assertion]:
    """Attributes of a subject, or verdicts on a hypothesis."""
    status = chance.random() < 0.5
    options = VERDICTS if status else ATTRIBUTES
    fields: dict[str, Any] = {"metric": "" if status else chance.choice(("shape", "shape", "law"))}
    return [
        assertion(
            name,
            Says.STATUS if status else Says.ATTRIBUTE,
            scope(chance),
            subject=chance.choice(("H1", "H1", "H1", "H2")),
            attribute=chance.choice(options),
            **fields,
        )
        for name in ("A1", "A2")
    ]


def own(chance: random.Random) -> list[Assertion]:
    """A comparison whose numbers may not fit what it says, beside another."""
    value = round(chance.uniform(-0.4, 0.4), 2)
    fields: dict[str, Any] = {"value": value} if chance.random() < 0.7 else {}
    if chance.random() < 0.7:
        fields["interval"] = interval(chance, round(value + chance.choice((0, 0, 0.15)), 2))
    if chance.random() < 0.1 and "interval" in fields:
        fields["interval"] = fields["interval"].model_copy(update={"confidence": 95.0})
    arms = ("A", "A") if chance.random() < 0.1 else ("A", "B")
    if arms[0] == arms[1]:
        fields = {}
    first = comparison(chance, "F1", scope(chance), arms=arms, **fields)
    return [first, comparison(chance, "F2", scope(chance))]


def quotes(chance: random.Random) -> list[Assertion]:
    """A finding and what somebody says that it shows."""
    source, subject = Source(kind="finding", address="F1"), chance.choice(("F1", "F1", "F1", "F2"))
    if chance.random() < 0.3:
        fields = {"metric": "", "attribute": chance.choice(VERDICTS)}
        shown = assertion(
            "F1.status", Says.STATUS, scope(chance), source=source, subject="H1", **fields
        )
        fields["attribute"] = chance.choice(VERDICTS)
        return [shown, assertion("A1", Says.STATUS, scope(chance), subject=subject, **fields)]
    found = measured(chance, "F1", scope(chance)).model_copy(update={"source": source})
    claim = comparison(chance, "A1", scope(chance), subject=subject)
    if found.value and chance.random() < 0.5:
        turned = found.treatment != claim.treatment
        value = round(-found.value if turned else found.value, chance.choice((1, 2)))
        value = value if chance.random() < 0.7 else round(value + 0.1, 2)
        claim = claim.model_copy(update={"value": value})
    return [found, claim]


def strangers(chance: random.Random) -> list[Assertion]:
    """Two that would be at odds if they were about the same."""
    first = comparison(chance, "F1", scope(chance), (Way.INCREASE,))
    second = comparison(chance, "F2", scope(chance), (Way.DECREASE,))
    change: list[dict[str, Any]] = [
        {"metric": "loss"},
        {"treatment": "C"},
        {"says": Says.TEXT},
        {"way": None},
        {"control": ""},
        {"metric": ""},
    ]
    return [first, second.model_copy(update=chance.choice(change))]


def cycle(chance: random.Random) -> list[Assertion]:
    """Three or four assertions that may bite their tail, some with the value of an arm."""
    count = chance.choice((3, 3, 4))
    arms = ["A", "B", "C", "D"][:count]
    chance.shuffle(arms)
    kinds = (Way.INCREASE,) * 5 + (Way.SAME, Way.NOT_DECREASE, Way.DECREASE)
    where = [scope(chance) if chance.random() < 0.4 else Scope() for _ in arms]
    found = []
    valued = chance.random() < 0.3
    for number, (one, other) in enumerate(zip(arms, [*arms[1:], arms[0]], strict=True)):
        name = f"F{number + 1}"
        if valued and arms[-1] in (one, other):
            arm, value = (one, 0.2) if other == arms[-1] else (other, -0.2)
            fields = {"treatment": arm, "value": value, "margin": chance.choice((0.1, 0.2))}
            found.append(assertion(name, Says.QUANTITY, where[number], **fields))
        else:
            margins = (0.0, 0.1, 0.2)
            found.append(
                comparison(chance, name, where[number], kinds, (one, other), margins=margins)
            )
    return found


FAMILIES: dict[str, Make] = {
    "ways and margins": ways,
    "scope edges": edges,
    "measured numbers": data,
    "stated values": values,
    "words": words,
    "own data": own,
    "said of a finding": quotes,
    "about something else": strangers,
}


def pairs(count: int, seed: int = 0) -> Iterator[tuple[str, list[Assertion]]]:
    """So many pairs, the families in turn, in either order."""
    chance = random.Random(seed)
    names = list(FAMILIES)
    for number in range(count):
        name = names[number % len(names)]
        found = FAMILIES[name](chance)
        chance.shuffle(found)
        yield name, found


def cycles(count: int, seed: int = 1) -> Iterator[tuple[str, list[Assertion]]]:
    chance = random.Random(seed)
    for _ in range(count):
        found = cycle(chance)
        chance.shuffle(found)
        yield "cycles", found
