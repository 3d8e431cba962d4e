"""Whether code does what its hypothesis says: varies the factor, and measures the metric.

The code is read twice, as the treatment and as the control meet it (`arms`), and compared:
both must run different code in the same world, and be measured by the same code. What is sure
is a problem, to be repaired; what is only likely is a remark, which goes on the finding.

What it cannot see: whether the code of an arm is what its name says; whether the world is a
fair one; arms told apart by anything but their name (an index, a hash kept in a table that is
computed); what classes and library calls do inside; one arm that tries several times and
keeps its best; test data that reach an arm under another name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from scientist.lab import review
from scientist.lab.review import knowing
from scientist.lab.review.arms import constants, met
from scientist.lab.review.calls import DRAWS, GENERATORS, PLACED, SEEDS
from scientist.lab.review.measuring import (
    MODULES,
    Functions,
    definitions,
    measured,
    root,
    shown,
    watched,
)

SETTERS = ("setattr", "delattr")


@dataclass(frozen=True)
class Mismatch:
    """What does not fit the hypothesis: surely (to be repaired), and likely (to be told)."""

    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def mismatch(code: str, treatment: str, control: str, metric: str) -> Mismatch:
    """Where code does not test the hypothesis that the treatment moves the metric."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        return Mismatch((f"the code does not parse: {fault}",))
    try:
        return _read(tree, treatment, control, metric)
    except RecursionError:
        return Mismatch(("the code is too deeply nested to be read: write shorter expressions",))


def _read(tree: ast.Module, treatment: str, control: str, metric: str) -> Mismatch:
    absent = tuple(_absent(tree, treatment, control, metric))
    if absent:
        return Mismatch(absent)
    one, other = met(tree, treatment), met(tree, control)
    problems = [*_same(one, other, treatment, control), *_patched(tree)]
    problems += _seeds(tree, one, other, treatment, control)
    problems += _raised(one, other, treatment, control)
    remarks = [*_worlds(one, other, treatment, control), *knowing.asked(tree)]
    for sure, sentence in measured(tree, one, other, metric):
        (problems if sure else remarks).append(sentence)
    remarks += watched(one["trial"][0], other["trial"][0], (treatment, control), metric)
    return Mismatch(tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(remarks)))


def _absent(tree: ast.Module, treatment: str, control: str, metric: str) -> Iterator[str]:
    """Arms and a metric that the code does not have."""
    header = dict(constants(tree))
    for constant, names in (("ARMS", (treatment, control)), ("METRICS", (metric,))):
        known = _names(header.get(constant))
        if known is None:
            yield f"{constant} must be written out, with each name and what it means"
            continue
        for name in names:
            if name not in known:
                yield f"{constant} has no {name!r}: the hypothesis names it, so the code must"
    trials = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "trial"]
    if len(trials) != 1:
        yield "there must be one function trial(arm, seed, **parameters)"
        return
    if trials[0].decorator_list:
        yield f"line {trials[0].lineno}: trial() may not be decorated"
    places = {
        part
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for part in _words(node)
    }
    if metric not in places and "METRICS" not in places:
        yield f"trial() returns no metric named {metric!r}: return it under this very name"


def _names(node: ast.expr | None) -> set[str] | None:
    if isinstance(node, ast.Dict):
        parts = node.keys
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        parts = [*node.elts]
    else:
        return None
    return {p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)}


