"""Run experiment code in the sandbox: every given arm and seed, once; waits for the end, or not.

A folder that was launched before is taken up where it stands, and no trial is run twice. An
interrupt stops the experiment; whoever comes back measures what is missing, since half of it
is no result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from scientist.lab import experiments
from scientist.lab.executors import Placement, Script
from scientist.lab.sandbox import Limits

if TYPE_CHECKING:
    from scientist.agent.bench import Bench


class Arguments(BaseModel):
    folder: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="name of the run folder")
    code: str = Field(
        min_length=1,
        description="Python source that defines trial(arm, seed, ...); of a script its command "
        "and the addresses of its files",
    )
    parameters: dict[str, float | int | str | bool] = Field(description="arguments of every trial")
    trials: list[tuple[str, int]] = Field(min_length=1, description="(arm, seed) pairs to run")
    script: bool = Field(False, description="whether the code is a script's")
    wait: bool = Field(True, description="whether to wait for the results, or only to launch it")


def call(arguments: Arguments, bench: Bench) -> tuple[experiments.Outcome | None, str]:
    script = Script.of(arguments.code, bench.journal.get) if arguments.script else None
    standing = ""
    while standing in ("", "stopped"):  # an interrupt that came before this call may stop it yet
        run = experiments.prepare(
            bench.workspace.runs,
            arguments.folder,
            "" if script else arguments.code,
            arguments.parameters,
            arguments.trials,
            Limits.of(bench.settings),
            bench.tier,
            Placement.of(bench.settings),
            script,
        )
        if not arguments.wait:
            experiments.launch(run)
            bench.launched.append(run)
            return None, f"launched: {len(arguments.trials)} trials"
        outcome = experiments.conduct(run, bench.on_trial, lambda: not bench.meter.seconds_left)
        standing = experiments.state(run)
        if standing == "stopped":
            bench.meter.check()  # what is stopped for want of time goes on under a larger budget
    return outcome, f"{outcome.status}: {len(outcome.trials)} trials in {outcome.seconds:.1f} s"
