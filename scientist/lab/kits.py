"""Kits: ready experiment families, one file each in tools/kits/.

A kit's header (module-level constants) is read as data, without running the file; its
code runs only inside the sandbox. Only the bundled folder is ever read.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scientist.errors import ScientistError, UsageError
from scientist.resources import bundled

HEADER = (
    *("TITLE", "SUMMARY", "DIRECTIONS", "FACTOR", "ARMS", "METRICS", "PARAMETERS"),
    *("DEFAULT", "TURNING", "PLOT", "COST_SECONDS", "LIMITS", "OPEN"),
)
LEVELS = 6


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(_Strict):
    """What a trial measures."""

    description: str
    better: Literal["lower", "higher"]
    smallest_effect: float = Field(gt=0)
    unit: str = ""


class Parameter(_Strict):
    """What can be set, and how far."""

    type: Literal["int", "float"]
    default: float
    low: float
    high: float
    description: str

    @model_validator(mode="after")
    def _in_order(self) -> Parameter:
        if not self.low <= self.default <= self.high:
            raise ValueError("the default must lie between low and high")
        return self

    def value(self, name: str, given: Any, kit: str) -> float | int:
        """The value given for a kit, checked and in the parameter's own type."""
        hint = f"scientist kit show {kit}"
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise UsageError(f"{name} must be a number, not {given!r}", hint)
        if not self.low <= given <= self.high:
            raise UsageError(
                f"{name} must lie between {self.low:g} and {self.high:g}, not at {given:g}", hint
            )
        if self.type == "int" and given != int(given):
            raise UsageError(f"{name} must be a whole number, not {given:g}", hint)
        return int(given) if self.type == "int" else float(given)

    def levels(self) -> tuple[float | int, ...]:
        """A few values from low to high besides the default, each of two digits or an end."""
        wide = self.low > 0 and self.high >= 10 * self.low
        found = set()
        for step in range(LEVELS):
            share = step / (LEVELS - 1)
            value = (
                self.low * (self.high / self.low) ** share
                if wide
                else self.low + (self.high - self.low) * share
            )
            if 0 < step < LEVELS - 1 and value:
                value = round(value, 1 - math.floor(math.log10(abs(value))))
            if self.type == "int":
                value = round(value)
            found.add(min(max(value, self.low), self.high))
        return tuple(self.value("", value, "") for value in sorted(found - {self.default}))


class Default(_Strict):
    """The comparison a kit makes when nothing else is asked."""

    treatment: str
    control: str
    metric: str
    direction: Literal["increase", "decrease"]


class Plot(_Strict):
    """What a kit draws: a metric of every arm over the levels of a parameter."""

    over: str
    metric: str


class Kit(_Strict):
    """One experiment family: its header and its code.

    `turning` is a setting at which the default comparison gives another verdict. `open` names
    the functions in which a new arm may differ, and says what they get and must return.
    """

    name: str
    title: str
    summary: str
    directions: tuple[str, ...]
    factor: str
    arms: dict[str, str]
    metrics: dict[str, Metric]
    parameters: dict[str, Parameter]
    default: Default
    turning: dict[str, float | int]
    plot: Plot
    cost_seconds: float
    limits: str
    open: dict[str, str]
    code: str

    @property
    def about(self) -> str:
        """What the kit says of itself: its question, its world, what it can and cannot show."""
        return ast.get_docstring(ast.parse(self.code)) or ""

    @property
    def code_hash(self) -> str:
        return hashlib.sha256(self.code.encode()).hexdigest()

    def smallest_effect(self, metric: str) -> float:
        """The difference in a metric below which nobody would care."""
        return self.metrics[metric].smallest_effect

    def comparisons(self) -> dict[str, tuple[str, str]]:
        """Every ordered pair of arms, (treatment, control) by its words."""
        return {f"{one} against {other}": (one, other) for one, other in permutations(self.arms, 2)}

    def settings(self) -> dict[str, tuple[str, float | int]]:
        """Every level of every parameter, (name, value) by its words."""
        return {
            setting(name, value): (name, value)
            for name, parameter in self.parameters.items()
            for value in parameter.levels()
        }

    def validate_parameters(self, given: Mapping[str, Any]) -> dict[str, float | int]:
        """All parameters: the given ones checked, the others at their defaults."""
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            raise UsageError(
                f"kit {self.name} has no parameter {unknown[0]}", f"scientist kit show {self.name}"
            )
        return {
            name: parameter.value(name, given.get(name, parameter.default), self.name)
            for name, parameter in self.parameters.items()
        }


