"""What experiment code must pass before its results may count.

First by reading it (imports, shape), then by measuring smoke trials. Every reason is
a sentence the model can repair from.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from itertools import combinations

from scientist.records import Trial

ALLOWED_IMPORTS = (
    *("__future__", "math", "random", "statistics", "itertools", "functools", "collections"),
    *("dataclasses", "typing", "heapq", "bisect", "operator", "enum", "abc", "fractions"),
    *("numpy", "scipy", "sklearn", "networkx", "matplotlib", "torch"),
)
FORBIDDEN_NAMES = (
    *("eval", "exec", "compile", "__import__", "open", "input", "breakpoint"),
    *("globals", "vars", "__builtins__", "__loader__", "__spec__"),
)
FORBIDDEN_ATTRIBUTES = (
    *("__builtins__", "__globals__", "__subclasses__", "__bases__", "__mro__", "__code__"),
    *("__import__", "__loader__", "__spec__", "__getattribute__", "__reduce__"),
)


def check_code(code: str) -> tuple[str, ...]:
    """Reasons to refuse the code, found by reading it."""
    try:
        tree = ast.parse(code)
    except SyntaxError as fault:
        return (f"the code does not parse: {fault.msg} in line {fault.lineno}",)
    except (ValueError, RecursionError, MemoryError) as fault:
        return (f"the code does not parse: {fault or type(fault).__name__}",)
    problems = []
    for node in ast.walk(tree):
        for module in _imported(node):
            if module.split(".")[0] not in ALLOWED_IMPORTS:
                problems.append(
                    f"line {getattr(node, 'lineno', 0)}: import of {module} is not allowed"
                )
        if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            problems.append(f"line {node.lineno}: {node.id} is not allowed")
        if isinstance(node, ast.Attribute) and _forbidden(node):
            problems.append(f"line {node.lineno}: {node.attr} is not allowed")
    top = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    problems += [f"{name} is not defined" for name in ("ARMS", "METRICS") if name not in assigned]
    if "trial" not in top:
        problems.append("there is no function trial(arm, seed, **parameters)")
    else:
        problems += _signature(top["trial"])
    return tuple(dict.fromkeys(problems))


def check_trials(
    first: Sequence[Trial],
    again: Sequence[Trial],
    arms: Sequence[str],
    metric: str,
    tested: bool = False,
) -> tuple[str, ...]:
    """Reasons to refuse the code, found by what smoke trials measured.

    Arms or seeds that make no difference are a fault of code nobody has tested, and a
    result of code that is known to use them.
    """
    for trial in (*first, *again):
        if metric not in trial.metrics:
            return (f"trial() returns no metric named {metric} (arm {trial.arm})",)
        for name, value in trial.metrics.items():
            if not math.isfinite(value):
                return (f"metric {name} of arm {trial.arm}, seed {trial.seed} is not finite",)
    by_arm = {arm: {t.seed: t.metrics for t in first if t.arm == arm} for arm in arms}
    if silent := [arm for arm, measured in by_arm.items() if not measured]:
        return (f"arm {silent[0]} gave no result",)
    problems = []
    for trial in again:
        if by_arm.get(trial.arm, {}).get(trial.seed) != trial.metrics:
            problems.append(
                f"the same seed gave two results (arm {trial.arm}, seed {trial.seed}): "
                "draw all randomness from the seed"
            )
            break
    for one, other in combinations(arms, 2) if not tested else ():
        if by_arm[one] == by_arm[other]:
            problems.append(
                f"arms {one} and {other} gave the same numbers on every seed: the arm is not "
                "used, or makes no difference with these parameters"
            )
    for arm, measured in by_arm.items():
        if not tested and len(measured) > 1 and _constant(list(measured.values())):
            problems.append(f"arm {arm} gave the same numbers on every seed: the seed is not used")
    return tuple(problems)


def _constant(measured: list[dict[str, float]]) -> bool:
    """A metric may sit at its bound for all seeds; all metrics constant is no experiment."""
    return all(metrics == measured[0] for metrics in measured)


def _forbidden(node: ast.Attribute) -> bool:
    """Ways around the import rule: the machinery of objects, and what modules keep private."""
    private = node.attr.startswith("_") and not node.attr.endswith("__")
    own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    return node.attr in FORBIDDEN_ATTRIBUTES or (private and not own)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return []


def _signature(trial: ast.FunctionDef) -> list[str]:
    names = [argument.arg for argument in (*trial.args.posonlyargs, *trial.args.args)]
    if names[:2] != ["arm", "seed"]:
        return ["trial must take (arm, seed, ...) in this order"]
    used = {node.id for node in ast.walk(trial) if isinstance(node, ast.Name)}
    return [f"trial does not use {name}" for name in ("arm", "seed") if name not in used]
