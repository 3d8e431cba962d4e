"""`scientist run`: one campaign from the essays to its findings, or the rest of one."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.cli import options, output
from scientist.errors import BudgetError, UsageError

if TYPE_CHECKING:
    from scientist.agent.campaign import Ended
    from scientist.journal import Journal
    from scientist.workspace import Workspace


def run(
    question: Annotated[
        str | None,
        typer.Argument(
            help="the question to answer; with --resume, the campaign to resume", show_default=False
        ),
    ] = None,
    essays: Annotated[
        Path | None,
        typer.Option("--essays", help="a file or folder of essays to add and work from"),
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="rounds of hypothesis and experiment")] = None,
    minutes: Annotated[float | None, typer.Option(help="wall-clock budget")] = None,
    tokens: Annotated[int | None, typer.Option(help="token budget")] = None,
    pairs: Annotated[int | None, typer.Option(help="seeds of an experiment")] = None,
    seed: Annotated[int | None, typer.Option(help="seed of choices and sampling")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with an unfinished campaign")
    ] = False,
    endpoint: options.EndpointOption = None,
    model: options.ModelOption = None,
    unsafe_no_sandbox: Annotated[
        bool,
        typer.Option("--unsafe-no-sandbox", help="run experiment code on the bare machine"),
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Read essays, form a hypothesis, run the experiment, record the finding; repeat."""
    resolved = options.settings(
        workspace,
        rounds=rounds,
        minutes=minutes,
        tokens=tokens,
        pairs=pairs,
        seed=seed,
        endpoint=endpoint,
        model=model,
        unsafe_no_sandbox=unsafe_no_sandbox or None,
    )
    if resume:
        fixed = {
            "--essays": essays,
            "--rounds": rounds,
            "--minutes": minutes,
            "--tokens": tokens,
            "--pairs": pairs,
            "--seed": seed,
        }
        _refuse([flag for flag, value in fixed.items() if value is not None], question)
    with options.writing(workspace) as (place, journal):
        from scientist.cli.live import LiveView

        with LiveView(output.console()) as view, _polite_stop(view.say) as stop_asked:
            journal.listeners.append(view.on_entry)
            if resume:
                from scientist.agent import campaign

                name = campaign.unfinished(journal, question)
                view.say(f"resuming {name}")
            else:
                chosen = _essays(journal, place, essays)
                from scientist.agent import campaign

                name = campaign.open_campaign(journal, resolved, question, chosen)
            ended = campaign.drive(
                name,
                place,
                journal,
                resolved,
                campaign.Screen(
                    on_text=view.on_text,
                    on_trial=view.on_trial,
                    on_download=view.on_download,
                    on_meter=view.on_meter,
                    stop_asked=stop_asked,
                ),
                resume,
            )
        _report(journal, place, ended, as_json)


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
        raise UsageError(
            f"there are no essays in {place.root}",
            f"scientist corpus add FILE_OR_FOLDER --workspace {place.root}, "
            "or scientist run --essays FILE_OR_FOLDER",
        )
    return known


def _refuse(flags: list[str], campaign: str | None) -> None:
    """What was fixed when a campaign opened cannot be changed at its resume."""
    if flags:
        command = " ".join(("scientist run --resume", campaign or "")).strip()
        raise UsageError(f"{', '.join(flags)} cannot be changed at a resume", command)


def _report(journal: Journal, place: Workspace, ended: Ended, as_json: bool) -> None:
    from scientist.journal import project

    found = [project.finding(journal, name) for name in ended.findings]
    if not found:
        raise BudgetError(
            f"campaign {ended.campaign} ended without a finding ({ended.reason})",
            f"scientist audit show {ended.campaign}",
        )
    if as_json:
        output.document(
            {
                "campaign": ended.campaign,
                "outcome": ended.outcome,
                "reason": ended.reason,
                "tokens": ended.tokens,
                "seconds": round(ended.seconds, 1),
                "findings": [view.record.model_dump(mode="json") for view in found],
            }
        )
    else:
        from scientist.cli.findings import paragraphs

        for view in found:
            output.result("\n".join(paragraphs(journal, view)))
            output.result("")
        output.note(
            f"{ended.campaign} ended ({ended.outcome}: {ended.reason}); "
            f"{len(found)} findings, {ended.tokens} tokens, {ended.seconds:.0f} s"
        )
        where = "" if place.root == Path("workspace").absolute() else f" -w {place.root}"
        output.note(f"next: scientist finding show {found[-1].record.id}{where}")
        output.note(f"      scientist audit verify{where}")


@contextmanager
def _polite_stop(say: Callable[..., Any]) -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C lets the step finish and be recorded, the second stops at once."""
    asked: list[bool] = []

    def ask(_number: int, _frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        say("stopping after this step; Ctrl-C again to stop at once")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
