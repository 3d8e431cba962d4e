"""How the metric of an experiment is computed, compared between two of its arms.

`arms` gives trial() as each arm meets it; here its metric is traced back to where it was
measured. Calls of the experiment's own functions are what the arms do, and may differ;
arithmetic with their results is how they are measured, and may not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from scientist.lab.review.calls import GENERATORS

MODULES = {"np", "numpy", "math", "statistics", "stats", "scipy"}
REDUCING = {
    *("float", "int", "round", "mean", "sum", "fmean", "fsum", "median", "average", "nanmean"),
    *("max", "min", "len", "abs", "item", "array", "asarray", "float64", "std", "var"),
}
Functions = dict[str, list[ast.FunctionDef]]
FORMS = ("float", "int", "round")
ADVICE = "measure all arms in the same way"


@dataclass(frozen=True)
class Definition:
    """One place where a name gets a value, or where its value is changed."""

    kind: Literal["set", "part", "changed", "grown"]
    value: ast.expr
    line: int
    repeated: bool = False  # in a loop

    def refers_to(self, name: str) -> bool:
        return self.kind == "changed" or name in _loads(self.value)


def definitions(function: ast.AST, name: str) -> list[Definition]:
    """Every place in a function that sets or changes a name."""
    found: list[Definition] = []
    loops = [node for node in ast.walk(function) if isinstance(node, ast.For | ast.While)]
    repeated = {id(part) for loop in loops for part in ast.walk(loop)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found += _set(target, node.value, name)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            found += _set(node.target, node.value, name)
        elif isinstance(node, ast.AugAssign) and root(node.target) == name:
            found.append(Definition("changed", node.value, node.lineno))
        elif isinstance(node, ast.For) and name in _stores(node.target):
            found.append(Definition("part", node.iter, node.lineno))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("append", "extend", "add", "update")
            and root(node.func.value) == name
        ):
            given = [*node.args]
            if node.keywords:
                given.append(ast.Call(ast.Name("dict", ast.Load()), [], node.keywords))
            found += [Definition("grown", value, node.lineno) for value in given]
    return [replace(part, repeated=id(part.value) in repeated) for part in found]


def _set(target: ast.expr, value: ast.expr, name: str) -> list[Definition]:
    if isinstance(target, ast.Name):
        return [Definition("set", value, value.lineno)] if target.id == name else []
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            pairs = zip(target.elts, value.elts, strict=True)
            return [found for one, part in pairs for found in _set(one, part, name)]
        return [Definition("part", value, value.lineno)] if name in _stores(target) else []
    return [Definition("part", value, value.lineno)] if root(target) == name else []


def measured(
    tree: ast.Module, one: Functions, other: Functions, metric: str
) -> Iterator[tuple[bool, str]]:
    """Where two arms compute a metric differently: whether that is sure, and a sentence."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    trials = one["trial"][0], other["trial"][0]
    first, second = (_returned(trial, metric) for trial in trials)
    if not first or not second:
        if bool(first) != bool(second):
            yield True, f"only one of the arms returns {metric}: {ADVICE}"
        elif not any(_loads(node) & {"METRICS"} for node in _results(trials[0])):
            yield False, f"how {metric} is computed could not be traced"
        return
    yield from _adjusted(first, second, metric, own)
    yield from _finished([part.value for part in first], one, other, own)
    bare = {name for part in first for name in _bare(part.value)}
    todo, seen = [(name, 0) for part in first for name in _reduced(part.value)], set()
    while todo:
        name, depth = todo.pop()
        if name in seen or depth > 3:
            continue
        seen.add(name)
        mine, theirs = (definitions(trial, name) for trial in trials)
        for sure, sentence in _adjusted(mine, theirs, name, own):
            yield sure and name in bare, sentence
        if name in bare:
            bare |= {inner for part in mine for inner in _bare(part.value)}
            yield from _finished([part.value for part in mine], one, other, own)
        if not _only(mine, theirs) and not _only(theirs, mine):
            todo += [(inner, depth + 1) for part in mine for inner in _reduced(part.value)]


