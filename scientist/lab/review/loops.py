"""What a loop does to the names in it, found by reading its body."""

from __future__ import annotations

import ast
from collections.abc import Iterable


def feedback(body: list[ast.stmt]) -> set[str]:
    """Names whose next value depends on their last one by more than adding or scaling."""
    needs: dict[str, set[str]] = {}
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
                for part in parts:
                    name = known_as(part)
                    needs.setdefault(name, set()).update(_names(change(node.value, name)))
        elif isinstance(node, ast.AugAssign):
            needs.setdefault(known_as(node.target), set()).update(_names([node.value]))
    return {name for name in needs if name in _reach(needs, name)}


def _reach(needs: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for name in needs.get(todo.pop(), set()) - seen:
            seen.add(name)
            todo.append(name)
    return seen


def change(node: ast.expr, name: str) -> list[ast.expr]:
    """What an assignment to a name adds to it, or scales it by."""
    if isinstance(node, ast.BinOp):
        if (
            isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div)
            and known_as(node.left) == name
        ):
            return [node.right]
        if isinstance(node.op, ast.Add | ast.Mult) and known_as(node.right) == name:
            return [node.left]
    return [node]


def _names(nodes: Iterable[ast.expr]) -> set[str]:
    found = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(known_as(node))
    return found


def known_as(node: ast.expr) -> str:
    """What a target is known by: its name, or the name and attribute of an object."""
    if isinstance(node, ast.Subscript | ast.Starred):
        return known_as(node.value)
    if isinstance(node, ast.Attribute):
        return f"{known_as(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def counters(body: list[ast.stmt]) -> set[str]:
    """Names that a loop adds to."""
    found = (node for outer in body for node in ast.walk(outer))
    return {known_as(node.target) for node in found if isinstance(node, ast.AugAssign)}


def breaks(body: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Break) for outer in body for node in ast.walk(outer))