def setting(name: str, value: Any) -> str:
    """A parameter and its value in the words that models and people read."""
    return f"{name} = {value:g}"


def all_kits() -> tuple[Kit, ...]:
    """Every bundled kit, by name."""
    return tuple(_read(path) for path in _files().values())


def names() -> tuple[str, ...]:
    """The names of all bundled kits, none of which is read."""
    return tuple(_files())


def load(name: str) -> Kit:
    """The kit of that name."""
    files = _files()
    if name not in files:
        near = get_close_matches(name, files, 1)
        hint = f"scientist kit show {near[0]}" if near else "scientist kit list"
        raise UsageError(f"there is no kit {name!r}", hint)
    return _read(files[name])


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted((bundled("tools") / "kits").glob("*.py"))}


@lru_cache(maxsize=256)
def _read(path: Path) -> Kit:
    return read(path.stem, path.read_text(encoding="utf-8"))


def read(name: str, code: str) -> Kit:
    """A kit from its source, which is parsed and never run."""
    found: dict[str, Any] = {}
    functions: list[ast.FunctionDef] = []
    try:
        for node in ast.parse(code).body:
            if isinstance(node, ast.FunctionDef):
                functions.append(node)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                constant = node.targets[0].id
                if constant in HEADER:
                    found[constant.lower()] = ast.literal_eval(node.value)
    except (SyntaxError, ValueError) as fault:
        raise ScientistError(
            f"the header of kit {name} is not plain data: {fault}", "see tools/README.md"
        ) from fault
    missing = [constant for constant in HEADER if constant.lower() not in found]
    if missing:
        raise ScientistError(f"kit {name} has no {missing[0]}", "see tools/README.md")
    try:
        kit = Kit(name=name, code=code, **found)
    except ValidationError as invalid:
        raise ScientistError(
            f"the header of kit {name} is wrong: {invalid}", "see tools/README.md"
        ) from invalid
    default = kit.default
    arms = {default.treatment, default.control}
    if len(arms) < 2 or not arms <= set(kit.arms) or default.metric not in kit.metrics:
        raise ScientistError(
            f"the DEFAULT of kit {name} names what the kit does not have", "see tools/README.md"
        )
    if kit.plot.over not in kit.parameters or kit.plot.metric not in kit.metrics:
        raise ScientistError(
            f"the PLOT of kit {name} names what the kit does not have", "see tools/README.md"
        )
    if not kit.turning:
        raise ScientistError(f"the TURNING of kit {name} is empty", "see tools/README.md")
    taking = {node.name for node in functions if "arm" in parameters(node)} - {"trial"}
    if not kit.open or not set(kit.open) <= taking:
        raise ScientistError(
            f"the OPEN of kit {name} must name functions that take an arm, and not trial",
            "see tools/README.md",
        )
    kit.validate_parameters(kit.turning)
    return kit


def constant(code: str, name: str) -> Any:
    """What a module-level constant is set to, read and not run; None if that is not plain data."""
    try:
        value = _set(code).get(name)
        return None if value is None else ast.literal_eval(value)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=64)
def _set(code: str) -> dict[str, ast.expr]:
    """What each module-level name is first set to."""
    found: dict[str, ast.expr] = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found |= {name: node.value for name in names if name not in found}
    return found


@lru_cache(maxsize=64)
def arms_of(code: str) -> dict[str, str]:
    """The arms that code declares, with its words on each; read, never run."""
    found = constant(code, "ARMS")  # without them, what the protocol calls them has to do
    named = found.items() if isinstance(found, dict) else ()
    return {str(arm): said for arm, said in named if isinstance(said, str)}


def meaning(code: str, treatment: str, control: str, metric: str) -> str:
    """What code says of itself, of two arms and of a metric; empty if it says nothing."""
    title, metrics = constant(code, "TITLE"), constant(code, "METRICS")
    arms = arms_of(code)
    said = [f"{title}." if isinstance(title, str) else ""]
    said += [f"{arm} {arms[arm]}." for arm in (treatment, control) if arm in arms]
    with suppress(TypeError, KeyError):
        said.append(f"{metric} is the {metrics[metric]['description']}.")
    return " ".join(filter(None, said))


def parameters(function: ast.FunctionDef) -> tuple[str, ...]:
    """The names of what a function is given by place."""
    return tuple(given.arg for given in (*function.args.posonlyargs, *function.args.args))
