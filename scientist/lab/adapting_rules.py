"""What the function of a new arm may not do, each reason a sentence that a model can repair from.

The function sees what the arms of the kit see, and numpy; it may compute anything from that. What
it may not do is reach past it: to other data, to what measures it, to other trials. `adapting`
composes what passes here with the kit and hands it copies, so that it cannot change what it gets.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from scientist.lab import reading

LONGEST_NAME, MOST_DESCRIPTION = 24, 120
MOST_LINES, MOST_LETTERS, DEEPEST = 80, 6000, 40
GENERATOR = "rng"  # what kits call a random generator
BUILTINS = {
    *("abs", "all", "any", "bool", "complex", "dict", "divmod", "enumerate", "filter"),
    *("float", "frozenset", "int", "isinstance", "iter", "len", "list", "map", "max"),
    *("min", "next", "pow", "range", "reversed", "round", "set", "slice", "sorted"),
    *("str", "sum", "tuple", "zip"),
}
DRAWS = {
    *("random", "normal", "integers", "uniform", "choice", "permutation", "permuted"),
    *("shuffle", "standard_normal", "exponential", "gumbel", "laplace", "beta"),
    *("binomial", "poisson", "gamma", "multinomial", "dirichlet", "logistic"),
    *("lognormal", "geometric", "multivariate_normal", "standard_exponential"),
    *("standard_t", "triangular", "chisquare", "pareto"),
}
OF_NUMPY = {  # its own settings and modules, and arrays that count in ways of their own
    *("random", "seterr", "seterrcall", "seterrobj", "setbufsize", "getbufsize"),
    *("geterr", "set_printoptions", "printoptions", "set_string_function", "testing"),
    *("lib", "core", "ctypeslib", "f2py", "distutils", "info", "get_include"),
    *("show_config", "frombuffer", "nditer", "np", "numpy", "ma", "matrix", "asmatrix"),
    *("mat", "bmat", "rec", "recarray"),
}
LEAKING = {
    *("base", "ctypes", "data", "flags", "setflags", "dump", "dumps", "tofile"),
    *("bit_generator", "spawn", "getfield", "setfield"),
}
STATEMENTS = {
    ast.Import: "imports are not allowed: numpy is there as np",
    ast.ImportFrom: "imports are not allowed: numpy is there as np",
    ast.Global: "global is not allowed: return what is needed",
    ast.Nonlocal: "nonlocal is not allowed: return what is needed",
    ast.ClassDef: "classes are not allowed: write plain statements",
    ast.AsyncFunctionDef: "async is not allowed",
    ast.Await: "await is not allowed",
    ast.Yield: "yield is not allowed: return the whole result",
    ast.YieldFrom: "yield is not allowed: return the whole result",
    ast.Try: "try is not allowed: test for what could go wrong",
    ast.Raise: "raise is not allowed: every seed must get a result",
    ast.Assert: "assert is not allowed: every seed must get a result",
    ast.With: "with is not allowed",
    ast.AsyncWith: "with is not allowed",
    ast.AsyncFor: "async is not allowed",
    ast.Delete: "del is not allowed",
}
TRYSTAR = getattr(ast, "TryStar", ast.Try)


class Refused(Exception):
    """A new arm that cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Allowed:
    """What a new function may use besides numpy: the kit's functions and constants, and `point`."""

    parameters: tuple[str, ...]
    functions: Set[str]
    constants: Set[str]
    point: str
    arms: Sequence[str]  # the one that the new arm is like comes first


