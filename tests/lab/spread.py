"""One experiment for every executor, and what must hold of it wherever it ran."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

from scientist.lab import experiments, tiers
from scientist.lab.executors import Placement
from scientist.lab.experiments import Outcome, Run
from scientist.lab.folders import prepare
from scientist.lab.sandbox import Limits

LIMITS = Limits(
    wall_seconds=60, cpu_seconds=60, memory_mb=512, processes=32, disk_mb=64, output_kb=64
)
LOCAL = Placement(jobs=2)
COMES = 90  # seconds until something comes that others have to start first
MANY = [(arm, seed) for seed in range(8) for arm in ("a", "b")]
CODE = textwrap.dedent(
    """
    import random, time
    import numpy
    def trial(arm, seed):
        time.sleep(0.15)
        print(f"{arm}:{seed}:{time.time_ns()}")
        drawn = numpy.random.default_rng(seed).normal(size=30)
        return {"m": random.random() + (arm == "a"), "n": float(drawn.sum())}
    """
)


def begin(
    runs: Path,
    code: str,
    placement: Placement,
    name: str = "run",
    launch: bool = True,
    script: Any = None,
) -> Run:
    """Prepare and launch an experiment."""
    run = prepare(runs, name, code, {}, MANY, LIMITS, tiers.choose(), placement, script)
    if launch:
        experiments.launch(run)
    return run


def whole(run: Run) -> Outcome:
    """Bring an experiment to its end: every trial has one line, and the line is its result."""
    outcome = experiments.conduct(run)
    assert (outcome.status, outcome.reason) == ("done", "")
    assert [(trial.arm, trial.seed) for trial in outcome.trials] == MANY
    lines = (run.folder / "trials.jsonl").read_bytes().splitlines()
    assert sum(b'"metrics"' in line for line in lines) == len(MANY)
    return outcome


def values(outcome: Outcome) -> list[tuple[Any, ...]]:
    """What was measured, without how long it took."""
    return [(trial.arm, trial.seed, *trial.metrics.items()) for trial in outcome.trials]


def measured(run: Run) -> int:
    """Results that stand."""
    path = run.folder / "trials.jsonl"
    return path.read_bytes().count(b'"metrics"') if path.exists() else 0


def measurements(outcome: Outcome) -> Counter[str]:
    """How often each trial really ran, by the moments that it printed."""
    return Counter(line.rpartition(":")[0] for line in set(outcome.stdout.split()))


ONCE = Counter(f"{arm}:{seed}" for arm, seed in MANY)