def _finished(
    values: Iterable[ast.expr], one: Functions, other: Functions, own: set[str]
) -> Iterator[tuple[bool, str]]:
    """Functions that give the metric its last form, by other arithmetic for one of the arms."""
    called = {
        part.func.id
        for value in values
        for part in (value, *_arguments(value))
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    }
    for name in sorted(called & own):
        views = [_inner(functions, name) for functions in (one, other)]
        if len(views[0]) != 1 or len(views[1]) != 1:
            continue
        mine, theirs = (
            [Definition("set", value, value.lineno) for value in _results(view[0])]
            for view in views
        )
        for sure, sentence in _adjusted(mine, theirs, f"what {name}() returns", own):
            if sure:
                yield True, sentence


def _arguments(value: ast.expr) -> list[ast.expr]:
    """What float(), mean() and their like are given."""
    if isinstance(value, ast.Call) and _arithmetic(value):
        return [inner for part in value.args for inner in (part, *_arguments(part))]
    return []


def _inner(functions: Functions, name: str) -> list[ast.FunctionDef]:
    """A function of that name, at the top or inside trial()."""
    if name in functions:
        return functions[name]
    nodes = ast.walk(functions["trial"][0])
    return [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]


def watched(
    one: ast.FunctionDef, other: ast.FunctionDef, arms: tuple[str, str], metric: str
) -> Iterator[str]:
    """Data that the metric is computed from, and that one arm alone uses elsewhere."""
    values = [part.value for part in _returned(one, metric)]
    reduced = {name for value in values for name in _reduced(value)}
    values += [part.value for name in reduced for part in definitions(one, name)]
    judged = {name for value in values for name in _loads(value) if _drawn(one, name)}
    mine, theirs = _statements(one), _statements(other)
    alone = [
        {name for text in only for name in judged if f"id='{name}'" in text}
        for only in (mine - theirs, theirs - mine)
    ]
    for arm, names in zip(arms, (alone[0] - alone[1], alone[1] - alone[0]), strict=True):
        for name in sorted(names):
            yield f"{arm} alone uses {name}, from which {metric} is computed: it may see answers"


def _drawn(function: ast.FunctionDef, name: str) -> bool:
    """Whether a name is set once, alike for all, so that it is data and no result."""
    found = definitions(function, name)
    return len(found) == 1 and not _makes_generator(found[0].value)


def _makes_generator(node: ast.expr) -> bool:
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", "")) in GENERATORS


def _statements(function: ast.FunctionDef) -> set[str]:
    plain = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)
    return {ast.dump(node) for node in ast.walk(function) if isinstance(node, plain)}


def _adjusted(
    mine: list[Definition], theirs: list[Definition], name: str, own: set[str]
) -> Iterator[tuple[bool, str]]:
    """A name that is set for all arms, and set or changed again for one."""
    one, other = _only(mine, theirs), _only(theirs, mine)
    shared = len(one) < len(mine)
    for alone, rest in ((one, other), (other, one)):
        again = [part for part in alone if part.refers_to(name) and not part.repeated]
        if not rest and (shared or again):
            again = alone
        if again and not any(part.refers_to(name) for part in rest):
            yield True, f"line {again[0].line}: {name} is changed for one arm alone: {ADVICE}"
            return
    if one and other:
        yield from _told(one[0], other[0], name, own)


def _told(
    mine: Definition, theirs: Definition, name: str, own: set[str]
) -> Iterator[tuple[bool, str]]:
    """Two ways to compute one thing: the same data treated differently, or different acts."""
    within = [{ast.dump(inner) for inner in ast.walk(part.value)} for part in (mine, theirs)]
    if ast.dump(theirs.value) in within[0] or ast.dump(mine.value) in within[1]:
        yield True, f"line {mine.line}: {name} is changed for one arm alone: {ADVICE}"
        return
    one, other = (_blank(part.value) for part in (mine, theirs))
    if ast.dump(one) == ast.dump(other):
        return
    data = [_loads(part) - MODULES - own for part in (one, other)]
    acts = [_calls(part) for part in (one, other)]
    lines = (
        f"lines {mine.line} and {theirs.line}" if mine.line != theirs.line else f"line {mine.line}"
    )
    if not data[0] | data[1] and not acts[0] | acts[1]:
        return  # a setting
    if data[0] == data[1] and acts[0] == acts[1]:
        yield False, f"{lines}: {name} is computed from the same data in two ways for two arms"
    else:
        yield False, f"{lines}: {name} comes from other code in each arm"


