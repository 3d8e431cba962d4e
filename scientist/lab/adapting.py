"""Adapts a kit: a new arm is one function, and nothing else of the experiment changes.

`points` are the functions through which a kit's arms differ, `shown` is what a model reads to
write another one, `adapt` composes the kit with it. Where the new arm does not differ it behaves
as an old one, `like`. `adapting_rules` says what its function may do. It works on text that
models wrote: nothing here is run.

What it cannot see: a function that returns a function (reward_hacking) decides when that one is
called; and code may do something else than its description says.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from scientist.lab import checks, kits, wordwise
from scientist.lab.adapting_rules import (
    GENERATOR,
    Allowed,
    Refused,
    bound,
    check_name,
    parsed,
    refuse,
)
from scientist.lab.kits import HEADER, Kit, parameters
from scientist.lab.review import arms as views
from scientist.records import Trial
from scientist.settings import LIBRARIES

__all__ = ["Point", "Refused", "adapt", "points", "shown", "unchanged"]

BASE = "base_arm"  # under this name, the rest of the code knows what the new arm is like
COPY = "from copy import deepcopy\n"
LONGEST_VALUE = 90


@dataclass(frozen=True)
class Point:
    """A function of a kit through which its arms differ.

    `parameters` are those that a new arm's function gets, `helpers` what it may use of the kit,
    `likes` the arms that come by here: only such an arm can be what a new one is like.
    """

    function: str
    parameters: tuple[str, ...]
    about: str
    source: str
    helpers: tuple[str, ...]
    likes: tuple[str, ...]


def points(kit: Kit) -> tuple[Point, ...]:
    """Where a kit can be adapted; its header vouches that no truth is handed over there."""
    return _points(kit.code, tuple(kit.arms), tuple(kit.open))


@lru_cache(maxsize=64)
def _points(code: str, arms: tuple[str, ...], open_: tuple[str, ...]) -> tuple[Point, ...]:
    tree = ast.parse(code)
    functions = _functions(tree)
    by_arm = {arm: views.met(tree, arm) for arm in arms}
    found = []
    for name in open_:
        node = functions[name]
        likes = tuple(arm for arm, met in by_arm.items() if name in met)
        found.append(
            Point(
                name,
                tuple(given for given in parameters(node) if given != "arm"),
                ast.get_docstring(node) or "",
                ast.get_source_segment(code, node) or "",
                _helpers(tree, node),
                likes,
            )
        )
    return tuple(found)


def shown(kit: Kit, point: Point, like: str, name: str = "NAME", idea: str = "") -> str:
    """What a model reads to write a new arm: what to write, what it gets, how it is done now.

    The code begins with what the arm that it is like gives, and others that the idea names.
    """
    others = [arm for arm in point.likes if arm != like and wordwise.spoken(arm, idea)]
    tree = ast.parse(kit.code)
    functions = _functions(tree)
    given = ", ".join(point.parameters)
    lines = [
        "How the present arms do it:",
        point.source,
        "",
        "Write one function more. It gets and returns the same, but for the arm's name.",
        f'Begin with what "{like}" gives, then change that and return it:',
        f"def {name}({given}):",
        f'    base = {point.function}("{like}", {given})',
        *(f'    {arm}_gives = {point.function}("{arm}", {given})' for arm in others),
        "All else is done as for "
        f'"{like}". You may call {point.function} with any present arm, and use numpy as np'
        + (" and:" if point.helpers else "."),
    ]
    for helper in point.helpers:
        if helper in functions:
            lines.append(_signature(functions[helper]))
    values = dict(views.constants(tree))
    known = [
        f"{helper} = {ast.unparse(values[helper])}" for helper in point.helpers if helper in values
    ]
    lines += [text for text in known if len(text) <= LONGEST_VALUE]
    return "\n".join(lines)


def adapt(
    kit: Kit,
    function: str,
    like: str,
    name: str,
    description: str,
    code: str,
    libraries: Sequence[str] = LIBRARIES,
) -> str:
    """The source of a kit with a new arm, which one function makes differ from another arm."""
    point = next((point for point in points(kit) if point.function == function), None)
    if point is None:
        raise Refused(f"a new arm of {kit.name} can only differ in {', '.join(kit.open)}")
    if like not in point.likes:
        raise Refused(f"the new arm can only be like one of {', '.join(point.likes)}")
    tree = ast.parse(kit.code)
    code = code.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    check_name(name, description, taken(kit))
    node = parsed(code, name, point.parameters)
    functions = _functions(tree)
    refuse(
        node,
        Allowed(
            point.parameters,
            {helper for helper in point.helpers if helper in functions},
            {helper for helper in point.helpers if helper not in functions},
            point.function,
            tuple(dict.fromkeys((like, *kit.arms))),
        ),
    )
    lent = _lent(tree, node, point)
    adapted = _composed(kit, point, like, name, description.strip(), _text(code, node, lent), lent)
    kits.read(kit.name, adapted)
    if not checks.check_code(kit.code, libraries):
        for problem in checks.check_code(adapted, libraries):
            raise Refused(f"{name} was refused: {problem}")
    return adapted


def unchanged(
    kit_trials: Iterable[Trial], adapted_trials: Iterable[Trial], arms: Iterable[str]
) -> tuple[str, ...]:
    """Where the old arms of an adapted kit do not give the numbers that the kit gives."""
    before = {(trial.arm, trial.seed): trial.metrics for trial in kit_trials}
    after = {(trial.arm, trial.seed): trial.metrics for trial in adapted_trials}
    problems = []
    for arm in arms:
        seeds = sorted({seed for one, seed in (*before, *after) if one == arm})
        if not seeds:
            problems.append(f"arm {arm} was not measured, so it may have changed")
        other = [seed for seed in seeds if before.get((arm, seed)) != after.get((arm, seed))]
        if other:
            problems.append(
                f"the new arm changed what arm {arm} measures ({len(other)} of {len(seeds)} seeds, "
                f"the first is {other[0]}): it may change nothing that other arms use"
            )
    return tuple(problems)


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def taken(kit: Kit) -> set[str]:
    """What a new arm of a kit cannot be called: what is called so in its code, and in Python."""
    python = {*keyword.kwlist, *dir(builtins), "np"}
    return {*_identifiers(ast.parse(kit.code)), *kit.arms, *kit.metrics, *python}


def _identifiers(tree: ast.Module) -> set[str]:
    """Every name that a source uses for anything."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for field in ("id", "arg", "name", "attr"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
    return found


