"""`scientist experiment`: attempts at sealed protocols, with their raw trials."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import driving, options, output
from scientist.errors import JournalError

if TYPE_CHECKING:
    from scientist.journal import Journal

app = typer.Typer(help="What was run.", no_args_is_help=True)


@app.command("list")
def list_(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """All experiments, the failed ones too."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        views = project.experiments(journal)
    if as_json:
        output.document([asdict(view) for view in views])
        return
    if not views:
        output.note("no experiments yet; hint: scientist run")
        return
    output.table(
        ("id", "status", "trials", "seconds", "sandbox", "hypothesis", "campaign", "reason"),
        [
            (
                *(v.id, v.status, v.trials, f"{v.seconds:.1f}", v.tier),
                *(v.hypothesis, v.campaign, v.reason),
            )
            for v in views
        ],
    )


@app.command()
def show(
    experiment: Annotated[str, typer.Argument(help="id of an experiment, such as X1")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """One experiment with its protocol and every trial."""
    from scientist.audit import shown
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        view = project.experiment(journal, experiment)
        protocol = project.protocol(journal, view.protocol_digest)
        trials = project.trials(journal, view)
    if as_json:
        output.document(
            {
                **asdict(view),
                "protocol": protocol.model_dump(mode="json"),
                "raw_trials": [trial.model_dump(mode="json") for trial in trials],
            }
        )
        return
    for line in shown.experiment(view, protocol):
        output.result(line)
    metrics = sorted({name for trial in trials for name in trial.metrics})
    output.table(
        ("arm", "seed", *metrics),
        [(t.arm, t.seed, *(repr(t.metrics.get(name, "")) for name in metrics)) for t in trials],
    )


def picture(journal: Journal, finding: str, plot: Path | None, as_json: bool) -> None:
    """Every seed of what a finding rests on: in the terminal, and into a file if one is named."""
    from scientist.audit.drawing import trial_plot
    from scientist.journal import project

    record = project.finding(journal, finding).record
    if not record.experiment:
        return
    protocol = project.protocol(journal, record.protocol_digest)
    trials = project.raw_trials(journal, record.trials_blob)
    if not as_json:
        for line in trial_plot.strips(protocol, trials):
            output.result(line)
    if plot is not None:
        drawn = trial_plot.draw(record.id, protocol, trials, record.judgement)
        group = "kit" if protocol.kit else "experiment"
        options.save(plot, drawn, "plot", f"scientist {group} run … --plot")


@app.command()
def run(
    folder: Annotated[
        Path, typer.Argument(help="holds protocol.json, and experiment.py or a script")
    ],
    pairs: options.PairsOption = None,
    jobs: options.JobsOption = None,
    executor: options.ExecutorOption = None,
    chroma: options.ChromaOption = None,
    plot: options.PlotOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Test code of your own: checked, sealed, contained, judged and recorded. No model is asked.

    experiment.py defines ARMS, METRICS and trial(arm, seed, **parameters) -> {metric: number}.
    protocol.json names treatment, control, metric, direction and smallest_effect; with
    "script": {"command": [...], "gpus": 0} that command takes the place of experiment.py: it reads
    $SCIENTIST_PLAN and appends {"arm", "seed", "metrics"} as lines to $SCIENTIST_RESULTS. Values
    in params.json, if it is there, become parameters.
    """
    from scientist.agent import given

    options.check_svg(plot, f"scientist experiment run {shlex.quote(str(folder))}")
    hypothesis, kept = given.of_folder(folder)
    driving.try_out(
        *(workspace, hypothesis, kept, as_json, plot),
        pairs=pairs,
        jobs=jobs,
        executor=executor,
        chroma=chroma,
    )


@app.command()
def reproduce(
    experiment: Annotated[str, typer.Argument(help="id of an experiment, such as X1")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Run an experiment again from the record and compare every number; exit 5 if any differs."""
    from scientist.audit import reproduce as again
    from scientist.cli import reproduction
    from scientist.lab import tiers
    from scientist.lab.executors import Placement
    from scientist.lab.sandbox import Limits
    from scientist.workspace import writable

    settings = options.settings(workspace).values
    with options.reading(workspace) as (place, journal):
        record = again.recorded(journal, experiment)
    writable(place.root)  # better known before the trials than after them
    tier = tiers.choose()
    output.note(f"running {len(record.planned)} trials again in sandbox {tier.name}")
    found = again.reproduce(record, place.runs, Limits.of(settings), tier, Placement.of(settings))
    with options.writing(workspace, must_exist=True) as (_, journal):
        again.keep(journal, found)
    if as_json:
        output.document(again.describe(found))
    else:
        reproduction.show(found)
    if not found.holds:
        raise typer.Exit(JournalError.exit_code)
