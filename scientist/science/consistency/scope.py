"""Where things hold: boxes of worlds and parameter values, and how they meet.

A scope is taken apart into one part per name (the world is one of them): a span of numbers
or a set of values. A text that reads as a number is that number, so a point range and a
value may meet. What is not named is not restricted. All comparisons are exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scientist.records import Range, Scope

WORLD = "\0world"  # no parameter can be called that
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 24  # a hash of digits is no number
_HASH = re.compile(r"[0-9a-f]{40,}")


class Span(NamedTuple):
    """All numbers from low to high; an end belongs to it unless it is open."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False


Part = Span | frozenset[str | float]
Parts = dict[str, Part]

EVERY = Span(-math.inf, math.inf, True, True)


def overlap(one: Scope, other: Scope) -> Scope | None:
    """Where both hold, in normal form; None if nowhere."""
    first, second = parts(one), parts(other)
    if first is None or second is None:
        return None
    both = join(first, second)
    return None if both is None else build(both)


def within(inner: Scope, outer: Scope) -> bool:
    """Whether wherever the inner one holds, the outer one does."""
    first, second = parts(inner), parts(outer)
    if first is None:
        return True
    if second is None:
        return False
    return all(name in first and covers(part, first[name]) for name, part in second.items())


def without(scope: Scope, hole: Scope) -> Scope | None:
    """The scope cut along one name so that nothing of the hole is in it.

    Of all such cuts the one that leaves the largest share (of an unbounded range: counted in
    the limit), then one along a name that is restricted already, then the first by name.
    None if every cut leaves nothing, or would leave what no scope can say.
    """
    whole, cut = parts(scope), parts(hole)
    if whole is None:
        return None
    if cut is None or not meets(whole, cut):
        return build(whole)
    best: tuple[tuple[float, bool], str, Part] | None = None
    for name in sorted(cut):
        before = whole.get(name, EVERY)
        if name not in whole and not _numeric(cut[name]):
            continue  # all other texts: no scope can say that
        for piece in _pieces(before, cut[name]):
            rank = (_share(piece, before), name in whole)
            if best is None or rank > best[0]:
                best = (rank, name, piece)
    return None if best is None else build(whole | {best[1]: best[2]})