def _helpers(tree: ast.Module, point: ast.FunctionDef) -> tuple[str, ...]:
    """Functions and constants of the kit that a function comes by, in the order of the file."""
    functions, values = _functions(tree), dict(views.constants(tree))
    found: set[str] = set()
    todo: list[ast.AST] = [point]
    while todo:
        node = todo.pop()
        for name in {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - found:
            if name in values and name not in HEADER:
                found.add(name)
                todo.append(values[name])
            elif name in functions and "arm" not in parameters(functions[name]):
                found.add(name)
                todo.append(functions[name])
    return tuple(name for name in (*values, *functions) if name in found)


def _signature(node: ast.FunctionDef) -> str:
    about = (ast.get_docstring(node) or "").split("\n")[0]
    return f"{node.name}({ast.unparse(node.args)}): {about}"


def _lent(tree: ast.Module, function: ast.FunctionDef, point: Point) -> tuple[str, ...]:
    """Constants that the function uses and could change: it gets copies of them."""
    values, own = dict(views.constants(tree)), bound(function)
    used = {part.id for part in ast.walk(function) if isinstance(part, ast.Name)} - own
    return tuple(
        name
        for name in point.helpers
        if name in used and name in values and not _fixed(values[name], values)
    )


def _fixed(node: ast.expr, values: dict[str, ast.expr]) -> bool:
    """Whether a constant is a number, a text, or a tuple of such."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in values and _fixed(values[node.id], values)
    kinds = (ast.Tuple, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
    if not isinstance(node, kinds):
        return False
    parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    return all(_fixed(part, values) for part in parts)


def _text(code: str, node: ast.FunctionDef, lent: Sequence[str]) -> str:
    """The function as it enters the kit: without annotations, with what it is lent."""
    given = ", ".join([*(place.arg for place in node.args.args), *lent])
    first = node.body[0]
    lines = code.split("\n")
    if first.lineno == node.lineno or not lines[first.lineno - 1][: first.col_offset].isspace():
        body = "\n".join(f"    {line}" for part in node.body for line in _unparsed(part))
    else:
        start = first.lineno - 1
        while lines[start - 1].lstrip().startswith("#"):
            start -= 1
        body = "\n".join(lines[start : node.end_lineno])
    return f"def {node.name}({given}):\n{body}\n\n\n"


def _unparsed(statement: ast.stmt) -> list[str]:
    return ast.unparse(statement).split("\n")


def _composed(
    kit: Kit,
    point: Point,
    like: str,
    name: str,
    description: str,
    text: str,
    lent: Sequence[str],
) -> str:
    """The kit's text with the new function, its entry in ARMS, and what leads to both."""
    tree, source = ast.parse(kit.code), _Source(kit.code)
    functions, base = _functions(tree), _fresh(BASE, _identifiers(tree))
    if "deepcopy" not in _identifiers(tree):
        source.insert(_first(tree.body), COPY)
    _enter(source, tree, name, description)
    for node in functions.values():
        if "arm" not in parameters(node):
            continue
        if node.name == point.function:
            source.insert(node, text)
            copies = [one if one == GENERATOR else f"deepcopy({one})" for one in point.parameters]
            call = f"{name}({', '.join([*copies, *(f'deepcopy({one})' for one in lent)])})"
            lead = f'if arm == "{name}":\n        return {call}\n'
            source.insert(_first(node.body), f"    {lead}")
            continue
        uses = list(_uses(node, functions))
        for use in uses:
            source.replace(use, base)
        if uses:
            lead = f'{base} = "{like}" if arm == "{name}" else arm\n'
            source.insert(_first(node.body), f"    {lead}")
    return source.text()


def _first(body: list[ast.stmt]) -> ast.stmt:
    """The first statement after the docstring."""
    first = body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1] if told and len(body) > 1 else first


