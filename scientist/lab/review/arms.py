"""What one arm meets of experiment code: branches that its name decides are taken or left out.

Tests of the arm's name, lookups by it, and names that keep such an answer are followed, from
trial() into what it calls. What cannot be decided stays as it is, both ways.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

UNDECIDED = object()
LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
GOING_THROUGH = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
MOST_VIEWS = 400


def met(tree: ast.Module, arm: str) -> dict[str, list[ast.FunctionDef]]:
    """The functions that an arm reaches from trial(), each as it meets them."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    tables = {name: value for name, value in constants(tree) if isinstance(value, ast.Dict)}
    found: dict[str, list[ast.FunctionDef]] = {}
    todo: list[tuple[str, dict[str, Any]]] = [("trial", {"arm": arm})]
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    while todo and len(seen) < MOST_VIEWS:
        name, known = todo.pop()
        key = name, tuple(sorted((k, repr(v)) for k, v in known.items()))
        if name not in functions or key in seen:
            continue
        seen.add(key)
        view = _View(functions[name], known, tables)
        node = view.visit(copy.deepcopy(functions[name]))
        found.setdefault(name, []).append(node)
        todo += list(_onward(node, functions, tables))
    return found


def constants(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """The names that a file gives a value at its top, several at once taken apart."""
    found: list[tuple[str, ast.expr]] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            found += _pairs(target, node.value)  # type: ignore[attr-defined]
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        whole = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        for number, part in enumerate(target.elts):
            yield from _pairs(part, value.elts[number] if whole else value)  # type: ignore[attr-defined]


def _onward(
    node: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef], tables: Mapping[str, ast.Dict]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a function calls or names, with the constants that it hands on."""
    called = set()
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in functions:
            called.add(id(call.func))
            yield call.func.id, _handed(call, functions[call.func.id])
    for name in (part for part in ast.walk(node) if isinstance(part, ast.Name)):
        if name.id in functions and id(name) not in called:
            yield name.id, {}
        for value in tables[name.id].values if name.id in tables else ():
            if isinstance(value, ast.Name) and value.id in functions:
                yield value.id, {}


def _handed(call: ast.Call, function: ast.FunctionDef) -> dict[str, Any]:
    """The parameters of a function that a call sets to a constant, by name."""
    places = [*function.args.posonlyargs, *function.args.args]
    given = {place.arg: value for place, value in zip(places, call.args, strict=False)}
    if any(isinstance(value, ast.Starred) for value in call.args):
        given = {}
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return {
        name: value.value
        for name, value in given.items()
        if isinstance(value, ast.Constant) and isinstance(value.value, str | bool)
    }


class _View(ast.NodeTransformer):
    """Rewrites a function as it is where some of its names have known values."""

    def __init__(
        self, function: ast.FunctionDef, known: Mapping[str, Any], tables: Mapping[str, ast.Dict]
    ) -> None:
        inside = {
            id(target)
            for part in ast.walk(function)
            if isinstance(part, ast.comprehension)
            for target in ast.walk(part.target)
        }
        stored = Counter(
            part.id
            for part in ast.walk(function)
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
            if id(part) not in inside
        )
        self.once = {name for name, times in stored.items() if times == 1}
        self.known = {name: value for name, value in known.items() if name not in stored}
        self.tables = tables
        self.begun = False  # with the function itself, after which come those inside it

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self._body(value) or ([ast.Pass()] if field == "body" else []))
            elif isinstance(value, list):
                setattr(node, field, [self._part(part) for part in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node

    def _part(self, part: Any) -> Any:
        return self.visit(part) if isinstance(part, ast.AST) else part

    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            seen = self.visit(statement)
            found += seen if isinstance(seen, list) else [seen]
            if found and isinstance(found[-1], LEAVES):
                break
        return found

    def _within(self, node: ast.AST, names: set[str]) -> ast.AST:
        """A part with names of its own, which mean something else there."""
        before, self.known = self.known, {k: v for k, v in self.known.items() if k not in names}
        seen = self.generic_visit(node)
        self.known = before
        return seen

    def _comprehension(self, node: Any) -> ast.AST:
        targets = (part for one in node.generators for part in ast.walk(one.target))
        return self._within(node, {part.id for part in targets if isinstance(part, ast.Name)})

    def visit(self, node: ast.AST) -> Any:
        return self._comprehension(node) if isinstance(node, GOING_THROUGH) else super().visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._within(node, _given(node.args))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        names = _given(node.args) if self.begun else set()
        self.begun = True
        return self._within(node, names)

    def visit_If(self, node: ast.If) -> Any:
        node.test = self.visit(node.test)
        decided = self.value(node.test)
        if decided is UNDECIDED:
            return self.generic_visit(node)
        return self._body(node.body if decided else node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        node.test = self.visit(node.test)
        decided = self.value(node.test)
        if decided is UNDECIDED:
            return self.generic_visit(node)
        return self.visit(node.body if decided else node.orelse)

    def visit_Compare(self, node: ast.Compare) -> Any:
        return self._settled(self.generic_visit(node))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        node.operand = self.visit(node.operand)
        return self._settled(node) if isinstance(node.op, ast.Not) else node

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        ends = isinstance(node.op, ast.Or)
        parts: list[ast.expr] = []
        for part in node.values:
            seen = self.visit(part)
            decided = self.value(seen)
            if decided is UNDECIDED:
                parts.append(seen)
            elif bool(decided) is ends:
                parts.append(seen)
                break
        if not parts:
            return ast.copy_location(ast.Constant(not ends), node)
        return parts[0] if len(parts) == 1 else ast.copy_location(ast.BoolOp(node.op, parts), node)

    def visit_Name(self, node: ast.Name) -> Any:
        words = isinstance(self.value(node), str | bool)  # a number keeps its name
        return self._settled(node) if words and isinstance(node.ctx, ast.Load) else node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        held = node.value
        table = self.tables.get(held.id) if isinstance(held, ast.Name) else held
        picked = self._entry(table, self.value(node.slice))
        return node if picked is None or not isinstance(node.ctx, ast.Load) else picked

    def _entry(self, table: ast.AST | None, key: Any) -> ast.expr | None:
        if not isinstance(table, ast.Dict) or key is UNDECIDED:
            return None
        for name, value in zip(table.keys, table.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                seen: ast.expr = self.visit(copy.deepcopy(value))
                return seen
        return None

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        value = self.value(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.once and value is not UNDECIDED:
                self.known[target.id] = value
        return node

    def _settled(self, node: Any) -> Any:
        value = self.value(node)
        return node if value is UNDECIDED else ast.copy_location(ast.Constant(value), node)

    def value(self, node: ast.expr) -> Any:
        """The value of an expression, as far as the known names decide it."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self.known.get(node.id, UNDECIDED)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.value(node.operand)
            return UNDECIDED if inner is UNDECIDED else not inner
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return _compared(node.ops[0], self.value(node.left), self._members(node.comparators[0]))
        return UNDECIDED

    def _members(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name) and node.id in self.tables:
            node = self.tables[node.id]
        parts: list[Any] | None = None
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            parts = [self.value(part) for part in node.elts]
        elif isinstance(node, ast.Dict):
            parts = [UNDECIDED if key is None else self.value(key) for key in node.keys]
        if parts is None:
            return self.value(node)
        return UNDECIDED if UNDECIDED in parts else parts


def _given(arguments: ast.arguments) -> set[str]:
    return {part.arg for part in ast.walk(arguments) if isinstance(part, ast.arg)}


def _compared(operator: ast.cmpop, one: Any, other: Any) -> Any:
    if one is UNDECIDED or other is UNDECIDED:
        return UNDECIDED
    if isinstance(operator, ast.Eq | ast.Is):
        return one == other
    if isinstance(operator, ast.NotEq | ast.IsNot):
        return one != other
    if isinstance(operator, ast.In | ast.NotIn) and isinstance(other, list | str):
        if isinstance(other, str) and not isinstance(one, str):
            return UNDECIDED
        return (one in other) is isinstance(operator, ast.In)
    return UNDECIDED
