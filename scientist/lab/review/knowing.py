"""Where code asks what its seed is, instead of drawing from it.

A seed that decides what is run can tell the smoke run from what is measured, or help an arm on
some seeds alone. Followed through names and plain arithmetic, not through generators.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

PLAIN = frozenset(
    ("abs", "bool", "divmod", "float", "hash", "int", "len", "max", "min", "round", "str", "bin")
)
METHODS = frozenset(("bit_length", "bit_count", "endswith", "startswith"))
SEED = "seed"


def asked(tree: ast.Module) -> tuple[str, ...]:
    """A sentence for each line in which trial() decides by its seed."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "trial":
            return tuple(dict.fromkeys(_asked(node)))
    return ()


def _asked(trial: ast.FunctionDef) -> Iterator[str]:
    known = _known(trial)
    for node in ast.walk(trial):
        tests: list[ast.expr] = []
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            tests = [node.test]
        elif isinstance(node, ast.comprehension):
            tests = node.ifs
        elif isinstance(node, ast.Match):
            tests = [node.subject]
        elif isinstance(node, ast.Compare):
            tests = [node]
        for test in tests:
            if _of_seed(test, known):
                yield (
                    f"line {test.lineno}: the seed decides what is run, so smoke trials need not "
                    "be like measured ones, and an arm may be helped on some seeds alone"
                )


def _known(trial: ast.FunctionDef) -> set[str]:
    """The seed, and the names that are given what is made of it by plain arithmetic."""
    known = {SEED}
    given = [node for node in ast.walk(trial) if isinstance(node, ast.Assign | ast.AnnAssign)]
    for _ in given:
        before = len(known)
        for node in given:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if node.value is not None and _of_seed(node.value, known):
                known |= {one.id for one in targets if isinstance(one, ast.Name)}
        if len(known) == before:
            break
    return known


def _of_seed(node: ast.AST, known: set[str]) -> bool:
    """Whether an expression is made of the seed without drawing from it."""
    if isinstance(node, ast.Name):
        return node.id in known
    if isinstance(node, ast.Call):
        own = isinstance(node.func, ast.Attribute) and node.func.attr in METHODS
        if own and isinstance(node.func, ast.Attribute) and _of_seed(node.func.value, known):
            return True
        if not (isinstance(node.func, ast.Name) and node.func.id in PLAIN):
            return False
        return any(_of_seed(one, known) for one in node.args)
    return any(_of_seed(one, known) for one in ast.iter_child_nodes(node))
