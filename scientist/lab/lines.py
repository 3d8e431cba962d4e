"""One line of a run's results: its only shape, and what it says.

Whoever wrote it ran experiment code, so nothing in it is believed: it is parsed as JSON and
checked field by field, here and nowhere else. The supervisor uses this for every line that
comes, `results` for every line that stands. Only the standard library, so that a supervisor
starts fast.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

LONGEST = 300 * 1024
MOST_METRICS = 256
MOST_FACTS = 32
FIELDS = {"arm", "seed", "metrics", "error", "seconds"}


class Line(NamedTuple):
    """The result of one trial, or an error; an error that names no trial is about all of them."""

    arm: str | None
    seed: int | None
    metrics: dict[str, float] | None
    error: str | None
    seconds: float


def read(raw: bytes) -> Line:
    """What a line says; ValueError with the reason if it is no result."""
    found = _object(raw)
    if set(found) - FIELDS:
        raise ValueError(f"it has fields a result has not: {sorted(set(found) - FIELDS)[:3]}")
    arm, seed, error = found.get("arm"), found.get("seed"), found.get("error")
    metrics, seconds = found.get("metrics"), found.get("seconds", 0.0)
    if not (arm is None or _text(arm)) or not (error is None or _text(error)):
        raise ValueError("its arm or error is no text")
    if not (seed is None or type(seed) is int):
        raise ValueError("its seed is no whole number")
    if not (metrics is None or isinstance(metrics, dict)):
        raise ValueError("its metrics are no names with numbers")
    if metrics is not None and not 0 < len(metrics) <= MOST_METRICS:
        raise ValueError(f"it has {len(metrics)} metrics")
    for name, value in (metrics or {}).items():
        if not _text(name) or _number(value) is None:
            raise ValueError(f"its metric {name[:50]!r} is no finite number")
    took = _number(seconds)
    if took is None or took < 0:
        raise ValueError("its seconds are no time")
    if (metrics is None) == (error is None):
        raise ValueError("it is neither a result nor an error")
    if (arm is None or seed is None) and (error is None or arm is not None or seed is not None):
        raise ValueError("it names no trial")
    numbers = None if metrics is None else {name: float(metrics[name]) for name in metrics}
    return Line(arm, seed, numbers, error, took)


def environment(raw: bytes) -> dict[str, str] | None:
    """What a line says the numbers are made with; None if it is another kind of line."""
    if not raw.startswith(b'{"environment"'):  # most are not, and need not be read twice
        return None
    try:
        whole = _object(raw)
    except ValueError:
        return None
    found = whole["environment"]
    if len(whole) != 1 or not isinstance(found, dict):
        return None
    if not all(_text(name) and _text(value) for name, value in found.items()):
        return None
    return {name[:100]: found[name][:200] for name in list(found)[:MOST_FACTS]}


def failure(arm: str, seed: int, why: str) -> bytes:
    """The line of a trial that cannot give a result."""
    return json.dumps({"arm": arm, "seed": seed, "error": why, "seconds": 0.0}).encode() + b"\n"


def numbers(raw: bytes, trials: Sequence[tuple[str, int]]) -> dict[int, bytes]:
    """The whole lines that tell of a trial, by the trial's place in the plan."""
    places = {trial: number for number, trial in enumerate(trials)}
    found: dict[int, bytes] = {}
    for line in raw.split(b"\n")[:-1]:
        if environment(line) is not None:
            continue
        said = read(line)
        if said.arm is not None and said.seed is not None:
            found[places[said.arm, said.seed]] = line
    return found


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST // 1024} kB")
    try:
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise ValueError("it is not JSON") from fault
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _text(value: object) -> bool:
    """Whether it is text that can be written down again: half a character cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