def _only(some: Iterable[Definition], others: Iterable[Definition]) -> list[Definition]:
    """Those that have no like among others, whatever the acts in them are given."""
    known = {(part.kind, ast.dump(_blank(part.value))) for part in others}
    return [part for part in some if (part.kind, ast.dump(_blank(part.value))) not in known]


class _Acts(ast.NodeTransformer):
    """Leaves of every call that is no arithmetic only which function it calls."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if _arithmetic(node):
            return node
        return ast.Call(ast.Name(f"act {ast.unparse(node.func)}", ast.Load()), [], [])


def _arithmetic(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Attribute):
        root: ast.expr = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        numeric = isinstance(root, ast.Name) and root.id in MODULES
        return numeric or node.func.attr in REDUCING
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    return name in REDUCING | {"abs", "pow", "sorted", "list", "bool"}


def _blank(node: ast.expr) -> ast.expr:
    copied: ast.expr = ast.parse(ast.unparse(node), mode="eval").body
    seen: ast.expr = _Acts().visit(copied)
    return seen


def _calls(node: ast.AST) -> set[str]:
    return {
        part.func.id
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Name)
        and part.func.id.startswith("act ")
    }


def _bare(node: ast.expr) -> set[str]:
    """The name that an expression is but another form of, as in float(score)."""
    while isinstance(node, ast.Call) and getattr(node.func, "id", "") in FORMS and node.args:
        node = node.args[0]
    return {node.id} if isinstance(node, ast.Name) else set()


def _reduced(node: ast.expr) -> set[str]:
    """Names whose values become a result by arithmetic and means alone."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.BinOp):
        return _reduced(node.left) | _reduced(node.right)
    if isinstance(node, ast.UnaryOp):
        return _reduced(node.operand)
    if isinstance(node, ast.Call) and _arithmetic(node):
        method = isinstance(node.func, ast.Attribute) and root(node.func) not in MODULES
        holders = [node.func.value] if method and isinstance(node.func, ast.Attribute) else []
        return set().union(*(_reduced(part) for part in (*holders, *node.args)))
    return set()


def _results(trial: ast.FunctionDef) -> list[ast.expr]:
    """What trial() returns, not what functions inside it return."""
    found, todo = [], [*trial.body]
    while todo:
        node: ast.AST = todo.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            found.append(node.value)
        elif not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            todo += [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt)]
            todo += [s for c in getattr(node, "cases", []) for s in c.body]
            todo += [s for h in getattr(node, "handlers", []) for s in h.body]
    return found


def _returned(trial: ast.FunctionDef, metric: str) -> list[Definition]:
    """What is returned under the name of a metric, wherever the result is put together."""
    found: list[Definition] = []
    for result in _results(trial):
        values = [result]
        if isinstance(result, ast.Name):
            values = [part.value for part in definitions(trial, result.id)]
            found += _stored(trial, result.id, metric)
        for value in values:
            found += _entries(value, metric)
    return found


def _entries(value: ast.expr, metric: str) -> list[Definition]:
    found = []
    if isinstance(value, ast.Dict):
        for key, part in zip(value.keys, value.values, strict=True):
            if key is None:
                found += _entries(part, metric)
            elif isinstance(key, ast.Constant) and key.value == metric:
                found.append(Definition("set", part, part.lineno))
    elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict":
        found += [
            Definition("set", keyword.value, keyword.value.lineno)
            for keyword in value.keywords
            if keyword.arg == metric
        ]
    return found


def _stored(trial: ast.FunctionDef, name: str, metric: str) -> list[Definition]:
    """Results that are entered one by one, as in results["score"] = ..."""
    found = []
    for node in ast.walk(trial):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AugAssign):
            targets = [node.target]
        for target in targets:
            if (
                isinstance(target, ast.Subscript)
                and root(target) == name
                and isinstance(target.slice, ast.Constant)
                and target.slice.value == metric
            ):
                kind: Literal["set", "changed"] = (
                    "changed" if isinstance(node, ast.AugAssign) else "set"
                )
                found.append(Definition(kind, node.value, target.lineno))  # type: ignore[attr-defined]
    return found


def shown(nodes: Iterable[ast.AST]) -> str:
    """Expressions as text, to be compared."""
    return " ".join(ast.dump(node) for node in nodes)


def _loads(node: ast.AST) -> set[str]:
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }


def _stores(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def root(node: ast.expr) -> str:
    """The name that an attribute or a part belongs to; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
