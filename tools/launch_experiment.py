"""Run experiment code in the sandbox: every given arm and seed, once; waits for the end.

A folder that was launched before is taken up where it stands, never run twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.lab import experiments
from scientist.lab.sandbox import Limits

if TYPE_CHECKING:
    from scientist.agent.bench import Bench


class Arguments(BaseModel):
    folder: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="name of the run folder")
    code: str = Field(min_length=1, description="Python source that defines trial(arm, seed, ...)")
    parameters: dict[str, float | int | str | bool] = Field(description="arguments of every trial")
    trials: list[tuple[str, int]] = Field(min_length=1, description="(arm, seed) pairs to run")


def call(arguments: Arguments, bench: Bench) -> tuple[experiments.Outcome, str]:
    run = experiments.prepare(
        bench.workspace.runs,
        arguments.folder,
        arguments.code,
        arguments.parameters,
        arguments.trials,
        Limits.of(bench.settings),
        bench.tier,
    )
    experiments.launch(run)
    outcome = experiments.wait(run, on_trial=bench.on_trial)
    return outcome, f"{outcome.status}: {len(outcome.trials)} trials in {outcome.seconds:.1f} s"
