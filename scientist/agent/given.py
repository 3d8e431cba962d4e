"""A hypothesis that the user gives: a kit with settings, or a folder of their own.

A folder holds protocol.json (what is compared), perhaps params.json (arguments of every
trial), and experiment.py (ARMS, METRICS, trial) or the files of a script that protocol.json
names. It goes through the same checks, seal, sandbox and judgement as what a model proposes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scientist.errors import UsageError
from scientist.lab import checks, kits
from scientist.lab.executors import Script
from scientist.lab.kits import Kit
from scientist.records import Direction, Hypothesis
from scientist.science.protocol import question

VERBS = {Direction.INCREASE: "raises", Direction.DECREASE: "lowers"}
KIT_RUN = ("scientist", "kit", "run")
COMPARED = {"treatment", "control", "metric", "direction"}
OPTIONS = ("treatment", "control", "metric", "direction", "pairs")
MOST_BYTES = 2**20
MOST_FILES = 64 * 2**20


class Command(BaseModel):
    """A script in place of trial(): a training job, say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    gpus: int = Field(0, ge=0)


class Comparison(BaseModel):
    """What protocol.json says."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    treatment: str = Field(min_length=1)
    control: str = Field(min_length=1)
    metric: str = Field(min_length=1)
    direction: Direction
    smallest_effect: float = Field(gt=0)
    factor: str = "the arm"
    statement: str = ""
    script: Command | None = None


def of_kit(
    kit: Kit,
    chosen: Mapping[str, Any],
    treatment: str | None = None,
    control: str | None = None,
    metric: str | None = None,
    direction: str | None = None,
) -> Hypothesis:
    """What a kit compares by default, but for what is named."""
    show = f"scientist kit show {kit.name}"
    treatment, control = treatment or kit.default.treatment, control or kit.default.control
    metric = metric or kit.default.metric
    for arm in (treatment, control):
        if arm not in kit.arms:
            arms = ", ".join(kit.arms)
            raise UsageError(f"kit {kit.name} has no arm {arm!r}; it has {arms}", show)
    if metric not in kit.metrics:
        metrics = ", ".join(kit.metrics)
        raise UsageError(f"kit {kit.name} has no metric {metric!r}; it has {metrics}", show)
    if treatment == control:
        raise UsageError(f"{treatment} cannot be compared with itself", show)
    parameters = kit.validate_parameters(chosen)
    if direction is None:
        usual = (kit.default.treatment, kit.default.control, kit.default.metric)
        better = kit.metrics[metric].better
        direction = (
            kit.default.direction
            if (treatment, control, metric) == usual
            else ("increase" if better == "higher" else "decrease")
        )
    expected = Direction(direction)
    return Hypothesis(
        id="H0",
        quotes=(),
        direction=expected,
        **compared(kit, parameters, treatment, control, metric, expected),
    )


def of_words(
    name: str, treatment: str, control: str, metric: str, direction: str, settings: str
) -> Hypothesis:
    """A comparison as somebody words it: what is left empty is the kit's usual choice."""
    kit = kits.load(name)
    chosen = parameters_in(filter(str.strip, settings.split(",")), kit)
    given = (treatment or None, control or None, metric or None, direction or None)
    return of_kit(kit, chosen, *given)


def same(one: Hypothesis) -> tuple[str, str, str]:
    """What makes two hypotheses one: what is measured, and what is expected of it."""
    return question(one), one.treatment, str(one.direction)


def command(kit: str, chosen: Mapping[str, object], settings: Iterable[str] = ()) -> list[str]:
    """The words of the command that tests a comparison of a kit: `chosen` is what it names."""
    named = [(f"--{name}", str(chosen[name])) for name in OPTIONS if chosen.get(name)]
    given = [word for pair in named for word in pair]
    return [*KIT_RUN, kit, *given, *(word for one in settings for word in ("--param", one))]


def command_of(asked: Hypothesis, chosen: Mapping[str, object] | None = None) -> list[str]:
    """The words of the command that tests a kit's hypothesis, and what else is chosen of it."""
    settings = [f"{name}={asked.parameters[name]:g}" for name in asked.conditions]
    return command(asked.kit, {**(chosen or {}), **asked.model_dump(include=COMPARED)}, settings)


def parameters_in(words: Iterable[str], kit: Kit) -> dict[str, float]:
    """Parameters of a kit that are written NAME=VALUE."""
    found: dict[str, float] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            example = next(f"{one}={about.default:g}" for one, about in kit.parameters.items())
            raise UsageError(
                f"{word!r} is not NAME=VALUE", f"scientist kit run {kit.name} --param {example}"
            )
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise UsageError(
                f"{name.strip()} must be a number, not {value!r}", f"scientist kit show {kit.name}"
            ) from None
    return found