def _fresh(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _enter(source: _Source, tree: ast.Module, name: str, description: str) -> None:
    """Add the arm to the header."""
    table = next(value for arm, value in views.constants(tree) if arm == "ARMS")
    assert isinstance(table, ast.Dict)
    source.insert_after(table.values[-1], f",\n    {_quoted(name)}: {_quoted(description)}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _uses(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[ast.Name]:
    """Where a function uses the arm itself, and does not merely hand it on."""
    handed: set[int] = set()
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        if not (isinstance(call.func, ast.Name) and call.func.id in functions):
            continue
        places = parameters(functions[call.func.id])
        pairs = [*zip(places, call.args, strict=False)]
        pairs += [(keyword.arg or "", keyword.value) for keyword in call.keywords]
        handed |= {id(value) for place, value in pairs if place == "arm"}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == "arm" and id(part) not in handed:
            yield part


class _Source:
    """A text with edits at places of its syntax tree, which count bytes."""

    def __init__(self, text: str) -> None:
        self.bytes = text.encode()
        self.starts = [0]
        for line in self.bytes.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.edits: list[tuple[int, int, int, bytes]] = []

    def _edit(self, start: int, end: int, text: str) -> None:
        self.edits.append((start, end, len(self.edits), text.encode()))

    def insert(self, node: ast.stmt, text: str) -> None:
        """Put lines before that of a statement."""
        start = self.starts[node.lineno - 1]
        self._edit(start, start, text)

    def insert_after(self, node: ast.expr, text: str) -> None:
        """Put a text right after an expression."""
        start = self.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        self._edit(start, start, text)

    def replace(self, node: ast.expr, text: str) -> None:
        """Put a text in place of an expression."""
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        self._edit(start, end, text)

    def text(self) -> str:
        """The text with all edits."""
        parts, at = [], 0
        for start, end, _, new in sorted(self.edits):
            parts += [self.bytes[at:start], new]
            at = end
        return b"".join([*parts, self.bytes[at:]]).decode()
