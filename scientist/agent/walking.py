"""Walk the graph from where its checkpoint stands: step by step, with stops between the steps.

Whoever drives a campaign is asked here for the user's approval; experiments that still run when
the walk is broken off are stopped, and go on from what they measured at the resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langgraph.types import Command

from scientist import interrupts
from scientist.agent import checkpoints
from scientist.agent.bench import Bench
from scientist.agent.checkpoints import Kept
from scientist.agent.graph import most_steps
from scientist.errors import Interrupted
from scientist.events import CampaignPaused, CampaignResumed
from scientist.lab import experiments

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

Approval = Callable[[dict[str, Any]], dict[str, Any]]
ANOTHER_ROUND: dict[str, Any] = {"queue": [], "flight": [], "barren": 0}


def walk(
    graph: CompiledStateGraph[Any, Bench, Any, Any],
    bench: Bench,
    kept: Kept,
    thread: str,
    on_approval: Approval | None,
) -> None:
    """Take every step that is left."""
    config: Any = {
        "configurable": {"thread_id": kept.thread(thread)},
        "recursion_limit": most_steps(bench.meter.budget.rounds, bench.settings.at_once),
    }
    standing = graph.get_state(config)
    values = standing.values
    if values.get("events", 0) > bench.journal.head[0]:
        raise checkpoints.foreign(kept)
    opening = next(bench.journal.entries("campaign_opened", campaign=bench.campaign)).data
    given = opening.get("hypothesis")
    begin: Any = {"round": 1 if given else 0, "queue": [given] if given else []}
    feed: Any = begin
    if values:  # at its end, a campaign was taken up again with a larger budget
        feed = None if checkpoints.waiting(standing) else ANOTHER_ROUND
    while True:
        asked = None
        steps = graph.stream(feed, config, context=bench, stream_mode="updates", durability="sync")
        for step in interrupts.each(steps):
            if "__interrupt__" in step:
                asked = step["__interrupt__"][0].value
                continue
            if bench.stop_asked() and (following := graph.get_state(config).next):
                raise _stopped(
                    *(bench, "stopped by the user after a finished step"),
                    f"stopped before {following[0]}; everything so far is recorded",
                )
        if asked is None:
            return
        feed = Command(resume=_approval(bench, asked, on_approval))


@contextmanager
def ending_what_runs(bench: Bench) -> Iterator[None]:
    """Leave no experiment behind when the walk does not come to its end."""
    try:
        yield
    except BaseException:
        for run in bench.launched:
            if experiments.state(run) == "running":
                experiments.stop(run, experiments.STOP_SECONDS)
        raise


def _approval(bench: Bench, asked: dict[str, Any], on_approval: Approval | None) -> dict[str, Any]:
    """The user's word; while it is waited for, no time of the campaign passes."""
    name = asked["hypothesis"]["id"]
    waits = f"{name} waits for the user's approval"
    if on_approval is None:
        raise _stopped(bench, waits, f"{name} waits for your approval, and here is no terminal")
    bench.note(CampaignPaused(reason=waits), True)
    answer = on_approval(asked)
    bench.note(
        CampaignResumed(next_phase="approve", seconds_used=round(bench.meter.seconds, 1)), True
    )
    return answer


def _stopped(bench: Bench, reason: str, said: str) -> Interrupted:
    bench.note(CampaignPaused(reason=reason), True)
    return Interrupted(said, f"scientist run --resume {bench.campaign}")
