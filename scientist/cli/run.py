"""`scientist run`: one campaign from the essays to its findings, or the rest of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import driving, options
from scientist.errors import UsageError

if TYPE_CHECKING:
    from scientist.cli.live import LiveView
    from scientist.journal import Journal
    from scientist.workspace import Workspace


def run(
    question: Annotated[
        str | None,
        typer.Argument(
            help="the question to answer, which is tested first as it is asked ('does X beat Y at "
            "shift 0.8?'); with --resume, the campaign to resume",
            show_default=False,
        ),
    ] = None,
    essays: Annotated[
        Path | None,
        typer.Option("--essays", help="a file or folder of essays to add and work from"),
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="rounds of hypothesis and experiment")] = None,
    minutes: Annotated[float | None, typer.Option(help="wall-clock budget in minutes")] = None,
    tokens: Annotated[int | None, typer.Option(help="token budget")] = None,
    trials: Annotated[
        int | None, typer.Option(help="trials it may measure, smoke runs included")
    ] = None,
    disk_mb: Annotated[
        int | None, typer.Option("--disk-mb", help="megabytes the workspace may grow by")
    ] = None,
    pairs: options.PairsOption = None,
    seed: Annotated[int | None, typer.Option(help="seed of choices and sampling")] = None,
    jobs: options.JobsOption = None,
    executor: options.ExecutorOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="go on with an unfinished campaign, or past its budget with a larger one",
        ),
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="show plan and code before each launch, and ask")
    ] = False,
    at_once: Annotated[
        int | None, typer.Option("--at-once", help="hypotheses that a round tests side by side")
    ] = None,
    rung: Annotated[
        str | None,
        typer.Option(
            "--rung",
            metavar="NAME",
            help="how much code a model may write: kit (none), adapted (an arm), free (all of "
            "it), or auto (what it is able to)",
        ),
    ] = None,
    endpoint: options.EndpointOption = None,
    model: options.ModelOption = None,
    chroma: options.ChromaOption = None,
    unsafe_no_sandbox: Annotated[
        bool,
        typer.Option("--unsafe-no-sandbox", help="run experiment code on the bare machine"),
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Read essays, form a hypothesis, run the experiment, record the finding; repeat.

    Without --essays: all essays of the workspace. What no option says is a setting: scientist
    config show. Exit 4 if it ends without a finding.
    """
    resolved = options.settings(
        workspace,
        rounds=rounds,
        minutes=minutes,
        tokens=tokens,
        trials=trials,
        disk_mb=disk_mb,
        pairs=pairs,
        seed=seed,
        jobs=jobs,
        executor=executor,
        approve=approve or None,
        at_once=at_once,
        rung=rung,
        endpoint=endpoint,
        model=model,
        chroma=chroma,
        unsafe_no_sandbox=unsafe_no_sandbox or None,
    )
    if resume:
        fixed = {"--essays": essays, "--pairs": pairs, "--seed": seed}
        _refuse([flag for flag, value in fixed.items() if value is not None], question)

    def opening(journal: Journal, place: Workspace, view: LiveView) -> str:
        from scientist.agent import opening as openings
        from scientist.llm import endpoint as endpoint_of

        if resume:
            name = openings.to_resume(journal, question, resolved)
            view.say(f"resuming {name}")
            return name
        endpoint_of.check(resolved.values)  # a slip of the pen opens no campaign
        chosen = _essays(journal, place, essays)
        return openings.open_campaign(journal, resolved, question, chosen)

    driving.drive(workspace, resolved, opening, as_json, resume)


def _essays(journal: Journal, place: Workspace, given: Path | None) -> list[str]:
    """The essays of the campaign: those given, else all of the workspace."""
    from scientist.corpus.store import add
    from scientist.journal import project

    if given is not None:
        return list(dict.fromkeys(added.essay for added in add(journal, given)))
    if place.essays.is_dir() and any(place.essays.iterdir()):
        add(journal, place.essays)
    known = [essay.id for essay in project.essays(journal)]
    if not known:
        where = options.at(place)
        raise UsageError(
            f"there are no essays in {place.root}",
            f"scientist corpus add{where} FILE_OR_FOLDER, "
            f"or scientist run{where} --essays FILE_OR_FOLDER",
        )
    return known


def _refuse(flags: list[str], campaign: str | None) -> None:
    """What was fixed when a campaign opened cannot be changed at its resume."""
    if flags:
        command = " ".join(("scientist run --resume", campaign or "")).strip()
        raise UsageError(f"{', '.join(flags)} cannot be changed at a resume", command)