def check_name(name: str, description: str, taken: Set[str]) -> None:
    """Refuse a name or a description that cannot stand in a kit's header."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST_NAME:
        raise Refused(
            f"{name!r:.60} is no name for an arm: write small letters, digits and single "
            f"underscores, at most {LONGEST_NAME} of them, as in slow_start"
        )
    if name in taken:
        raise Refused(f"the name {name} is taken: choose another one")
    if not description.strip() or not description.isprintable():
        raise Refused("the description of the new arm must be one line of plain text")
    if len(description) > MOST_DESCRIPTION:
        raise Refused(f"the description must be at most {MOST_DESCRIPTION} characters long")


def parsed(code: str, name: str, parameters: Sequence[str]) -> ast.FunctionDef:
    """The one function of a text, if it is the one that was asked for.

    What stands beside it is left out if it defines nothing: its use, or numpy's import.
    """
    wanted = f"def {name}({', '.join(parameters)}):"
    try:
        code.encode()
        body = [node for node in ast.parse(code).body if not _idle(node)]
    except SyntaxError as fault:
        raise Refused(f"the code does not parse: {fault.msg} in line {fault.lineno}") from fault
    except (ValueError, RecursionError, MemoryError) as fault:
        raise Refused(f"the code does not parse: {str(fault) or type(fault).__name__}") from fault
    for node in body:
        if type(node) in STATEMENTS and not isinstance(node, ast.AsyncFunctionDef):
            raise Refused(f"line {node.lineno}: {STATEMENTS[type(node)]}")
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    if len(body) != 1 or len(functions) != 1:
        raise Refused(f"write exactly one function and nothing beside it: {wanted}")
    (function,) = functions
    places = function.args
    plain = not (
        places.posonlyargs
        or places.kwonlyargs
        or places.vararg
        or places.kwarg
        or places.defaults
        or function.decorator_list
    )
    named = tuple(place.arg for place in places.args)
    if function.name != name or named != tuple(parameters) or not plain:
        raise Refused(f"the function must begin with {wanted}, without defaults or decorators")
    last = function.end_lineno or function.lineno
    if last - function.lineno >= MOST_LINES or len(code) > MOST_LETTERS:
        raise Refused(f"the function is too long: write at most {MOST_LINES} lines")
    if _deep(function):
        raise Refused("the function is nested too deeply: write shorter expressions")
    return function


def _idle(node: ast.stmt) -> bool:
    """Whether a statement beside a function changes nothing if it is left out."""
    numpy = isinstance(node, ast.Import) and ast.unparse(node) == "import numpy as np"
    return numpy or isinstance(node, ast.Expr)


def _deep(node: ast.AST) -> bool:
    """Whether parts stand in parts beyond what any reader follows."""
    level: list[ast.AST] = [node]
    for _ in range(DEEPEST):
        level = [part for outer in level for part in ast.iter_child_nodes(outer)]
    return bool(level)


def refuse(function: ast.FunctionDef, allowed: Allowed) -> None:
    """Refuse a function that reaches past what it is given, or answers without looking at it."""
    for reason in _reasons(function, allowed):
        raise Refused(reason)


def _reasons(function: ast.FunctionDef, allowed: Allowed) -> Iterator[str]:
    body = ast.Module(function.body, [])
    yield from _statements(function)
    yield from reading.forbidden(body, ())
    yield from _names(function, allowed)
    yield from _attributes(body, allowed)
    yield from _calls(body, allowed)
    yield from _returns(function, allowed)


def _statements(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        reason = STATEMENTS.get(ast.Try if isinstance(node, TRYSTAR) else type(node))
        if reason:
            yield f"line {getattr(node, 'lineno', function.lineno)}: {reason}"
        elif isinstance(node, ast.FunctionDef) and node.decorator_list:
            yield f"line {node.lineno}: decorators are not allowed"
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield f"line {node.lineno}: bytes are not allowed"


def bound(function: ast.FunctionDef | ast.Module) -> set[str]:
    """Every name that a function, or one inside it, gives a value."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.MatchAs | ast.MatchStar):
            if node.name and node is not function:
                found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
    return found


def _names(function: ast.FunctionDef, allowed: Allowed) -> Iterator[str]:
    own = bound(function)
    known = own | BUILTINS | allowed.functions | allowed.constants | {allowed.point, "np"}
    again = bound(ast.Module(function.body, []))
    for name in sorted(again & ({"np", allowed.point} | ({GENERATOR} & set(allowed.parameters)))):
        yield f"the name {name} may not be given another value"
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id not in known:
                yield f"line {node.lineno}: {_unknown(node.id, function.name, allowed)}"


def _unknown(name: str, own: str, allowed: Allowed) -> str:
    """What is wrong with a name, and what to write instead."""
    given = ", ".join(allowed.parameters)
    if name == own:
        return f'{name} is this function itself: call {allowed.point}("{allowed.arms[0]}", {given})'
    if name in allowed.arms:
        return f'{name} is an arm: what it gives is {allowed.point}("{name}", {given})'
    known = ("its parameters", "np", *sorted(allowed.functions | allowed.constants))
    return f"{name} is not there: use only {', '.join(known)}"


