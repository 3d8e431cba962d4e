"""Finds outcomes that are written down instead of measured, by reading experiment code.

The arm is followed through trial() and what it calls (`expressions`, `origins`). A metric
is refused when a constant that the arm picks reaches it through nothing but arithmetic,
means, comparisons with chance, and noise: `{"a": 0.9, "b": 0.5}[arm] + noise`, a coin with
such a bias, a bonus on top of a measured number.

What it cannot see: a constant that goes through something it does not follow (a library
call, a loop that feeds back into itself, a distance, an index) counts as measured, so
someone who wants to hide one can. It finds careless inventions, not clever ones. And it
refuses an honest metric that the arm alone decides, such as the size of a model.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from scientist.lab.review.origins import ARM, DECIDED, PICKED, PLAIN, RANDOM
from scientist.lab.review.statements import Statements
from scientist.lab.review.values import Frame, Scope, TooMuch, Value


def invented(tree: ast.Module) -> tuple[str, ...]:
    """What is wrong with the metrics of trial(), each a sentence with its line."""
    returns = _followed(tree)[1]
    if returns is None:
        return ("trial() is too intricate to be reviewed: write it with fewer nested calls",)
    return tuple(dict.fromkeys(_reasons(returns)))


def seeded(tree: ast.Module) -> tuple[int, ...]:
    """The lines where something that the arm decides becomes the seed of a generator."""
    lines = (line for line, seed in _followed(tree)[0].seeds if seed.origin in DECIDED)
    return tuple(dict.fromkeys(lines))


def _followed(tree: ast.Module) -> tuple[Statements, list[tuple[int, Value]] | None]:
    """The review after it followed trial(), and all that this returns; None: too intricate."""
    review = Statements()
    top = Frame(Scope())
    try:
        review.run(tree.body, top)
        found = top.scope.find("trial")
        function = found.functions[-1] if found and found.functions else None
        if function is None or not isinstance(function.node, ast.FunctionDef):
            return review, []
        return review, review.returns(function, _given(function.node), {})
    except (TooMuch, RecursionError):
        return review, None


def _given(trial: ast.FunctionDef) -> list[Value]:
    names = [argument.arg for argument in (*trial.args.posonlyargs, *trial.args.args)]
    known = {"arm": Value(ARM), "seed": Value(RANDOM)}
    return [known.get(name, Value(PLAIN)) for name in names]


def _reasons(returns: Iterable[tuple[int, Value]]) -> Iterator[str]:
    for line, value in returns:
        metrics = value.parts if value.parts else {"": value}
        for name, metric in metrics.items():
            if metric.origin not in DECIDED:
                continue
            what = f"metric {name}" if name else "what trial() returns"
            kind = PICKED if metric.origin is ARM else metric.origin
            where = f" (line {metric.line})" if metric.line not in (0, line) else ""
            yield (
                f"line {line}: {what} is {kind.value}{where}; it must come from what the trial "
                "does: let the arm choose what is run, and compute the metric from its results"
            )
