"""What the review of experiment code knows of a value, and how values are joined."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from scientist.lab.review import origins
from scientist.lab.review.origins import (
    DECIDED,
    FIXED,
    MEASURED,
    NOISY,
    PLAIN,
    RANDOM,
    SHARED,
    Origin,
)

Draw = tuple[int, int, bool]


@dataclass(eq=False)
class Scope:
    """The names of a function, and those around it."""

    names: dict[str, Value] = field(default_factory=dict)
    around: Scope | None = None

    def find(self, name: str) -> Value | None:
        if name in self.names:
            return self.names[name]
        return self.around.find(name) if self.around else None


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the code, where it was defined, and the object it belongs to."""

    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    owner: Value | None = None


@dataclass(eq=False)
class Instance:
    """An object of one of the code's own classes."""

    node: ast.ClassDef
    scope: Scope
    attributes: dict[str, Value] = field(default_factory=dict)

    def with_(self, other: Instance, one_of: Callable[[Value, Value], Value]) -> Instance:
        """An object that may be this or the other one."""
        both = {**other.attributes, **self.attributes}
        for name in self.attributes.keys() & other.attributes.keys():
            both[name] = one_of(self.attributes[name], other.attributes[name])
        return Instance(self.node, self.scope, both)


@dataclass(frozen=True, eq=False)
class Value:
    """What is known of a value.

    `line` is where the arm picked it; `draws` are the calls that its chance came from, each with
    whether it stood in a branch for one arm; a `statistic` sums up several draws; a `distance`
    is a difference to something random.
    """

    origin: Origin
    array: bool = False
    line: int = 0
    parts: dict[Any, Value] | None = None
    functions: tuple[Function, ...] = ()
    defines: ast.ClassDef | None = None
    instance: Instance | None = None
    module: bool = False
    constant: Any = None
    draws: frozenset[Draw] = frozenset()
    statistic: bool = False
    distance: bool = False


UNKNOWN = Value(MEASURED)


@dataclass(eq=False)
class Frame:
    """A function at work: its names, what it returned, and the tests it stands under."""

    scope: Scope
    returns: list[tuple[int, Value]] = field(default_factory=list)
    tests: list[Value] = field(default_factory=list)
    state: list[set[str]] = field(default_factory=list)


class TooMuch(Exception):
    """The code is too intricate to be followed to its end."""


def join(one: Value, other: Value) -> Value:
    """One of two values, whichever it will be."""
    if one is other:
        return one
    parts = None
    if one.parts is not None and other.parts is not None:
        parts = {**other.parts, **one.parts}
        for key in one.parts.keys() & other.parts.keys():
            parts[key] = join(one.parts[key], other.parts[key])
    instance = None
    if one.instance and other.instance and one.instance.node is other.instance.node:
        instance = one.instance.with_(other.instance, join)
    return Value(
        origins.merge(one.origin, other.origin),
        one.array or other.array,
        one.line or other.line,
        parts,
        tuple({f.node: f for f in (*one.functions, *other.functions)}.values()),
        instance=instance,
        constant=one.constant if _same(one, other) else None,
        draws=one.draws | other.draws,
        statistic=one.statistic or other.statistic,
        distance=one.distance or other.distance,
    )


def settle(test: Value, value: Value) -> Value:
    """A value that is set only where a test says so.

    A statistic of data that all arms share is one that the arm picks, not a result it picks.
    """
    origin = origins.under(test.origin, value.origin)
    shared = value.statistic and not any(inside for _, _, inside in value.draws)
    if value.origin is RANDOM and origin is NOISY and shared and test.origin in FIXED:
        origin = MEASURED
    parts = value.parts and {key: settle(test, part) for key, part in value.parts.items()}
    line = value.line or (test.line if origin in DECIDED else 0)
    return replace(value, origin=origin, parts=parts, line=line, constant=None)


def choose(test: Value, values: Sequence[Value], table: bool = False) -> Value:
    """One of several values, as a test says; the same constant everywhere is no choice.

    In a table, statistics of the same draws are ways to look at them; others are outcomes.
    """
    first = values[0]
    if len(values) > 1 and all(_same(first, value) for value in values):
        return first
    if table and not frozenset.intersection(*(value.draws for value in values)):
        values = [replace(value, statistic=False) for value in values]
    whole = reduce(join, (settle(test, value) for value in values))
    if first.instance and whole.instance and len(values) > 1:

        def pair(one: Value, other: Value) -> Value:
            return choose(test, (one, other))

        objects = [value.instance for value in values if value.instance]
        return replace(whole, instance=reduce(lambda a, b: a.with_(b, pair), objects))
    return whole


def _same(one: Value, other: Value) -> bool:
    return one.constant is not None and (type(one.constant), one.constant) == (
        type(other.constant),
        other.constant,
    )


def elements(value: Value) -> Value:
    """What one gets by going through a value."""
    if value.parts:
        return reduce(join, value.parts.values())
    return replace(value, array=False, parts=None, statistic=value.statistic or value.array)


def gather(values: Iterable[Value]) -> Value:
    """Several values as one number; those that are the same for all change nothing."""
    found = list(values)
    telling = [value for value in found if value.origin not in SHARED] or found[:1]
    origin = reduce(origins.add, [value.origin for value in telling]) if telling else PLAIN
    line = next((value.line for value in telling if value.line), 0)
    return Value(
        origin,
        any(value.array for value in found),
        line,
        draws=frozenset().union(*(value.draws for value in telling)),
        statistic=any(value.statistic or value.array for value in telling),
        distance=any(value.distance for value in telling),
    )
