"""What calls of known functions do with origins: draws, means, smooth functions.

Everything that is not named here counts as measured.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import reduce

from scientist.lab.review import origins
from scientist.lab.review.origins import (
    ARM,
    BONUS,
    CENTRED,
    FIXED,
    MEASURED,
    NOISY,
    PICKED,
    PLAIN,
    RANDOM,
    SCALED,
    SHARED,
)
from scientist.lab.review.values import UNKNOWN, Value, choose, elements, gather, join

# draws around a given place: (place, scale, size) as positions; then all other draws
PLACED = {
    *("normal", "gauss", "normalvariate", "laplace", "logistic", "gumbel"),
    *("standard_normal", "randn"),
}
PLACE = ("loc", "mu")
DRAWS = {
    **dict.fromkeys(("random", "rand", "random_sample", "standard_exponential"), 0),
    **dict.fromkeys(("poisson", "exponential", "expovariate", "geometric", "chisquare"), 1),
    **dict.fromkeys(("choice", "pareto", "weibull", "permutation", "bernoulli"), 1),
    **dict.fromkeys(("uniform", "integers", "randint", "binomial", "beta", "gamma"), 2),
    **dict.fromkeys(("lognormal", "multinomial", "betavariate", "gammavariate"), 2),
    **dict.fromkeys(("triangular", "randrange", "choices", "sample", "lognormvariate"), 3),
}
GENERATORS = {"default_rng", "RandomState", "Random", "Generator", "SeedSequence", "spawn"}
SEEDS = {"seed", "manual_seed", "PCG64", "MT19937", "Philox", "SFC64"}  # other ways to seed one
KEEPS = {
    *("float", "int", "round", "min", "max", "clip", "mean", "sum", "fsum", "fmean", "average"),
    *("median", "array", "asarray", "list", "tuple", "sorted", "set", "item", "tolist", "copy"),
    *("squeeze", "ravel", "flatten", "reshape", "astype", "minimum", "maximum", "nanmean"),
    *("range", "enumerate", "zip", "reversed", "iter", "next", "bool", "str", "around", "T"),
    *("concatenate", "hstack", "vstack", "stack", "repeat", "tile", "amin", "amax"),
    *("zeros", "ones", "empty", "eye", "arange", "linspace", "values", "keys", "items", "float64"),
}
SHAPES = {
    *("abs", "absolute", "fabs", "exp", "log", "log1p", "log2", "log10", "sqrt", "tanh", "sin"),
    *("cos", "expm1", "floor", "ceil", "sigmoid", "expit", "negative", "rint"),
}


def library(
    node: ast.Call,
    inside: bool,
    name: str,
    owner: Value | None,
    given: list[Value],
    named: dict[str, Value],
) -> Value:
    if name in GENERATORS:
        return Value(PLAIN)
    if (name in DRAWS or name in PLACED) and (owner is None or owner.origin is not MEASURED):
        return replace(
            _draw(node, name, given, named),
            draws=frozenset({(node.lineno, node.col_offset, inside)}),
        )
    if name == "dict" and not given and "**" not in named:
        whole = reduce(join, named.values(), Value(PLAIN))
        return replace(whole, parts=dict(named), instance=None)
    if name == "where" and len(given) == 3:
        test, one, other = given
        return replace(choose(test, (one, other)), array=True)
    if name == "len" and given:
        kept = given[0].origin in FIXED | {MEASURED}
        return Value(given[0].origin if kept else PLAIN, line=given[0].line)
    if name == "hash" or name == "ord":
        return Value(given[0].origin if given and given[0].origin in FIXED else MEASURED)
    if name == "deepcopy" and given:
        return given[0]
    if name in ("full", "full_like") and len(given) > 1:
        return replace(given[1], array=True)
    if name in SHAPES and given:
        one = given[0]
        if one.origin is NOISY and (one.distance or one.array):  # how far a guess is off
            return replace(UNKNOWN, array=one.array)
        return replace(one, origin=origins.shape(one.origin), parts=None, constant=None)
    if name in KEEPS:
        found = gather(elements(g) if name == "enumerate" else g for g in given)
        return replace(found, array=name not in ("float", "int", "round", "item"), parts=None)
    return UNKNOWN


def _draw(node: ast.Call, name: str, given: list[Value], named: dict[str, Value]) -> Value:
    """Random numbers: a place or a chance that the arm picks is an outcome it picks."""
    at = 2 if name in PLACED else DRAWS[name]
    if name in ("standard_normal", "randn"):
        at = 0
    size = named.get("size") or (given[at] if len(given) > at else None)
    array = size is not None
    if size is not None and size.origin not in SHARED | {RANDOM}:
        return Value(MEASURED, array)  # how much is drawn is a setting
    given = given[:at]
    if name in PLACED:
        place = next((named[word] for word in PLACE if word in named), None)
        place = place or (given[0] if given else None)
        scale = named.get("scale") or named.get("sigma") or (given[1] if len(given) > 1 else None)
        zero = place is None or _is_zero(node)
        origin = CENTRED if zero or place is None else origins.add(place.origin, CENTRED)
        if origin is not NOISY and scale is not None and scale.origin not in SHARED | {RANDOM}:
            origin = MEASURED
        return Value(origin, array, place.line if place else 0)
    values = [*given, *(value for word, value in named.items() if word != "size")]
    line = next((value.line for value in values if value.line), 0)
    kinds = {value.origin for value in values}
    if kinds & {MEASURED, BONUS, SCALED}:
        return Value(MEASURED, array)
    if kinds & {ARM, PICKED, NOISY}:
        return Value(NOISY, array, line)
    return Value(CENTRED if name == "uniform" and _is_even(node) else RANDOM, array)


def _is_zero(node: ast.Call) -> bool:
    places = [k.value for k in node.keywords if k.arg in ("loc", "mu")] or node.args[:1]
    return not places or (isinstance(places[0], ast.Constant) and places[0].value == 0)


def _is_even(node: ast.Call) -> bool:
    """uniform(-x, x)"""
    if len(node.args) < 2 or not isinstance(node.args[0], ast.UnaryOp):
        return False
    return ast.dump(node.args[0].operand) == ast.dump(node.args[1])