def _words(node: ast.AST) -> Iterator[str]:
    """Texts, names of arguments, as in dict(score=...), and whether METRICS is used."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.Name) and part.id == "METRICS":
            yield part.id
        elif isinstance(part, ast.keyword) and part.arg:
            yield part.arg


def _same(one: Functions, other: Functions, treatment: str, control: str) -> Iterator[str]:
    """Two arms whose code does not differ."""

    def all_of(functions: Functions) -> set[str]:
        return {ast.dump(node) for nodes in functions.values() for node in nodes}

    if all_of(one) == all_of(other):
        yield (
            f"{treatment} and {control} run the same code: let the arm decide what is done, "
            f'as in if arm == "{treatment}":'
        )


def _patched(tree: ast.Module) -> Iterator[str]:
    """Code that changes what other code is, as it runs."""
    modules = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    own = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    } | modules
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            if root(node) in modules:
                yield f"line {node.lineno}: {ast.unparse(node)} may not be given another value"
        elif isinstance(node, ast.Global) and own & set(node.names):
            name = sorted(own & set(node.names))[0]
            yield f"line {node.lineno}: the function {name} may not be replaced"
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") in SETTERS
            and node.args
            and root(node.args[0]) in own
        ):
            yield f"line {node.lineno}: {ast.unparse(node.args[0])} may not be changed"


def _seeds(
    tree: ast.Module, one: Functions, other: Functions, treatment: str, control: str
) -> Iterator[str]:
    """Generators whose seed the arm decides."""
    advice = "seed it alike for all arms, so that they meet the same world"
    lines = review.seeded(tree)
    for line in lines:
        yield f"line {line}: the arm decides the seed of a random generator: {advice}"
    if lines:
        return
    for name in one.keys() & other.keys():
        mine, theirs = _generators(one[name]), _generators(other[name])
        only, missing = mine.keys() - theirs.keys(), theirs.keys() - mine.keys()
        if only and missing:
            line = min(mine[text] for text in only)
            yield (
                f"line {line}: {treatment} and {control} use differently seeded random "
                f"generators: {advice}"
            )


def _generators(nodes: list[ast.FunctionDef]) -> dict[str, int]:
    """The generators that a function makes, with what their seeds are made from."""
    found = {}
    for node in nodes:
        for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in GENERATORS | SEEDS:
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                found[name + shown([_origin(part, node) for part in given])] = call.lineno
    return found


def _origin(node: ast.expr, function: ast.FunctionDef, depth: int = 4) -> ast.expr:
    """An expression with all it is made from, as far as names have one meaning."""
    parts: list[ast.expr] = [node]
    for name in {p.id for p in ast.walk(node) if isinstance(p, ast.Name)} if depth else ():
        known = definitions(function, name)
        if len(known) == 1:
            parts.append(_origin(known[0].value, function, depth - 1))
    return ast.Tuple(parts, ast.Load()) if len(parts) > 1 else node


def _raised(one: Functions, other: Functions, treatment: str, control: str) -> Iterator[str]:
    """Errors that only one of the arms may raise: it would lose the seeds it fares badly on."""

    def errors(functions: Functions) -> dict[str, int]:
        return {
            ast.dump(part): part.lineno
            for name, nodes in functions.items()
            for node in nodes
            for part in ast.walk(node)
            if isinstance(part, ast.Raise | ast.Assert) and (name in one.keys() & other.keys())
        }

    mine, theirs = errors(one), errors(other)
    for arm, lines in (
        (treatment, [line for text, line in mine.items() if text not in theirs]),
        (control, [line for text, line in theirs.items() if text not in mine]),
    ):
        for line in lines:
            yield f"line {line}: {arm} alone may raise an error: every seed must give a result"


def _worlds(one: Functions, other: Functions, treatment: str, control: str) -> Iterator[str]:
    """Draws of one arm that come before draws of all arms from the same generator."""
    mine, theirs = (_draws(functions["trial"][0]) for functions in (one, other))
    for generator in sorted({name for name, _ in mine} & {name for name, _ in theirs}):
        first = [text for name, text in mine if name == generator]
        second = [text for name, text in theirs if name == generator]
        place = next(
            (n for n, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]),
            None,
        )
        if place is None:
            place = min(len(first), len(second))
        if set(first[place:]) & set(second[place:]):
            yield (
                f"{treatment} and {control} draw differently from {generator} before draws that "
                "they share: they may not meet the same world"
            )


def _draws(trial: ast.FunctionDef) -> list[tuple[str, str]]:
    """Random draws that stand in trial itself, in the order of the text, by generator."""
    calls = [
        part
        for part in ast.walk(trial)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)
    ]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [
        (root(call.func), shown([call]))
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {*DRAWS, *PLACED}
        and root(call.func) not in ("", *MODULES)
    ]
