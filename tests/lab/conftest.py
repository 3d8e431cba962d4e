"""The real sandbox of this machine, and a short way to run code in it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scientist.lab import experiments, tiers
from scientist.lab.experiments import Outcome, Run
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier

LIMITS = Limits(
    wall_seconds=20, cpu_seconds=20, memory_mb=512, processes=32, disk_mb=64, output_kb=64
)
PAIRS = (("a", 1), ("b", 1))


@pytest.fixture(scope="session")
def tier() -> Tier:
    return tiers.choose()


@pytest.fixture
def prepared(tmp_path: Path, tier: Tier) -> Callable[..., Run]:
    """Makes a run folder for some code."""

    def make(code: str, trials: Any = PAIRS, name: str = "run", **changes: Any) -> Run:
        parameters = changes.pop("parameters", {})
        used = changes.pop("tier", tier)
        limits = replace(LIMITS, **changes)
        return experiments.prepare(
            tmp_path / "runs", name, textwrap.dedent(code), parameters, trials, limits, used
        )

    return make


@pytest.fixture
def ran(prepared: Callable[..., Run]) -> Callable[..., Outcome]:
    """Runs some code to its end."""

    def run(code: str, *arguments: Any, **changes: Any) -> Outcome:
        run = prepared(code, *arguments, **changes)
        experiments.launch(run)
        return experiments.wait(run)

    return run