def compared(
    kit: Kit,
    parameters: Mapping[str, Any],
    treatment: str,
    control: str,
    metric: str,
    direction: Direction,
) -> dict[str, Any]:
    """All that a comparison within a kit says of its hypothesis, but for the direction."""
    conditions = tuple(
        name for name, value in parameters.items() if value != kit.parameters[name].default
    )
    where = ", ".join(kits.setting(name, parameters[name]) for name in conditions)
    sentence = f"{treatment} {VERBS[direction]} {metric} compared with {control}."
    return {
        "statement": f"With {where}, {sentence}" if where else sentence,
        "kit": kit.name,
        "factor": kit.factor,
        "treatment": treatment,
        "control": control,
        "metric": metric,
        "smallest_effect": kit.smallest_effect(metric),
        "parameters": dict(parameters),
        "conditions": conditions,
    }


def as_folder(kit: Kit, chosen: Mapping[str, Any]) -> dict[str, str]:
    """A kit as the files of an experiment folder, its default comparison at the given settings."""
    default = {
        **kit.default.model_dump(),
        "smallest_effect": kit.smallest_effect(kit.default.metric),
        "factor": kit.factor,
    }
    return {
        "experiment.py": kit.code,
        "protocol.json": json.dumps(default, indent=2) + "\n",
        "params.json": json.dumps(kit.validate_parameters(chosen), indent=2) + "\n",
    }


def of_folder(folder: Path) -> tuple[Hypothesis, list[bytes]]:
    """The hypothesis of a folder, and what the journal must keep to run it."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "scientist experiment run --help")
    asked = _comparison(folder / "protocol.json")
    if asked.script is None:
        code = _text(folder / "experiment.py")
        _check_contract(folder / "experiment.py", code)
        _check_arms(folder, asked, code)
        kept, data_hash = [code.encode()], ""
    else:
        script = Script(asked.script.command, _files(folder), asked.script.gpus)
        kept = [script.code.encode(), *script.files.values()]
        data_hash = _hash(b"".join(sorted(script.files.values())))
    parameters = _parameters(folder / "params.json")
    text = f"{asked.treatment} {VERBS[asked.direction]} {asked.metric} compared with "
    hypothesis = Hypothesis(
        id="H0",
        statement=asked.statement or f"In {folder.resolve().name}, {text}{asked.control}.",
        quotes=(),
        kit="",
        code_hash=_hash(kept[0]),
        data_hash=data_hash,
        factor=asked.factor,
        treatment=asked.treatment,
        control=asked.control,
        metric=asked.metric,
        direction=asked.direction,
        smallest_effect=asked.smallest_effect,
        parameters=parameters,
        conditions=tuple(parameters),  # there are no defaults to leave unsaid
    )
    return hypothesis, kept


def _comparison(file: Path) -> Comparison:
    try:
        return Comparison.model_validate_json(_text(file))
    except ValidationError as invalid:
        first = invalid.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"{file}: {place}: {first['msg']}",
            'it needs {"treatment", "control", "metric", "direction": "increase" or "decrease", '
            '"smallest_effect"}, and may have {"script": {"command": [...]}}',
        ) from invalid


def _check_contract(file: Path, code: str) -> None:
    """A slip of the pen is no experiment that failed: it is refused before anything is recorded."""
    if problems := checks.contract(code):
        raise UsageError(
            f"{file} is no experiment: {'; '.join(problems)}",
            "what it must define: scientist experiment run --help; "
            "an example: scientist kit copy affective_values my-experiment",
        )


def _check_arms(folder: Path, asked: Comparison, code: str) -> None:
    declared = _arms(code)
    for arm in (asked.treatment, asked.control):
        if declared is not None and arm not in declared:
            raise UsageError(
                f"{folder / 'experiment.py'} has no arm {arm!r}", f"its arms: {', '.join(declared)}"
            )


def _files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder but what says how it is to be run."""
    found: dict[str, bytes] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            raise UsageError(f"{path} is a link: what it leads to is not of this folder", "copy it")
        if name in ("protocol.json", "params.json") or not path.is_file():
            continue
        size += path.stat().st_size
        if size <= MOST_FILES:
            found[name] = path.read_bytes()
        else:
            raise UsageError(
                f"the files in {folder} are more than {MOST_FILES // 2**20} MB",
                "keep only what the script reads",
            )
    return found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parameters(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        found = json.loads(_text(file))
    except ValueError as fault:
        raise UsageError(f"{file} is not JSON: {fault}", "an object of plain values") from fault
    if not isinstance(found, dict) or not all(
        isinstance(value, int | float | str | bool) for value in found.values()
    ):
        raise UsageError(
            f"{file} must be an object of numbers, texts and flags", 'such as {"samples": 200}'
        )
    return found


def _arms(code: str) -> list[str] | None:
    """The arms that code declares, if they are written out."""
    found = kits.constant(code, "ARMS")
    # anything else is for the checks of the code to refuse
    return list(map(str, found)) if isinstance(found, dict | list | tuple | set) else None


def _text(file: Path) -> str:
    try:
        if file.is_symlink():
            raise UsageError(f"{file} is a link: what it leads to is not of this folder", "copy it")
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"{file} is larger than {MOST_BYTES // 2**20} MB", "shorten it")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"there is no {file}",
            "a folder needs experiment.py and protocol.json: scientist experiment run --help",
        ) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"{file} cannot be read: {fault}", "mend the file") from fault
