"""Gives every expression of experiment code an origin, without running anything.

What is known by name (arithmetic, tables, the code's own functions, `calls`) is followed;
everything else counts as measured. `statements` adds branches and loops.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import reduce
from typing import Any

from scientist.lab.review import origins
from scientist.lab.review.calls import DRAWS, GENERATORS, KEEPS, PLACED, SEEDS, SHAPES, library
from scientist.lab.review.origins import (
    ARM,
    CHANCE,
    DECIDED,
    FIXED,
    MEASURED,
    NOISY,
    PICKED,
    PLAIN,
    RANDOM,
    SHARED,
)
from scientist.lab.review.values import (
    UNKNOWN,
    Frame,
    Function,
    Scope,
    TooMuch,
    Value,
    choose,
    elements,
    gather,
    join,
    settle,
)

MOST_STEPS = 200_000
MOST_PARTS = 512


class Expressions:
    """Follows expressions; `call_function` and `make` come with the statements."""

    def __init__(self) -> None:
        self.steps = 0
        self.arms = 0  # how many branches for one arm the present place stands in
        self.seeds: list[tuple[int, Value]] = []  # of generators, with their lines

    def call_function(
        self, function: Function, given: list[Value], named: dict[str, Value]
    ) -> Value:
        raise NotImplementedError

    def make(
        self, node: ast.ClassDef, scope: Scope, given: list[Value], named: dict[str, Value]
    ) -> Value:
        raise NotImplementedError

    def value(self, node: ast.expr | None, frame: Frame) -> Value:
        """The origin of an expression."""
        if node is None:
            return Value(PLAIN)
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMuch
        if isinstance(node, ast.Constant):
            return Value(PLAIN, constant=node.value)
        found = getattr(self, f"_{type(node).__name__.lower()}", None)
        result: Value = found(node, frame) if found else self._other(node, frame)
        if result.origin in DECIDED and not result.line:
            result = replace(result, line=node.lineno)
        return result

    def _other(self, node: ast.expr, frame: Frame) -> Value:
        values = [
            self.value(n, frame) for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)
        ]
        return Value(MEASURED) if any(v.origin not in SHARED for v in values) else Value(PLAIN)

    def _name(self, node: ast.Name, frame: Frame) -> Value:
        return frame.scope.find(node.id) or UNKNOWN

    def _starred(self, node: ast.Starred, frame: Frame) -> Value:
        return self.value(node.value, frame)

    def _namedexpr(self, node: ast.NamedExpr, frame: Frame) -> Value:
        frame.scope.names[node.target.id] = found = self.value(node.value, frame)
        return found

    def _joinedstr(self, node: ast.JoinedStr, frame: Frame) -> Value:
        parts = [
            self.value(p.value, frame) for p in node.values if isinstance(p, ast.FormattedValue)
        ]
        return Value(ARM) if any(p.origin in FIXED for p in parts) else Value(PLAIN)

    def _lambda(self, node: ast.Lambda, frame: Frame) -> Value:
        return Value(PLAIN, functions=(Function(node, frame.scope),))

    def _list(self, node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
        values = [self.value(part, frame) for part in node.elts]
        if not values:
            return Value(PLAIN, array=True)
        known = len(values) <= MOST_PARTS and not any(isinstance(e, ast.Starred) for e in node.elts)
        return replace(
            reduce(join, values),
            array=True,
            parts=dict(enumerate(values)) if known else None,
            instance=None,
        )

    _tuple = _set = _list

    def _dict(self, node: ast.Dict, frame: Frame) -> Value:
        parts: dict[Any, Value] | None = {}
        whole: Value | None = None
        for key, content in zip(node.keys, node.values, strict=True):
            found = self.value(content, frame)
            whole = found if whole is None else join(whole, found)
            if key is None and found.parts is not None and parts is not None:
                parts |= found.parts
            elif isinstance(key, ast.Constant) and parts is not None:
                parts[key.value] = found
            else:
                parts = None
        return replace(whole or Value(PLAIN), parts=parts, array=False, instance=None)

    def _ifexp(self, node: ast.IfExp, frame: Frame) -> Value:
        test = self.value(node.test, frame)
        self.arms += test.origin in FIXED
        one, other = self.value(node.body, frame), self.value(node.orelse, frame)
        self.arms -= test.origin in FIXED
        return choose(test, (one, other))

    def _boolop(self, node: ast.BoolOp, frame: Frame) -> Value:
        values = [self.value(part, frame) for part in node.values]
        return replace(gather(values), origin=reduce(origins.compare, [v.origin for v in values]))

    def _compare(self, node: ast.Compare, frame: Frame) -> Value:
        values = [self.value(part, frame) for part in (node.left, *node.comparators)]
        return replace(gather(values), origin=reduce(origins.compare, [v.origin for v in values]))

    def _unaryop(self, node: ast.UnaryOp, frame: Frame) -> Value:
        return replace(self.value(node.operand, frame), parts=None, constant=None)

    def _binop(self, node: ast.BinOp, frame: Frame) -> Value:
        return self.combine(node.op, self.value(node.left, frame), self.value(node.right, frame))

    def combine(self, operator: ast.operator, left: Value, right: Value) -> Value:
        """What an operator makes of two values."""
        one, other, arrays = left.origin, right.origin, left.array or right.array
        if isinstance(operator, ast.Add | ast.Sub):
            origin = origins.add(one, other)
        elif isinstance(operator, ast.Mult):
            origin = origins.multiply(one, other, arrays)
        elif isinstance(operator, ast.Div | ast.FloorDiv | ast.Mod):
            origin = origins.divide(one, other, arrays)
        elif isinstance(operator, ast.Pow):
            origin = origins.power(one, other)
        elif isinstance(operator, ast.BitAnd | ast.BitOr | ast.BitXor):
            origin = origins.compare(one, other)
        else:
            origin = origins.merge(one, other) if {one, other} <= SHARED else MEASURED
        return Value(
            origin,
            arrays,
            left.line or right.line,
            draws=left.draws | right.draws,
            statistic=left.statistic or right.statistic,
            distance=isinstance(operator, ast.Sub),
        )

    def _subscript(self, node: ast.Subscript, frame: Frame) -> Value:
        holder = self.value(node.value, frame)
        if isinstance(node.slice, ast.Constant) and holder.parts is not None:
            return holder.parts.get(node.slice.value, UNKNOWN)
        index = self.value(node.slice, frame) if not isinstance(node.slice, ast.Slice) else None
        return self.pick(holder, index, node.lineno)

    def pick(self, holder: Value, index: Value | None, line: int) -> Value:
        """A part of a value, or a stretch of it where no index is given."""
        if index is None:
            return replace(holder, parts=None, constant=None)
        if index.origin in SHARED:
            return elements(holder)
        if index.origin in FIXED:
            parts = list(holder.parts.values()) if holder.parts else [elements(holder)]
            return choose(Value(ARM, line=line), parts, table=True)
        inside = elements(holder).origin
        if index.origin in CHANCE and inside in SHARED | {PICKED, RANDOM}:
            return Value(NOISY if inside is PICKED else RANDOM, line=holder.line)
        return UNKNOWN

    def _attribute(self, node: ast.Attribute, frame: Frame) -> Value:
        holder = self.value(node.value, frame)
        if holder.instance:
            return self.attribute(holder, node.attr)
        if holder.module:
            return replace(holder, module=True)
        if holder.parts and node.attr in holder.parts:
            return holder.parts[node.attr]
        if node.attr in ("shape", "size", "ndim"):
            return Value(holder.origin if holder.origin in (MEASURED, PICKED) else PLAIN)
        return replace(holder, parts=None, functions=())

    def attribute(self, holder: Value, name: str) -> Value:
        """What an object of the code's own classes holds under a name."""
        instance = holder.instance
        assert instance is not None
        if name in instance.attributes:
            return instance.attributes[name]
        for node in instance.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return Value(PLAIN, functions=(Function(node, instance.scope, holder),))
        return UNKNOWN

    def _comprehension(self, node: Any, frame: Frame) -> Value:
        inner = Frame(Scope({}, frame.scope), tests=[])
        tests, amount = [], False
        for part in node.generators:
            source = self.value(part.iter, inner)
            amount = amount or (source.origin in FIXED and isinstance(part.iter, ast.Call))
            self.bind(part.target, elements(source), inner)
            tests += [self.value(test, inner) for test in part.ifs]
        found = self.value(node.value if isinstance(node, ast.DictComp) else node.elt, inner)
        for test in tests:
            found = settle(test, found)
        if amount and found.origin in CHANCE:  # the arm picks how much is measured
            found = UNKNOWN
        return replace(found, array=True, parts=None)

    _listcomp = _setcomp = _generatorexp = _dictcomp = _comprehension

    def bind(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Give a value to the names on the left of an assignment."""
        if isinstance(target, ast.Name):
            frame.scope.names[target.id] = value
        elif isinstance(target, ast.Starred):
            self.bind(target.value, value, frame)
        elif isinstance(target, ast.Tuple | ast.List):
            for number, part in enumerate(target.elts):
                known = value.parts.get(number) if value.parts else None
                self.bind(part, known or elements(value), frame)

    def _call(self, node: ast.Call, frame: Frame) -> Value:
        given = [self.value(argument, frame) for argument in node.args]
        named = {k.arg or "**": self.value(k.value, frame) for k in node.keywords}
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        called = self.value(node.func, frame) if not isinstance(node.func, ast.Attribute) else None
        owner = self.value(node.func.value, frame) if isinstance(node.func, ast.Attribute) else None
        if owner is not None:
            if owner.instance:
                called = self.attribute(owner, name)
            elif owner.parts and name in owner.parts and owner.parts[name].functions:
                called = owner.parts[name]
        if called is not None and called.defines:
            return self.make(called.defines, frame.scope, given, named)
        if called is not None and called.functions:
            self.arms += called.origin in DECIDED
            results = [self.call_function(f, given, named) for f in called.functions]
            self.arms -= called.origin in DECIDED
            result = reduce(join, results)
            return settle(called, result) if called.origin in DECIDED else result
        if name in GENERATORS | SEEDS:
            self.seeds += [(node.lineno, value) for value in (*given, *named.values())]
        if owner is not None and not owner.module and name not in DRAWS and name not in PLACED:
            return self._method(node, name, owner, given, named)
        return library(node, self.arms > 0, name, owner, given, named)

    def _method(
        self, node: ast.Call, name: str, owner: Value, given: list[Value], named: dict[str, Value]
    ) -> Value:
        if name in ("get", "pop", "setdefault") and given:
            default = (
                [settle(given[0], g) for g in given[1:]] if given[0].origin in FIXED else given[1:]
            )
            key = node.args[0]
            if isinstance(key, ast.Constant) and owner.parts is not None:
                return owner.parts.get(key.value, default[0] if default else UNKNOWN)
            return reduce(join, default, self.pick(owner, given[0], node.lineno))
        if owner.origin in FIXED and name not in KEEPS | SHAPES:
            plain = all(g.origin in FIXED | SHARED for g in given)
            return Value(owner.origin, line=owner.line) if plain else UNKNOWN
        if name in ("index", "count", "find") and given and given[0].origin in FIXED:
            return Value(ARM)
        if name == "items" and owner.parts:
            return Value(owner.origin, parts={0: Value(PLAIN), 1: elements(owner)}, line=owner.line)
        if name in KEEPS or name in SHAPES or name == "dot":
            return library(node, self.arms > 0, name, owner, [owner, *given], named)
        return UNKNOWN
