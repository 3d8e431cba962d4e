"""Short ways to make assertions for tests."""

from __future__ import annotations

from typing import Any

from scientist.records import Assertion, Interval, Range, Says, Scope, Source, Way

CHAT = Source(kind="chat", address="T1")


def at(world: str = "kit", **where: Any) -> Scope:
    """A scope: a number is a point, a pair a closed range, a text a value."""
    ranges, values = dict[str, Range](), dict[str, tuple[str, ...]]()
    for name, one in where.items():
        if isinstance(one, str):
            values[name] = (one,)
        elif isinstance(one, Range):
            ranges[name] = one
        else:
            low, high = one if isinstance(one, tuple) else (one, one)
            ranges[name] = Range(low=low, high=high)
    return Scope(world=world, ranges=ranges, values=values)


def compares(
    name: str, way: Way, arms: str = "AB", scope: Scope | None = None, **fields: Any
) -> Assertion:
    base: dict[str, Any] = {"source": CHAT, "metric": "error", "text": name}
    return Assertion(
        id=name,
        says=Says.COMPARISON,
        way=way,
        treatment=arms[0],
        control=arms[1],
        scope=scope or Scope(),
        **(base | fields),
    )


def quantity(name: str, value: float | None = None, **fields: Any) -> Assertion:
    base: dict[str, Any] = {"source": CHAT, "metric": "error", "text": name, "treatment": "A"}
    return Assertion(id=name, says=Says.QUANTITY, value=value, **(base | fields))


def has(name: str, says: Says, subject: str, attribute: str, **fields: Any) -> Assertion:
    base: dict[str, Any] = {"source": CHAT, "text": name}
    return Assertion(id=name, says=says, subject=subject, attribute=attribute, **(base | fields))


def interval(low: float, high: float, confidence: float = 0.95) -> Interval:
    return Interval(low=low, high=high, confidence=confidence, method="given")
