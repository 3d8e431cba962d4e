"""Where a number comes from, and what arithmetic makes of it.

`outcomes` reads experiment code and gives every expression one of these origins. They are
chosen so that a constant which the arm picks stays visible through arithmetic and noise,
and disappears in whatever computes with data.
"""

from __future__ import annotations

from enum import StrEnum


class Origin(StrEnum):
    """How a value came about."""

    PLAIN = "the same for every arm and seed: a constant, a parameter"
    COUNTED = "counted up in a loop, whatever the data"
    CENTRED = "random numbers around zero"
    RANDOM = "other random numbers that do not depend on the arm"
    MEASURED = "computed from data, or in a way that cannot be followed"
    ARM = "the arm's name, or what follows from the name alone"
    PICKED = "a constant picked by the arm"
    NOISY = "a constant picked by the arm, with random noise"
    BONUS = "a measured number plus a constant picked by the arm"
    SCALED = "a measured number times a constant picked by the arm, or in place of one"


PLAIN, COUNTED, MEASURED = Origin.PLAIN, Origin.COUNTED, Origin.MEASURED
CENTRED, RANDOM = Origin.CENTRED, Origin.RANDOM
ARM, PICKED, NOISY = Origin.ARM, Origin.PICKED, Origin.NOISY
BONUS, SCALED = Origin.BONUS, Origin.SCALED

SHARED = frozenset((PLAIN, COUNTED))
CHANCE = frozenset((CENTRED, RANDOM))
FIXED = frozenset((ARM, PICKED))  # the arm alone decides it
DECIDED = frozenset((ARM, PICKED, NOISY, BONUS, SCALED))  # not fit to be a result


def add(one: Origin, other: Origin) -> Origin:
    """A sum or a difference: a picked constant shows through whatever is added to it."""
    kinds = {_number(one), _number(other)}
    if kinds <= SHARED:
        return _shared(kinds)
    if kinds == {CENTRED}:
        return CENTRED
    if SCALED in kinds:
        return BONUS if kinds & {PICKED, NOISY, BONUS} else MEASURED
    if BONUS in kinds:
        return BONUS
    if kinds & {PICKED, NOISY}:
        if MEASURED in kinds:
            return BONUS
        return NOISY if NOISY in kinds or kinds & CHANCE else PICKED
    return MEASURED if MEASURED in kinds else RANDOM


def multiply(one: Origin, other: Origin, arrays: bool = False) -> Origin:
    """A product: a picked constant that scales noise or data is a setting of a simulation."""
    one, other = _number(one), _number(other)
    kinds = {one, other}
    if kinds <= SHARED:
        return _shared(kinds)
    if kinds & SHARED:
        return other if one in SHARED else one
    if kinds == {PICKED}:
        return PICKED
    if PICKED in kinds:
        (rest,) = kinds - {PICKED}
        if rest is RANDOM:
            return SCALED if arrays else NOISY
        return {CENTRED: MEASURED, MEASURED: SCALED}.get(rest, rest)
    if RANDOM in kinds and kinds & {NOISY, SCALED} and not arrays:
        return NOISY if NOISY in kinds else SCALED
    return MEASURED


def divide(one: Origin, other: Origin, arrays: bool = False) -> Origin:
    """A quotient: measured by how many the arm asked for is an ordinary mean."""
    one, other = _number(one), _number(other)
    if other is PICKED and one in CHANCE | {MEASURED, BONUS, SCALED}:
        return MEASURED
    if one is PICKED and other is MEASURED:
        return MEASURED
    return multiply(one, other, arrays)


def power(one: Origin, other: Origin) -> Origin:
    """A power."""
    kinds = {_number(one), _number(other)}
    if kinds <= SHARED | {PICKED}:
        return PICKED if PICKED in kinds else _shared(kinds)
    return MEASURED


def shape(origin: Origin) -> Origin:
    """A smooth function of one number, such as the logarithm."""
    if origin in (BONUS, SCALED):
        return MEASURED
    return {CENTRED: RANDOM, ARM: PICKED}.get(origin, origin)


def compare(one: Origin, other: Origin) -> Origin:
    """A comparison: chance against a picked constant is a coin with a picked bias."""
    kinds = {one, other}
    if kinds & {MEASURED, BONUS, SCALED}:
        return MEASURED
    if kinds <= SHARED | FIXED:
        return ARM if kinds & FIXED else _shared(kinds)
    if kinds & {ARM, PICKED, NOISY}:
        return NOISY
    return RANDOM if kinds & SHARED else MEASURED


def under(test: Origin, origin: Origin) -> Origin:
    """What a value becomes by being set only where a test says so."""
    if test in (ARM, PICKED, NOISY):
        if origin is PLAIN:
            return NOISY if test is NOISY else PICKED
        if origin is COUNTED:
            return MEASURED
        return NOISY if origin is RANDOM else origin
    if test in (MEASURED, BONUS, SCALED):
        return MEASURED if origin in CHANCE | SHARED else origin
    if test in CHANCE:
        return RANDOM if origin in SHARED else origin
    return origin


def merge(one: Origin, other: Origin) -> Origin:
    """One of two values, whichever it will be."""
    if one is other:
        return one
    kinds = {one, other}
    if kinds == SHARED:
        return COUNTED
    for strong in (BONUS, SCALED):
        if strong in kinds:
            return strong
    if kinds & {ARM, PICKED, NOISY}:
        if MEASURED in kinds:
            return SCALED
        return NOISY if NOISY in kinds or kinds & CHANCE else PICKED
    return MEASURED if MEASURED in kinds else RANDOM


def _shared(kinds: set[Origin]) -> Origin:
    return COUNTED if COUNTED in kinds else PLAIN


def _number(origin: Origin) -> Origin:
    """A truth value of the arm counts as 0 or 1."""
    return PICKED if origin is ARM else origin
