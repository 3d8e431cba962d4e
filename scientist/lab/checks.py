"""What experiment code must pass before its results may count.

First by reading it (`reading`: imports, names, files; `review`: outcomes that are written
down), then by measuring smoke trials. Every problem is a sentence that the model can repair
from; a flag lets the code pass, and says what its results are.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.metadata
import math
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from scientist.lab import reading, review
from scientist.records import Protocol, Trial
from scientist.settings import LIBRARIES

PACKAGES = {"sklearn": "scikit-learn"}  # where the names to import and to install differ
NONDETERMINISTIC = "DETERMINISTIC"


@dataclass(frozen=True)
class Checked:
    """What speaks against code, and what has to be said of results that it may give."""

    problems: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def check_code(code: str, libraries: Sequence[str] = LIBRARIES) -> tuple[str, ...]:
    """Reasons to refuse the code, found by reading it."""
    return _read(code, tuple(libraries))


def contract(code: str) -> tuple[str, ...]:
    """Why the code is no experiment at all, whatever it does."""
    tree = _parsed(code)
    return (f"the code does not parse: {tree}",) if isinstance(tree, str) else tuple(_header(tree))


@lru_cache(maxsize=256)
def _read(code: str, libraries: tuple[str, ...]) -> tuple[str, ...]:
    tree = _parsed(code)
    if isinstance(tree, str):
        return contract(code)
    problems = [*reading.forbidden(tree, libraries), *(contract(code) or _unused(tree))]
    return tuple(dict.fromkeys((*problems, *review.invented(tree))))


def deterministic(code: str) -> bool:
    """Whether the code promises that a seed gives one result: unless it says otherwise."""
    tree = _parsed(code)
    return isinstance(tree, str) or not any(
        isinstance(value, ast.Constant) and value.value is False
        for name, value in _assigned(tree)
        if name == NONDETERMINISTIC
    )


def check_trials(
    first: Sequence[Trial],
    again: Sequence[Trial],
    arms: Sequence[str],
    metric: str,
    tested: bool = False,
) -> tuple[str, ...]:
    """Reasons to refuse code that promises to be deterministic, as smoke trials show it."""
    return measure(first, again, arms, metric, tested).problems


def measure(
    first: Sequence[Trial],
    again: Sequence[Trial],
    arms: Sequence[str],
    metric: str,
    tested: bool = False,
    deterministic: bool = True,
) -> Checked:
    """What smoke trials show: `again` repeats some of `first`.

    Arms or seeds that make no difference are a fault of code nobody has tested, and a
    result of code that is known to use them. One seed with two results is a fault, too,
    unless the code declares DETERMINISTIC = False: then it is a flag.
    """
    for trial in (*first, *again):
        if metric not in trial.metrics:
            return Checked((f"trial() returns no metric named {metric} (arm {trial.arm})",))
        for name, value in trial.metrics.items():
            if not math.isfinite(value):
                where = f"arm {trial.arm}, seed {trial.seed}"
                return Checked((f"metric {name} of {where} is not finite",))
    by_arm = {arm: {t.seed: t.metrics for t in first if t.arm == arm} for arm in arms}
    if silent := [arm for arm, measured in by_arm.items() if not measured]:
        return Checked((f"arm {silent[0]} gave no result",))
    problems, flags = [], []
    differing = [t for t in again if by_arm.get(t.arm, {}).get(t.seed) != t.metrics]
    if differing and deterministic:
        problems.append(
            f"the same seed gave two results (arm {differing[0].arm}, seed {differing[0].seed}): "
            "draw all randomness from the seed, or, if the code cannot repeat itself, "
            "declare DETERMINISTIC = False"
        )
    if not deterministic:
        seen = f"{len(differing)} of {len(again)} repeated smoke trials gave another result"
        flags.append(
            f"nondeterministic, as the code declares ({seen}): each arm and seed is one "
            "independent draw, a pair shares no randomness, and the numbers cannot be reproduced"
        )
    if not tested:
        problems += _indifferent(by_arm)
    return Checked(tuple(problems), tuple(flags))


def check_seeds(protocol: Protocol) -> tuple[str, ...]:
    """Why measured trials could know what smoke trials saw, or count twice."""
    problems = []
    if shared := sorted(set(protocol.seeds) & set(protocol.smoke_seeds)):
        problems.append(
            f"{len(shared)} smoke seeds are among the measured seeds (the first is {shared[0]}): "
            "what the checks have seen may not count"
        )
    for what, seeds in (("measured", protocol.seeds), ("smoke", protocol.smoke_seeds)):
        if len(set(seeds)) < len(seeds):
            problems.append(f"a {what} seed is named twice: every trial may count once")
        if not seeds:
            problems.append(f"there are no {what} seeds")
    if len(protocol.smoke_seeds) == 1:
        problems.append("one smoke seed cannot show whether the seed is used: name two or more")
    return tuple(problems)


def available(libraries: Sequence[str] = LIBRARIES) -> dict[str, str | None]:
    """The version of each library that experiments can import; None where it is missing.

    Nothing is imported. Only the folders that a sandbox shows are looked at.
    """
    paths = sysconfig.get_paths()
    folders = list(dict.fromkeys((paths["purelib"], paths["platlib"])))
    return {name: _version(name, folders) for name in libraries}


def _version(name: str, folders: list[str]) -> str | None:
    if importlib.machinery.PathFinder.find_spec(name, folders) is None:
        return None
    package = PACKAGES.get(name, name)
    found = importlib.metadata.distributions(name=package, path=folders)
    return next((distribution.version for distribution in found), "of unknown version")


@lru_cache(maxsize=16)
def _parsed(code: str) -> ast.Module | str:
    """The code as a tree, or what keeps it from being one."""
    try:
        return ast.parse(code)
    except SyntaxError as fault:
        return f"{fault.msg} in line {fault.lineno}"
    except (ValueError, RecursionError, MemoryError) as fault:
        return str(fault) or type(fault).__name__


def _assigned(tree: ast.Module) -> list[tuple[str, ast.expr | None]]:
    """The names that a file gives a value at its top, with the values."""
    found: list[tuple[str, ast.expr | None]] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found += [(t.id, node.value) for t in node.targets if isinstance(t, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append((node.target.id, node.value))
    return found


def _header(tree: ast.Module) -> list[str]:
    assigned = {name for name, _ in _assigned(tree)}
    problems = [f"{name} is not defined" for name in ("ARMS", "METRICS") if name not in assigned]
    trials = _trials(tree)
    if not trials:
        return [*problems, "there is no function trial(arm, seed, **parameters)"]
    if len(trials) > 1:
        return [*problems, f"line {trials[1].lineno}: trial is defined twice"]
    (trial,) = trials
    names = [argument.arg for argument in (*trial.args.posonlyargs, *trial.args.args)]
    if names[:2] != ["arm", "seed"]:
        problems.append("trial must take (arm, seed, ...) in this order")
    return problems


def _unused(tree: ast.Module) -> list[str]:
    """The arm or the seed, where nothing in trial() asks for it."""
    used = {
        node.id for one in _trials(tree) for node in ast.walk(one) if isinstance(node, ast.Name)
    }
    return [f"trial does not use {name}" for name in ("arm", "seed") if name not in used]


def _trials(tree: ast.Module) -> list[ast.FunctionDef]:
    return [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "trial"]


def _indifferent(by_arm: dict[str, dict[int, dict[str, float]]]) -> list[str]:
    """Arms or seeds that change nothing."""
    problems = [
        f"arms {one} and {other} gave the same numbers on every seed: the arm is not used, or "
        f"makes no difference with these parameters; let {one} do something else than {other}"
        for one, other in combinations(by_arm, 2)
        if by_arm[one] == by_arm[other]
    ]
    problems += [
        f"arm {arm} gave the same numbers on every seed: the seed is not used"
        for arm, measured in by_arm.items()
        if len(measured) > 1 and _constant(list(measured.values()))
    ]
    return problems


def _constant(measured: list[dict[str, float]]) -> bool:
    """A metric may sit at its bound for all seeds; all metrics constant is no experiment."""
    return all(metrics == measured[0] for metrics in measured)
