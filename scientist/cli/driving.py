"""Driving a campaign from the command line: live view, polite stop, the report at the end.

`scientist run`, `kit run` and `experiment run` differ only in how the campaign is opened.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.cli import options, output, report
from scientist.errors import BudgetError

if TYPE_CHECKING:
    from scientist.agent.campaign import Ended
    from scientist.cli.live import LiveView
    from scientist.journal import Journal
    from scientist.records import Hypothesis
    from scientist.settings import Resolved
    from scientist.workspace import Workspace

Shown = Callable[["Journal", str], None]
Opening = Callable[["Journal", "Workspace", "LiveView"], str]


def drive(
    workspace: Path | None,
    resolved: Resolved,
    opening: Opening,
    as_json: bool,
    resume: bool = False,
    shown: Shown | None = None,
) -> None:
    """Open a campaign (or find the one to resume), follow it to its end and report."""
    if resolved.values.executor != "local":
        from scientist.lab.executors import ready

        ready.check(resolved.values)
    with options.writing(workspace, tell=True) as (place, journal):
        from scientist.cli.live import LiveView

        with LiveView(output.console()) as view, _polite_stop(view.say) as stop_asked:
            journal.listeners.append(view.on_entry)
            name = opening(journal, place, view)
            from scientist.agent import campaign

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
                    on_approval=_approval(view) if sys.stdin.isatty() else None,
                    stop_asked=stop_asked,
                ),
                resume,
            )
        report.keep(journal, place, ended.campaign)
        _report(journal, place, ended, as_json, shown)


def try_out(
    workspace: Path | None,
    hypothesis: Hypothesis,
    kept: Sequence[bytes],
    as_json: bool,
    plot: Path | None = None,
    **flags: Any,
) -> None:
    """Test a given hypothesis, with code of its own if it is no kit's; show every seed."""
    resolved = options.settings(workspace, **flags)

    def opening(journal: Journal, _place: Workspace, _view: LiveView) -> str:
        from scientist.agent.opening import open_campaign

        for content in kept:
            journal.put(content, exact=True)
        return open_campaign(journal, resolved, hypothesis.statement, (), hypothesis)

    def shown(journal: Journal, finding: str) -> None:
        from scientist.cli.experiments import picture

        picture(journal, finding, plot, as_json)

    drive(workspace, resolved, opening, as_json, shown=shown)


def _approval(view: LiveView) -> Callable[[dict[str, Any]], dict[str, Any]]:
    from scientist.cli import approval

    return lambda shown: approval.ask(view, shown)


def _report(
    journal: Journal, place: Workspace, ended: Ended, as_json: bool, shown: Shown | None
) -> None:
    from scientist.agent.opening import going_on
    from scientist.cli.costs import summary
    from scientist.journal import project
    from scientist.journal.costs import cost

    found = [project.finding(journal, name) for name in ended.findings]
    took = cost(journal, ended.campaign)
    further = going_on(journal, ended.campaign)
    if not found:
        for line in summary(took):
            output.note(line)
        show = f"scientist audit show {ended.campaign}"
        raise BudgetError(
            f"campaign {ended.campaign} ended without a finding ({ended.reason})",
            f"{show}; to go on: {further}" if further else show,
        )
    if as_json:
        if shown:
            for view in found:
                shown(journal, view.record.id)
        from scientist.audit import answering

        question = answering.of(journal, ended.campaign)
        output.document(
            {
                "campaign": ended.campaign,
                "outcome": ended.outcome,
                "reason": ended.reason,
                "tokens": ended.tokens,
                "seconds": round(ended.seconds, 1),
                "question": question.plain() if question else None,
                "findings": [view.record.model_dump(mode="json") for view in found],
                "cost": took.plain(),
            }
        )
    else:
        from scientist.audit import shown as lines

        for view in found:
            output.result("\n".join(lines.finding(journal, view)))
            if shown:
                shown(journal, view.record.id)
            output.result("")
        if answer := lines.answer(journal, ended.campaign):
            output.result("\n".join([*answer, ""]))
        output.note(f"{ended.campaign} ended ({ended.outcome}: {ended.reason})")
        for line in summary(took):
            output.note(line)
        where = options.at(place)
        output.note(f"next: scientist finding show {found[-1].record.id}{where}")
        output.note(f"      scientist audit verify{where}")
        if further:
            output.note(f"      {further}{where} (goes on)")


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
