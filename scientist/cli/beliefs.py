"""`scientist belief`: how likely each hypothesis is held to be, what moved it, and how well
the credences were borne out. Everything is derived from the journal at each call."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.audit import credences
from scientist.audit.credences import chance
from scientist.cli import options, output

if TYPE_CHECKING:
    from scientist.journal.project import FindingView, HypothesisView
    from scientist.science.belief import Belief
    from scientist.science.calibration import Calibration

app = typer.Typer(help="How likely each hypothesis is, and why.", no_args_is_help=True)


@app.command("list")
def list_(
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
    plot: options.PlotOption = None,
) -> None:
    """The credence in every hypothesis, and how well credences were borne out."""
    from scientist.science import calibration

    options.check_svg(plot, "scientist belief list")
    with options.reading(workspace) as (_, journal):
        views, found, beliefs = credences.believed(journal)
    records, findings = [view.record for view in views], [view.record for view in found]
    scored = calibration.score(calibration.forecasts(records, findings, beliefs))
    if plot is not None and beliefs:
        _draw(plot, beliefs, found, scored)
    if as_json:
        plain = [_plain(view, belief) for view, belief in zip(views, beliefs, strict=True)]
        output.document(
            {"beliefs": plain, "calibration": None if scored is None else asdict(scored)}
        )
        return
    if not beliefs:
        output.note("no hypotheses yet, so nothing is believed; hint: scientist run")
        return
    output.table(
        ("id", "prior", "credence", "findings", "status", "statement"),
        [_row(view, belief) for view, belief in zip(views, beliefs, strict=True)],
    )
    output.result("")
    for line in _calibration(scored):
        output.result(line)
    if scored is not None:
        output.table(
            ("credence", "verdicts", "mean", "supported", "95% range of the share"),
            [
                (
                    f"{group.low:g} to {group.high:g}",
                    group.count,
                    f"{group.credence:.2f}",
                    f"{group.supported:.2f}",
                    f"{group.range[0]:.2f} to {group.range[1]:.2f}",
                )
                for group in scored.bins
            ],
        )


@app.command()
def show(
    hypothesis: Annotated[str, typer.Argument(help="id of a hypothesis, such as H1")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """One hypothesis: each run that bears on it, what it did to the credence, and why."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        name = project.hypothesis(journal, hypothesis).record.id
        views, found, beliefs = credences.believed(journal)
    view, belief = next(
        pair for pair in zip(views, beliefs, strict=True) if pair[0].record.id == name
    )
    if as_json:
        output.document(_plain(view, belief))
        return
    statements = {finding.record.id: finding.record.statement for finding in found}
    for line in credences.told(view, belief, statements):
        output.result(line)
    if not belief.steps:
        output.note(f"no finding bears on {name} yet; hint: scientist run")


def _row(view: HypothesisView, belief: Belief) -> tuple[Any, ...]:
    prior = f"{belief.prior:g}" if view.record.prior is not None else f"{belief.prior:g} assumed"
    return (
        view.record.id,
        prior,
        chance(belief.credence),
        belief.course.findings,
        view.status,
        view.record.statement,
    )


def _plain(view: HypothesisView, belief: Belief) -> dict[str, Any]:
    return {
        "hypothesis": belief.hypothesis,
        "prior": belief.prior,
        "steps": [
            {
                "finding": step.finding,
                "experiment": step.experiment,
                "factor": step.factor,
                "credence": step.credence,
                "counted": step.counted,
                "reason": belief.reason(step),
            }
            for step in belief.steps
        ],
        "credence": belief.credence,
        "stated": view.record.prior,
        "status": view.status,
        "statement": view.record.statement,
    }


def _calibration(scored: Calibration | None) -> list[str]:
    if scored is None:
        return ["calibration: nothing was supported or refuted yet, so nothing can be scored"]
    lines = [
        f"calibration: the credence before each of {scored.forecasts} verdicts (1 if supported, "
        "0 if refuted)",
        f"  Brier score {scored.brier:.3f} = reliability {scored.reliability:.3f} - resolution "
        f"{scored.resolution:.3f} + uncertainty {scored.uncertainty:.3f} "
        f"{'-' if scored.within < 0 else '+'} {abs(scored.within):.3f} within bins",
        f"  beside it: {scored.uncertainty:.3f} for always saying the share that was supported, "
        f"{scored.base_rate:.2f}, known only in hindsight; 0.250 for always saying 0.5",
    ]
    if scored.stated_brier is not None:
        lines.append(
            f"  the model's priors alone: {scored.stated_brier:.3f} over {scored.stated} verdicts"
        )
    if scored.few:
        plural = "s are" if scored.forecasts > 1 else " is"
        lines.append(f"  {scored.forecasts} verdict{plural} too few to tell how good they are")
    return lines


def _draw(
    path: Path, beliefs: list[Belief], found: list[FindingView], scored: Calibration | None
) -> None:
    from scientist.cli import belief_plot

    drawn = belief_plot.draw(beliefs, [view.record.id for view in found], scored)
    options.save(path, drawn, "plot", "scientist belief list --plot")
