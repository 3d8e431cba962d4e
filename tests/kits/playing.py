"""Play a kit's trials here, without the sandbox, and apply the real decision rule to them.

Only the project's own kits are ever played so; the sandboxed way is tested for all of them
alike in tests/lab/test_kits.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from statistics import mean
from typing import Any

from scientist.lab import kits
from scientist.records import Direction, Protocol, Trial, Verdict
from scientist.science import judge
from scientist.science import protocol as protocols

PAIRS = 16


@lru_cache(maxsize=64)
def functions(name: str) -> dict[str, Any]:
    """All that a kit's code defines."""
    space: dict[str, Any] = {"__name__": f"kit_{name}"}
    exec(compile(kits.load(name).code, name, "exec"), space)
    return space


@lru_cache(maxsize=4096)
def _played(name: str, arm: str, seed: int, chosen: tuple[tuple[str, float], ...]) -> Trial:
    parameters = kits.load(name).validate_parameters(dict(chosen))
    metrics = functions(name)["trial"](arm, seed, **parameters)
    return Trial(arm=arm, seed=seed, metrics=metrics, seconds=0.0)


def play(name: str, arm: str, metric: str, pairs: int = PAIRS, **chosen: float) -> list[float]:
    """A metric of one arm on the first seeds."""
    settings = tuple(sorted(chosen.items()))
    return [_played(name, arm, seed, settings).metrics[metric] for seed in range(1, pairs + 1)]


def average(name: str, arm: str, metric: str, pairs: int = PAIRS, **chosen: float) -> float:
    """The mean of a metric of one arm."""
    return mean(play(name, arm, metric, pairs, **chosen))


def gap(name: str, arms: Sequence[str], metric: str, pairs: int = PAIRS, **chosen: float) -> float:
    """The mean of the first arm minus that of the second."""
    return average(name, arms[0], metric, pairs, **chosen) - average(
        name, arms[1], metric, pairs, **chosen
    )


def verdict(
    name: str,
    pairs: int = PAIRS,
    treatment: str = "",
    control: str = "",
    metric: str = "",
    direction: str = "",
    **chosen: float,
) -> Verdict:
    """What the decision rule says of one run of a comparison, by default the kit's own."""
    kit = kits.load(name)
    treatment, control = treatment or kit.default.treatment, control or kit.default.control
    metric, direction = metric or kit.default.metric, direction or kit.default.direction
    parameters = kit.validate_parameters(chosen)
    seeds = tuple(range(1, pairs + 1))
    settings = tuple(sorted(chosen.items()))
    trials = [_played(name, arm, seed, settings) for seed in seeds for arm in (treatment, control)]
    protocol = Protocol(
        hypothesis="H1",
        kit=name,
        treatment=treatment,
        control=control,
        arms=(treatment, control),
        metric=metric,
        direction=Direction(direction),
        smallest_effect=kit.smallest_effect(metric),
        parameters=dict(parameters),
        seeds=seeds,
        smoke_seeds=(),
        test=protocols.TEST,
        alpha=0.05,
        level=0.025,
        confidence=0.95,
        resamples=2000,
        stopping_rule="all pairs",
        code_hash=kit.code_hash,
        runner_hash="0" * 64,
    )
    return judge.judge(protocol, trials, "").verdict