def differing(one: Scope, other: Scope) -> tuple[str, ...]:
    """The names, in order, that the two restrict differently; `world` is one of them."""
    first, second = parts(one) or {}, parts(other) or {}
    names = {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
    return tuple(sorted("world" if name == WORLD else name for name in names))


def describe(scope: Scope) -> str:
    """A scope in words."""
    found = parts(scope)
    if found is None:
        return "nowhere"
    world = found.pop(WORLD, None)
    words = [f"in {_text(next(iter(world)))}"] if isinstance(world, frozenset) else []
    words += [f"{name} {_words(part)}" for name, part in sorted(found.items())]
    return ", ".join(words) or "everywhere"


def point(
    world: str,
    parameters: Mapping[str, float | int | str | bool],
    values: Mapping[str, str] | None = None,
) -> Scope:
    """One setting of all parameters in a world; `values` are further marks, such as its code."""
    marks: dict[str, tuple[str, ...]] = {
        name: (value,) for name, value in (values or {}).items() if value
    }
    ranges: dict[str, Range] = {}
    for name, value in parameters.items():
        named = f"parameter {name}" if name in marks else name
        if (number := _exact(value)) is not None:
            ranges[named] = Range(low=number, high=number)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            marks[named] = (text,)
    return Scope(world=world, ranges=ranges, values=marks)


def is_point(part: Part) -> bool:
    return isinstance(part, Span) and part.low == part.high


def parts(scope: Scope) -> Parts | None:
    """The restrictions of a scope by name; None if together they leave nothing."""
    found: Parts = {WORLD: frozenset((scope.world,))} if scope.world else {}
    for name, one in scope.ranges.items():
        span = _span(one)
        if span is None:
            return None
        if span != EVERY:
            found[name] = span
    for name, texts in scope.values.items():
        part: Part | None = _tidy(frozenset(_value(text) for text in texts))
        if part is not None and name in found:
            part = meet(found[name], part)
        if part is None:
            return None
        found[name] = part
    return found


def build(found: Parts) -> Scope:
    """The scope that has these restrictions."""
    ranges: dict[str, Range] = {}
    values: dict[str, tuple[str, ...]] = {}
    for name, part in sorted(found.items()):
        if isinstance(part, Span):
            ranges[name] = Range(
                low=None if math.isinf(part.low) else part.low,
                high=None if math.isinf(part.high) else part.high,
                open_low=part.open_low and not math.isinf(part.low),
                open_high=part.open_high and not math.isinf(part.high),
            )
        elif name != WORLD:
            values[name] = tuple(sorted(_text(value) for value in part))
    world = found.get(WORLD, frozenset())
    name = _text(next(iter(world))) if isinstance(world, frozenset) and world else ""
    return Scope(world=name, ranges=ranges, values=values)


def join(one: Parts, other: Parts) -> Parts | None:
    """All restrictions of both; None if they leave nothing."""
    both = dict(one)
    for name, part in other.items():
        if name in both:
            common = meet(both[name], part)
            if common is None:
                return None
            both[name] = common
        else:
            both[name] = part
    return both


def meets(one: Parts, other: Parts) -> bool:
    """Whether the restrictions of both leave anything."""
    if len(other) < len(one):
        one, other = other, one
    return all(name not in other or touch(part, other[name]) for name, part in one.items())


def meet(one: Part, other: Part) -> Part | None:
    """What is in both parts; None if nothing."""
    if isinstance(one, Span):
        if isinstance(other, Span):
            return _common(one, other)
        return _tidy(frozenset(value for value in other if _inside(value, one)))
    if isinstance(other, Span):
        return meet(other, one)
    return _tidy(one & other)


def touch(one: Part, other: Part) -> bool:
    """Whether anything is in both parts."""
    if isinstance(one, Span) and isinstance(other, Span):
        if one.low > other.high or other.low > one.high:
            return False
        if one.low == other.high:
            return not (one.open_low or other.open_high)
        if other.low == one.high:
            return not (other.open_low or one.open_high)
        return True
    return meet(one, other) is not None


def covers(outer: Part, inner: Part) -> bool:
    """Whether all of the inner part is in the outer one."""
    if isinstance(outer, Span):
        if isinstance(inner, Span):
            return _common(outer, inner) == inner
        return all(_inside(value, outer) for value in inner)
    if isinstance(inner, Span):
        return inner.low == inner.high and inner.low in outer
    return inner <= outer


def _common(one: Span, other: Span) -> Span | None:
    low, high = max(one.low, other.low), min(one.high, other.high)
    open_low = any(span.open_low for span in (one, other) if span.low == low)
    open_high = any(span.open_high for span in (one, other) if span.high == high)
    if low > high or (low == high and (open_low or open_high)):
        return None
    return Span(low, high, open_low, open_high)


def _span(one: Range) -> Span | None:
    low = -math.inf if one.low is None else one.low
    high = math.inf if one.high is None else one.high
    return _common(Span(low, high, one.open_low, one.open_high), EVERY)


def _tidy(values: frozenset[str | float]) -> Part | None:
    """One number is a point; no values are nothing."""
    if len(values) == 1:
        (only,) = values
        return Span(only, only) if isinstance(only, float) else values
    return values or None


def _inside(value: str | float, span: Span) -> bool:
    return isinstance(value, float) and _common(Span(value, value), span) is not None


def _value(text: str) -> str | float:
    """A text, or the number that it reads as."""
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _exact(value: float | int | str | bool) -> float | None:
    """A parameter's value as the number it is exactly; None for all others."""
    if isinstance(value, str | bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number == value else None


def _numeric(part: Part) -> bool:
    return isinstance(part, Span) or all(isinstance(value, float) for value in part)


def _pieces(whole: Part, hole: Part) -> Iterator[Part]:
    """What is left of a part on each side of a hole, or between several."""
    if not isinstance(whole, Span):
        left = _tidy(frozenset(value for value in whole if not covers(hole, _only(value))))
        if left is not None:
            yield left
        return
    numbers = sorted(value for value in hole if isinstance(value, float))
    holes = [hole] if isinstance(hole, Span) else [Span(value, value) for value in numbers]
    low, open_low = -math.inf, True
    for one in holes:
        if gap := _gap(whole, low, one.low, open_low, not one.open_low):
            yield gap
        low, open_low = one.high, not one.open_high
    if gap := _gap(whole, low, math.inf, open_low, True):
        yield gap


def _gap(whole: Span, low: float, high: float, open_low: bool, open_high: bool) -> Span | None:
    if low == math.inf or high == -math.inf:
        return None
    return _common(whole, Span(low, high, open_low, open_high)) if low <= high else None


def _only(value: str | float) -> Part:
    return Span(value, value) if isinstance(value, float) else frozenset((value,))


def _share(piece: Part, whole: Part) -> float:
    """How much of a part a piece of it is; of an unbounded one, in the limit."""
    if not isinstance(whole, Span):
        count = 1 if isinstance(piece, Span) else len(piece)
        return count / len(whole)
    assert isinstance(piece, Span)
    if endless := math.isinf(whole.low) + math.isinf(whole.high):
        return (math.isinf(piece.low) + math.isinf(piece.high)) / endless
    length = whole.high / 2 - whole.low / 2
    return (piece.high / 2 - piece.low / 2) / length if length else 1.0


def _text(value: str | float) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return value


def _words(part: Part) -> str:
    if isinstance(part, frozenset):
        texts = sorted(_text(value) for value in part)
        return " or ".join(text[:12] if _HASH.fullmatch(text) else text for text in texts)
    low, high = _text(part.low), _text(part.high)
    if part.low == part.high:
        return low
    least = f"above {low}" if part.open_low else f"at least {low}"
    most = f"below {high}" if part.open_high else f"at most {high}"
    if math.isinf(part.low):
        return most
    if math.isinf(part.high):
        return least
    if part.open_low or part.open_high:
        return f"{least} and {most}"
    return f"{low} to {high}"