def _stored(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _attributes(body: ast.Module, allowed: Allowed) -> Iterator[str]:
    for node in ast.walk(body):
        if not isinstance(node, ast.Attribute):
            continue
        where = f"line {node.lineno}: "
        holder = node.value.id if isinstance(node.value, ast.Name) else ""
        if not isinstance(node.ctx, ast.Load):
            yield f"{where}setting .{node.attr} is not allowed: keep it in a variable"
        elif node.attr.startswith("_") or node.attr in LEAKING:
            yield f"{where}.{node.attr} is not allowed"
        elif node.attr == "random" and holder != GENERATOR:
            drawn = "draw from rng" if GENERATOR in allowed.parameters else "draw nothing by chance"
            yield f"{where}{ast.unparse(node)} is not allowed: {drawn}"
        elif holder != GENERATOR and node.attr in OF_NUMPY:
            yield f"{where}{ast.unparse(node)} is not allowed"
        elif holder in allowed.functions | {allowed.point}:
            yield f"{where}.{node.attr} of the function {holder} is not allowed: call it"


def _calls(body: ast.Module, allowed: Allowed) -> Iterator[str]:
    """How the point itself, numpy and the generator are used."""
    fine: set[int] = set()
    for node in ast.walk(body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            if node.func.id == allowed.point:
                fine.add(id(node.func))
                if not (isinstance(first, ast.Constant) and first.value in allowed.arms):
                    names = ", ".join(map(repr, allowed.arms))
                    yield (
                        f"line {node.lineno}: {allowed.point} must be called with the name of an "
                        f"arm written out as the first argument, one of {names}"
                    )
            if node.func.id in allowed.functions | {allowed.point}:
                given = [*node.args, *(k.value for k in node.keywords)]
                fine |= {id(part) for part in given if isinstance(part, ast.Name)}
        elif isinstance(node, ast.Attribute) and (
            node.attr in DRAWS or getattr(node.value, "id", "") != GENERATOR
        ):
            fine.add(id(node.value))
    for node in ast.walk(body):
        if not isinstance(node, ast.Name) or id(node) in fine:
            continue
        if node.id == "np":
            yield f"line {node.lineno}: np may only be used as in np.mean"
        elif node.id == allowed.point:
            yield f"line {node.lineno}: {node.id} may only be called"
        elif node.id == GENERATOR and GENERATOR in allowed.parameters:
            yield (
                f"line {node.lineno}: {GENERATOR} may only be drawn from, as in {GENERATOR}.normal"
                "(size=3), or be handed to a function of the kit"
            )


def _returns(function: ast.FunctionDef, allowed: Allowed) -> Iterator[str]:
    """A result that does not hang on what the function is given was made up."""
    needs: dict[str, set[str]] = {}
    ends: list[set[str]] = []
    _flow(function.body, set(), needs, ends)
    if not ends:
        yield f"{function.name} returns nothing: end it with return and the result"
        return
    reached: set[str] = set()
    todo = [name for end in ends for name in end]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += needs.get(name, ())
    if not reached & set(allowed.parameters) - {GENERATOR}:
        yield (
            f"what {function.name} returns does not depend on its parameters "
            f"({', '.join(allowed.parameters)}): compute it from them"
        )


def _flow(
    body: Sequence[ast.stmt], around: set[str], needs: dict[str, set[str]], ends: list[set[str]]
) -> None:
    """What every name of a body is made from, and what is returned; branches count as sources."""
    for node in body:
        inner = [part for field in ("body", "orelse") for part in getattr(node, field, [])]
        if isinstance(node, ast.FunctionDef):
            needs.setdefault(node.name, set()).update(around, _loaded(node))
            continue
        if isinstance(node, ast.Match):
            inner = [part for case in node.cases for part in case.body]
        heads = [
            part
            for part in ast.iter_child_nodes(node)
            if not isinstance(part, ast.stmt | ast.match_case)
        ]
        loads = set(around).union(*(_loaded(part) for part in heads))
        stores = set().union(*(_targets(part) for part in heads))
        if isinstance(node, ast.Return):
            if node.value is not None:
                ends.append(loads)
            continue
        if isinstance(node, ast.Expr):  # a call may change whatever it names
            stores |= loads
        for name in stores:
            needs.setdefault(name, set()).update(loads)
        _flow(inner, loads if inner else around, needs, ends)


def _loaded(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and not _stored(part)}


def _targets(node: ast.AST) -> set[str]:
    """Names that a part of a statement sets, also by an index."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and _stored(part)}
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            found |= _loaded(part.value)
    return found
