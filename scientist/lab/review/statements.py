"""Follows the statements of experiment code: what a branch or a loop leaves behind is joined."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from scientist.lab.review import origins
from scientist.lab.review.expressions import Expressions
from scientist.lab.review.loops import breaks, change, counters, feedback, known_as
from scientist.lab.review.origins import CHANCE, COUNTED, FIXED, MEASURED, PLAIN, SHARED
from scientist.lab.review.values import (
    UNKNOWN,
    Frame,
    Function,
    Instance,
    Scope,
    Value,
    choose,
    elements,
    join,
    settle,
)

MOST_DEPTH = 12
GROWS = ("append", "extend", "add", "insert", "appendleft")
LEAVES = (ast.Return, ast.Raise)


class Statements(Expressions):
    """Follows statements and the functions they make."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[ast.AST] = []

    def call_function(
        self, function: Function, given: list[Value], named: dict[str, Value]
    ) -> Value:
        """The origin of what a function of the code returns."""
        if isinstance(function.node, ast.Lambda):
            if len(self.stack) >= MOST_DEPTH:
                return UNKNOWN
            self.stack.append(function.node)
            frame = self._frame(function, given, named)
            found = self.value(function.node.body, frame)
            self.stack.pop()
            return found
        returns = [value for _, value in self.returns(function, given, named)]
        return reduce(join, returns) if returns else Value(PLAIN)

    def returns(
        self, function: Function, given: list[Value], named: dict[str, Value]
    ) -> list[tuple[int, Value]]:
        """Everything that a function may return, with the lines."""
        if function.node in self.stack or len(self.stack) >= MOST_DEPTH:
            return [(0, UNKNOWN)]
        frame = self._frame(function, given, named)
        body = function.node.body
        assert isinstance(body, list)
        if function.owner and function.node in _methods(function.owner):
            frame.state.append(feedback(body))  # it may be called again and again
        self.stack.append(function.node)
        self.run(body, frame)
        self.stack.pop()
        return frame.returns

    def _frame(self, function: Function, given: list[Value], named: dict[str, Value]) -> Frame:
        arguments = function.node.args
        places = [*arguments.posonlyargs, *arguments.args]
        given = [function.owner, *given] if function.owner else given
        names: dict[str, Value] = {}
        outer = Frame(function.scope)
        defaults = [*arguments.defaults]
        for place, default in zip(places[len(places) - len(defaults) :], defaults, strict=True):
            names[place.arg] = self.value(default, outer)
        for place, given_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            names[place.arg] = self.value(given_default, outer)
        names |= {place.arg: value for place, value in zip(places, given, strict=False)}
        known = {place.arg for place in (*places, *arguments.kwonlyargs)}
        names |= {name: value for name, value in named.items() if name in known}
        for place in (*places, *arguments.kwonlyargs):
            names.setdefault(place.arg, UNKNOWN)
        for rest in (arguments.vararg, arguments.kwarg):
            if rest:
                names[rest.arg] = UNKNOWN
        return Frame(Scope(names, function.scope))

    def make(
        self, node: ast.ClassDef, scope: Scope, given: list[Value], named: dict[str, Value]
    ) -> Value:
        """A new object of one of the code's own classes."""
        instance = Instance(node, scope)
        made = Value(MEASURED, instance=instance)
        fields = []
        for part in node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                fields.append(part.target.id)
                instance.attributes[part.target.id] = self.value(part.value, Frame(scope))
            elif isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
                instance.attributes[part.targets[0].id] = self.value(part.value, Frame(scope))
        begin = self.attribute(made, "__init__")
        if begin.functions:
            self.call_function(begin.functions[0], given, named)
        else:
            instance.attributes |= dict(zip(fields, given, strict=False)) | named
        return made

    # -- statements ------------------------------------------------------------

    def run(self, body: Iterable[ast.stmt], frame: Frame) -> None:
        """Follow statements one after the other."""
        for node in body:
            found = getattr(self, f"_do_{type(node).__name__.lower()}", None)
            if found:
                found(node, frame)

    def _do_expr(self, node: ast.Expr, frame: Frame) -> None:
        called = node.value
        if isinstance(called, ast.Yield | ast.YieldFrom):
            self._leave(node.lineno, self.value(called.value, frame), frame)
            return
        self.value(called, frame)
        if not (isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute)):
            return
        holder, name = called.func.value, called.func.attr
        if not isinstance(holder, ast.Name | ast.Attribute):
            return
        old = self.value(holder, frame)
        if old.module or old.instance:
            return
        if name in GROWS and called.args:
            new = self.value(called.args[-1], frame)
            new = elements(new) if name == "extend" else new
            empty = not old.parts and old.origin is PLAIN
            grown = new if empty else join(elements(old), new)
            self._assign(holder, replace(grown, array=True, parts=None), frame)
        elif old.origin is not PLAIN or name not in ("shuffle", "seed", "sort", "manual_seed"):
            self._assign(holder, replace(old, origin=MEASURED), frame)

    def _do_assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self.value(node.value, frame)
        if isinstance(node.value, ast.BinOp) and isinstance(node.targets[0], ast.Name):
            (added,) = change(node.value, node.targets[0].id)
            if added is not node.value:
                old = self.value(node.targets[0], frame)
                value = self._changed(node.value.op, old, self.value(added, frame), frame)
        for target in node.targets:
            self._assign(target, value, frame)

    def _do_annassign(self, node: ast.AnnAssign, frame: Frame) -> None:
        if node.value is not None:
            self._assign(node.target, self.value(node.value, frame), frame)

    def _do_augassign(self, node: ast.AugAssign, frame: Frame) -> None:
        old = self.value(node.target, frame)
        new = self.value(node.value, frame)
        self._assign(node.target, self._changed(node.op, old, new, frame), frame)

    def _changed(self, operator: ast.operator, old: Value, new: Value, frame: Frame) -> Value:
        """A number that is changed in place: after the last loop, for one arm, by how much?"""
        if not frame.state and old.origin not in SHARED:
            for test in frame.tests:
                new = settle(test, new)
        return self.combine(operator, old, new)

    def _assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for number, part in enumerate(target.elts):
                known = value.parts.get(number) if value.parts else None
                self._assign(part, known or elements(value), frame)
            return
        if any(known_as(target) in names for names in frame.state):
            value = replace(UNKNOWN, array=value.array)
        if isinstance(target, ast.Attribute):
            holder = self.value(target.value, frame)
            if holder.instance:
                for test in frame.tests:
                    value = settle(test, value)
                kept = holder.instance.attributes.get(target.attr)
                holder.instance.attributes[target.attr] = join(kept, value) if kept else value
        elif isinstance(target, ast.Subscript):
            self._store(target, value, frame)
        else:
            self.bind(target, value, frame)

    def _store(self, target: ast.Subscript, value: Value, frame: Frame) -> None:
        old = self.value(target.value, frame)
        if isinstance(target.slice, ast.Constant) and old.parts is not None:
            parts = {**old.parts, target.slice.value: value}
            whole = reduce(join, parts.values())
            new = replace(whole, parts=parts, array=False, instance=None)
        elif old.parts == {}:
            new = replace(value, parts=None, array=True)
        else:
            new = replace(join(elements(old), replace(value, parts=None)), array=True)
        if isinstance(target.value, ast.Name):
            frame.scope.names[target.value.id] = new
        elif isinstance(target.value, ast.Attribute):
            self._assign(target.value, new, frame)

    def _do_return(self, node: ast.Return, frame: Frame) -> None:
        self._leave(node.lineno, self.value(node.value, frame), frame)

    def _leave(self, line: int, value: Value, frame: Frame) -> None:
        for test in reversed(frame.tests):
            value = settle(test, value)
        frame.returns.append((line, value))

    def _do_functiondef(self, node: ast.FunctionDef, frame: Frame) -> None:
        frame.scope.names[node.name] = Value(PLAIN, functions=(Function(node, frame.scope),))

    def _do_classdef(self, node: ast.ClassDef, frame: Frame) -> None:
        frame.scope.names[node.name] = Value(PLAIN, defines=node)

    def _do_import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> None:
        for alias in node.names:
            name = (alias.asname or alias.name).split(".")[0]
            frame.scope.names[name] = Value(PLAIN, module=True)

    _do_importfrom = _do_import

    def _do_with(self, node: ast.With, frame: Frame) -> None:
        for item in node.items:
            self.value(item.context_expr, frame)
            if item.optional_vars:
                self._assign(item.optional_vars, UNKNOWN, frame)
        self.run(node.body, frame)

    # -- branches --------------------------------------------------------------

    def _do_if(self, node: ast.If, frame: Frame) -> None:
        test = self.value(node.test, frame)
        self._branches([(test, node.body), (test, node.orelse)], frame)

    def _do_match(self, node: ast.Match, frame: Frame) -> None:
        subject = self.value(node.subject, frame)
        test = Value(origins.compare(subject.origin, PLAIN), line=node.lineno)
        self._branches([(test, case.body) for case in node.cases], frame)

    def _do_try(self, node: ast.Try, frame: Frame) -> None:
        self.run(node.body, frame)
        ways = [(UNKNOWN, handler.body) for handler in node.handlers]
        self._branches([(UNKNOWN, node.orelse), *ways], frame)
        self.run(node.finalbody, frame)

    def _branches(self, ways: list[tuple[Value, list[ast.stmt]]], frame: Frame) -> None:
        before = dict(frame.scope.names)
        left: list[dict[str, Value]] = []
        for test, body in ways:
            frame.scope.names = dict(before)
            frame.tests.append(test)
            self.arms += test.origin in FIXED
            self.run(body, frame)
            self.arms -= test.origin in FIXED
            frame.tests.pop()
            if not (body and isinstance(body[-1], LEAVES)):
                left.append(frame.scope.names)
        after = dict(before)
        for name in dict.fromkeys(name for way in left for name in way):
            values = [way[name] for way in left if name in way]
            if any(value is not before.get(name) for value in values):
                after[name] = _one_of(ways[0][0], values, before.get(name))
        frame.scope.names = after

    # -- loops -----------------------------------------------------------------

    def _do_for(self, node: ast.For, frame: Frame) -> None:
        source = self.value(node.iter, frame)
        picked = source.origin in FIXED and isinstance(node.iter, ast.Call)
        self._assign(node.target, elements(source), frame)
        self._loop(node, frame, counts=picked or breaks(node.body))
        self.run(node.orelse, frame)

    def _do_while(self, node: ast.While, frame: Frame) -> None:
        test = self.value(node.test, frame)
        self._loop(node, frame, counts=test.origin is not PLAIN or breaks(node.body))
        self.run(node.orelse, frame)

    def _loop(self, node: ast.For | ast.While, frame: Frame, counts: bool) -> None:
        """Go round twice; where the number of rounds is measured, so is what they count."""
        frame.state.append(feedback(node.body))
        before = dict(frame.scope.names)
        for _ in range(2):
            self.run(node.body, frame)
            frame.scope.names = _joined([before, frame.scope.names])
        frame.state.pop()
        counted = counters(node.body)
        for name, value in frame.scope.names.items():
            if value is before.get(name):
                continue
            if counts and value.origin in CHANCE | SHARED:
                frame.scope.names[name] = replace(value, origin=MEASURED, parts=None)
            elif name in counted and value.origin is PLAIN:
                frame.scope.names[name] = replace(value, origin=COUNTED, parts=None, constant=None)


def _one_of(test: Value, values: list[Value], old: Value | None) -> Value:
    """What a name holds after a branch; what the branch did not touch is not its choice."""
    chosen = choose(test, values)
    if old is None or chosen is values[0] or all(value is not old for value in values):
        return chosen
    return reduce(join, (v if v is old else settle(test, v) for v in values))


def _methods(owner: Value) -> list[ast.stmt]:
    assert owner.instance is not None
    named = [n for n in owner.instance.node.body if isinstance(n, ast.FunctionDef)]
    return [node for node in named if node.name != "__init__"]


def _joined(ways: list[dict[str, Value]]) -> dict[str, Value]:
    """The names after a branch; one that only some ways know is as they left it."""
    found = dict(ways[0])
    for way in ways[1:]:
        for name, value in way.items():
            found[name] = join(found[name], value) if name in found else value
    return found
