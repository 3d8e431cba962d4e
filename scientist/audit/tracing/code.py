"""The lines of sealed code that make an arm what it is; read as text, never run.

A function of the arm's name, else the places where functions ask for that name. An arm that is
named nowhere takes the branches that others leave: then what it meets is shown.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from scientist.audit.tracing.node import Node
from scientist.audit.tracing.trail import Trail, value
from scientist.journal import Entry
from scientist.records import clean, printable

MOST_LINES = 24


def node(trail: Trail, seal: Entry, arms: Sequence[str]) -> Node:
    """The code of a protocol, with the lines of some of its arms."""
    digest = str(value(seal.data, seal, "code_blob"))
    text = trail.text(digest)
    blob = trail.blob("code", digest)
    found = trail.step("code", f"sha256 {digest}, {text.count(chr(10))} lines", seal, blob)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        found.lines = ("it is no Python that can be read",)
        return found
    for arm in arms:
        places = list(_places(tree, arm))
        if not places:
            found.children.append(trail.step("arm's code", f"{clean(arm)}: no lines of its own"))
            found.children[-1].entry = seal
        for name, first, last in places:
            said = f"{clean(arm)}: lines {first} to {last}, in {name}()"
            lines = text.splitlines()[first - 1 : last]
            shown = [f"{first + n:>4} {printable(line)}" for n, line in enumerate(lines)]
            if len(shown) > MOST_LINES:
                shown[MOST_LINES:] = [f"     … {len(lines) - MOST_LINES} lines more"]
            found.children.append(trail.step("arm's code", said, seal, blob, shown))
    return found


def _places(tree: ast.Module, arm: str) -> Iterator[tuple[str, int, int]]:
    """The functions or statements that belong to an arm, with their lines."""
    functions = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    if own := [one for one in functions if one.name == arm]:
        yield own[0].name, own[0].lineno, own[0].end_lineno or own[0].lineno
        return
    named = False
    for function in functions:
        for one in function.body:
            if any(isinstance(part, ast.Constant) and part.value == arm for part in ast.walk(one)):
                named = True
                yield function.name, one.lineno, one.end_lineno or one.lineno
    if not named:
        asks = [one for one in functions if _asks(one)]
        for function in asks:
            yield function.name, function.lineno, function.end_lineno or function.lineno


def _asks(function: ast.FunctionDef) -> bool:
    """Whether a function decides by the arm's name."""
    given = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    return "arm" in given and any(
        isinstance(part, ast.Compare | ast.Subscript)
        and any(isinstance(one, ast.Name) and one.id == "arm" for one in ast.walk(part))
        for part in ast.walk(function)
    )
