"""What experiment code must pass before its results may count.

First by reading it (imports, shape), then by measuring smoke trials. Every reason is
a sentence the model can repair from.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from scientist.records import Trial

ALLOWED_IMPORTS = (
    *("__future__", "math", "random", "statistics", "itertools", "functools", "collections"),
    *("dataclasses", "typing", "heapq", "bisect", "operator", "enum", "abc", "fractions"),
    *("numpy", "scipy", "sklearn", "networkx", "matplotlib", "torch"),
)
FORBIDDEN_NAMES = ("eval", "exec", "compile", "__import__", "open", "input", "breakpoint")


def check_code(code: str) -> tuple[str, ...]:
    """Reasons to refuse the code, found by reading it."""
    try:
        tree = ast.parse(code)
    except SyntaxError as fault:
        return (f"the code does not parse: {fault.msg} in line {fault.lineno}",)
    problems = []
    for node in ast.walk(tree):
        for module in _imported(node):
            if module.split(".")[0] not in ALLOWED_IMPORTS:
                problems.append(
                    f"line {getattr(node, 'lineno', 0)}: import of {module} is not allowed"
                )
        if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            problems.append(f"line {node.lineno}: {node.id} is not allowed")
        if isinstance(node, ast.Attribute) and node.attr.startswith("__"):
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
    first: Sequence[Trial], again: Sequence[Trial], arms: Sequence[str], metric: str
) -> tuple[str, ...]:
    """Reasons to refuse the code, found by what smoke trials measured."""
    if any(metric not in trial.metrics for trial in first):
        return (f"trial() returns no metric named {metric}",)
    problems = []
    values = {(trial.arm, trial.seed): trial.metrics for trial in first}
    for trial in again:
        if values.get((trial.arm, trial.seed)) != trial.metrics:
            problems.append(
                f"the same seed gave two results (arm {trial.arm}, seed {trial.seed}): "
                "draw all randomness from the seed"
            )
            break
    by_arm = {arm: [t.metrics[metric] for t in first if t.arm == arm] for arm in arms}
    if len(arms) > 1 and len({tuple(series) for series in by_arm.values()}) == 1:
        problems.append(f"all arms gave the same {metric} on every seed: the arm is not used")
    for arm, series in by_arm.items():
        if len(series) > 1 and len(set(series)) == 1 and _varies_nowhere(first, arm):
            problems.append(f"arm {arm} gave the same numbers on every seed: the seed is not used")
    return tuple(problems)


def _varies_nowhere(trials: Sequence[Trial], arm: str) -> bool:
    """A metric may sit at its bound for all seeds; all metrics constant is no experiment."""
    return len({tuple(sorted(t.metrics.items())) for t in trials if t.arm == arm}) == 1


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
