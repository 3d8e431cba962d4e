"""`scientist kit`: the ready experiment families."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import driving, options, output
from scientist.errors import UsageError

if TYPE_CHECKING:
    from scientist.lab.kits import Kit


class Way(StrEnum):
    """Which way the treatment is expected to move the metric."""

    INCREASE = "increase"
    DECREASE = "decrease"


app = typer.Typer(help="Ready experiment families.", no_args_is_help=True)

ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="set a parameter; may repeat"),
]


@app.command("list")
def list_(
    about: Annotated[
        str | None, typer.Option("--about", metavar="TEXT", help="the nearest in meaning first")
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """All kits."""
    from scientist.lab.kits import all_kits

    kits = all_kits()
    near = _near(about, kits) if about else {}
    kits = tuple(sorted(kits, key=lambda kit: -near.get(kit.name, 0.0)))
    if as_json:
        output.document(
            [
                {
                    **kit.model_dump(mode="json", exclude={"code"}),
                    **({"nearness": near[kit.name]} if near else {}),
                }
                for kit in kits
            ]
        )
        return
    names = ("name", "arms", "directions", "title")
    output.table(
        (*(("nearness",) if near else ()), *names),
        [
            (
                *((f"{near[kit.name]:.2f}",) if near else ()),
                *(kit.name, len(kit.arms), ", ".join(kit.directions), kit.title),
            )
            for kit in kits
        ],
    )


def _near(text: str, kits: Sequence[Kit]) -> dict[str, float]:
    from scientist.agent.choosing import nearness
    from scientist.memory.embedding import load

    return nearness(text, kits, load(options.settings(None).values).embed)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="name of a kit")],
    as_json: options.JsonOption = False,
) -> None:
    """What a kit asks, varies, measures and can be set to, and what it cannot show."""
    from scientist.audit import shown
    from scientist.lab.kits import load

    kit = load(name)
    if as_json:
        output.document({**kit.model_dump(mode="json", exclude={"code"}), "about": kit.about})
        return
    title, *rest = shown.kit(kit)
    output.result(f"{title}\n")
    about = "\n".join(f"  {line}".rstrip() for line in kit.about.splitlines())
    output.result(f"{about}\n", joined=True)
    for line in rest:
        output.result(line)
    output.note(f"test it: scientist kit run {kit.name}")
    output.note(f"look:    scientist kit sweep {kit.name} (over {kit.plot.over})")
    output.note(f"adapt:   scientist kit copy {kit.name} FOLDER")


@app.command()
def copy(
    name: Annotated[str, typer.Argument(help="name of a kit")],
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    param: ParamOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Write a kit as an experiment of your own, to adapt and then to run."""
    from scientist.agent import given
    from scientist.lab.kits import load

    kit = load(name)
    files = given.as_folder(kit, given.parameters_in(param or [], kit))
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(
            f"{folder} is there already", f"scientist kit copy {name} NEW_FOLDER"
        ) from None
    except OSError as fault:
        raise UsageError(
            f"{folder} cannot be made: {fault.strerror or fault}",
            f"scientist kit copy {name} NEW_FOLDER, where you may write",
        ) from fault
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    written = [str(folder / file) for file in files]
    if as_json:
        output.document({"files": written})
    else:
        output.result("\n".join(written))
    place = shlex.quote(str(folder))
    output.note(f"edit trial() in experiment.py; then: scientist experiment run {place}")


@app.command()
def sweep(
    name: Annotated[str, typer.Argument(help="name of a kit")],
    over: Annotated[str | None, typer.Option(help="the parameter (default: the kit's own)")] = None,
    metric: Annotated[
        str | None, typer.Option(help="what is shown (default: the kit's own)")
    ] = None,
    param: ParamOption = None,
    seeds: Annotated[int, typer.Option(help="seeds at each level")] = 6,
    plot: options.PlotOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """All arms along a parameter, on seeds that never count: to look, not to conclude."""
    from scientist.agent import given
    from scientist.agent import sweep as sweeping
    from scientist.audit.drawing import trial_plot
    from scientist.lab.kits import load

    kit = load(name)
    over, metric = over or kit.plot.over, metric or kit.plot.metric
    if metric not in kit.metrics:
        raise UsageError(f"kit {name} has no metric {metric!r}", f"scientist kit show {name}")
    options.check_svg(plot, f"scientist kit sweep {name}")
    chosen = given.parameters_in(param or [], kit)
    sweeping.settings_of(kit, over, chosen, seeds)  # before a workspace is made
    settings = options.settings(workspace).values
    with options.writing(workspace) as (place, journal):
        found = sweeping.sweep(kit, over, chosen, seeds, journal, place, settings, output.note)
    curves = {
        arm: [
            (level, *trial_plot.summary(found.values(level, arm, metric))) for level in found.levels
        ]
        for arm in kit.arms
    }
    if plot is not None:
        title = f"{kit.title}: {metric} over {over}"
        drawn = trial_plot.swept(title, over, metric, curves)
        options.save(plot, drawn, "plot", f"scientist kit sweep {name} --plot")
    if as_json:
        output.document({"kit": kit.name, "over": over, "metric": metric, "curves": curves})
        return
    output.result(f"{metric} ({kit.metrics[metric].better} is better), mean of {seeds} seeds")
    rows = [
        (f"{level:g}", *(f"{curves[arm][place][1]:.4g}" for arm in kit.arms))
        for place, level in enumerate(found.levels)
    ]
    output.table((over, *kit.arms), rows)
    output.note("exploratory: it decides nothing; test it: scientist kit run " + kit.name)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="name of a kit")],
    param: ParamOption = None,
    treatment: Annotated[
        str | None, typer.Option(help="the arm that is tested (default: the kit's own)")
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="the arm it is compared with (default: the kit's own)")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="what is measured (default: the kit's own)")
    ] = None,
    direction: Annotated[
        Way | None, typer.Option(help="what the treatment should do (default: improve the metric)")
    ] = None,
    pairs: options.PairsOption = None,
    jobs: options.JobsOption = None,
    executor: options.ExecutorOption = None,
    chroma: options.ChromaOption = None,
    plot: options.PlotOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Test one comparison of a kit: sealed, contained, judged and recorded. No model is asked."""
    from scientist.agent import given
    from scientist.lab.kits import load

    kit = load(name)
    chosen = given.parameters_in(param or [], kit)
    hypothesis = given.of_kit(kit, chosen, treatment, control, metric, direction)
    options.check_svg(plot, f"scientist kit run {name}")
    driving.try_out(
        *(workspace, hypothesis, (), as_json, plot),
        pairs=pairs,
        jobs=jobs,
        executor=executor,
        chroma=chroma,
    )
