"""Drive a campaign to its end, from wherever it stands; `opening` begins it.

One LangGraph thread per campaign, named after it. A campaign is over only when its
`campaign_closed` event stands in the journal; anything else can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scientist import locks
from scientist.agent import checkpoints, resuming, strength, walking
from scientist.agent.bench import Bench
from scientist.agent.budget import Meter, grown, raised
from scientist.agent.effects import Effects
from scientist.agent.graph import build
from scientist.agent.toolkit import Toolkit
from scientist.errors import BudgetError, Interrupted, ScientistError, UsageError, WorkspaceError
from scientist.events import (
    CampaignClosed,
    CampaignPaused,
    CampaignResumed,
    Failed,
)
from scientist.journal import Entry, Journal
from scientist.journal import checkpoints as signed
from scientist.journal.costs import spent
from scientist.lab import tiers
from scientist.llm.client import Client
from scientist.llm.endpoint import connect
from scientist.memory.store import Store
from scientist.settings import Resolved, Settings
from scientist.workspace import Workspace


@dataclass
class Screen:
    """What a front end may hear while a campaign runs."""

    on_text: Callable[[str, str], None] | None = None
    on_trial: Callable[[int, int], None] | None = None
    on_download: Callable[[str, int, int], None] | None = None
    on_meter: Callable[[Meter], None] | None = None
    on_approval: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    stop_asked: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class Ended:
    """How a campaign ended."""

    campaign: str
    outcome: str
    reason: str
    findings: tuple[str, ...]
    tokens: int
    seconds: float


def drive(
    name: str,
    workspace: Workspace,
    journal: Journal,
    resolved: Resolved,
    screen: Screen,
    resume: bool = False,
) -> Ended:
    """Run a campaign from where it stands to its end; pauses and faults are recorded."""
    taken = UsageError(
        f"campaign {name} is running in another process", "scientist run (a new campaign)"
    )
    with locks.only(workspace.locks, name, taken):
        try:
            ended = _drive(name, workspace, journal, resolved, screen, resume)
        except BudgetError as spent:
            ended = _end(name, journal, "budget", spent.message)
        except ScientistError as fault:
            if not isinstance(fault, Interrupted | WorkspaceError | UsageError):
                failed = Failed(error=fault.kind, message=fault.message, hint=fault.hint)
                journal.append(failed, name, sync=True)
            fault.hint = resuming.hint(fault.hint, name)
            raise
        except KeyboardInterrupt:
            journal.append(CampaignPaused(reason="interrupted by the user"), name, sync=True)
            raise Interrupted("stopped", f"scientist run --resume {name}") from None
        except BaseException as fault:
            reason = f"unforeseen: {type(fault).__name__}: {fault}"[:500]
            journal.append(CampaignPaused(reason=reason), name, sync=True)
            raise
        signed.sign(journal, f"{name} ended")
        return ended


def _drive(
    name: str,
    workspace: Workspace,
    journal: Journal,
    resolved: Resolved,
    screen: Screen,
    resume: bool,
) -> Ended:
    opening = next(journal.entries("campaign_opened", campaign=name))
    opened = opening.data
    before = resuming.stands(journal, name)
    settings = resuming.settings(resolved, before)
    if resume:  # before anything that can fail: the time since the last try was no work
        journal.append(_resumed(name, journal, before, settings, resolved), name)
    tier = tiers.choose(unsafe=settings.unsafe_no_sandbox)
    kept = checkpoints.of_campaigns(workspace, settings)
    journal.hide(*kept.secrets)
    with (
        _client(settings, journal, name, screen, opened.get("hypothesis")) as client,
        Store(workspace, settings, screen.on_download) as store,
        kept.opened() as saver,
    ):
        store.sync(journal)
        bench = Bench(
            campaign=name,
            question=opened["question"],
            essays=tuple(opened["essays"]),
            workspace=workspace,
            settings=settings,
            journal=journal,
            client=client,
            store=store,
            tier=tier,
            toolkit=Toolkit(),
            effects=Effects(journal, name),
            meter=Meter(journal, name),
            on_text=screen.on_text,
            on_trial=screen.on_trial,
            stop_asked=screen.stop_asked,
        )
        if screen.on_meter:
            screen.on_meter(bench.meter)
        for what, reason in (*tier.degradations(), *store.degradations()):
            bench.degrade(what, reason)
        # a new journal in an old folder may give an old name again, never an old hash
        bench.top = strength.top(bench)
        thread = f"{name}-{opening.hash[:16]}"
        with kept.explained(), walking.ending_what_runs(bench):
            walking.walk(build(saver), bench, kept, thread, screen.on_approval)
    ends = journal.entries("campaign_opened", "campaign_resumed", "campaign_closed", campaign=name)
    *_, last = ends
    if last.kind != "campaign_closed":
        raise checkpoints.foreign(kept)
    return _ended(name, journal, last)


@contextmanager
def _client(
    settings: Settings, journal: Journal, name: str, screen: Screen, given: str | None
) -> Iterator[Client | None]:
    """The model of a campaign; one that was given its hypothesis needs none."""
    if given:
        yield None
        return
    with (
        connect(settings, screen.on_download) as handle,
        Client(handle, settings, journal, name) as client,
    ):
        yield client


def _resumed(
    name: str, journal: Journal, before: resuming.Standing, settings: Settings, now: Resolved
) -> CampaignResumed:
    phases = [entry.data["phase"] for entry in journal.entries("phase_started", campaign=name)]
    used = spent(journal.entries(campaign=name))
    changed = resuming.changes(before, settings)
    return CampaignResumed(
        next_phase=phases[-1] if phases else "survey",
        seconds_used=round(used.seconds, 1),
        changed=tuple(f"{what}: {old} before, {new} now" for what, (old, new) in changed.items()),
        budget=raised(used.budget, now),
        settings={what: new for what, (_, new) in changed.items()} or None,
        typed=resuming.typed(now),
    )


def _end(name: str, journal: Journal, outcome: Any, reason: str) -> Ended:
    findings = tuple(
        entry.data["finding"]["id"] for entry in journal.entries("finding_recorded", campaign=name)
    )
    rounds = max(
        (entry.data["round"] for entry in journal.entries("phase_started", campaign=name)),
        default=0,
    )
    before = spent(journal.entries(campaign=name)).disk_before
    closed = CampaignClosed(
        outcome=outcome,
        reason=reason,
        rounds=rounds,
        findings=findings,
        grown_bytes=grown(journal, before),
    )
    return _ended(name, journal, journal.append(closed, name, sync=True))


def _ended(name: str, journal: Journal, entry: Entry) -> Ended:
    known = spent(journal.entries(campaign=name))
    return Ended(
        campaign=name,
        outcome=entry.data["outcome"],
        reason=entry.data["reason"],
        findings=tuple(entry.data["findings"]),
        tokens=known.tokens,
        seconds=known.seconds,
    )
