"""Open, drive, resume and end a campaign.

One LangGraph thread per campaign, named after it. A campaign is over only when its
`campaign_closed` event stands in the journal; anything else can be resumed.
"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist import __version__
from scientist.agent.bench import Bench
from scientist.agent.budget import Meter, spent_before
from scientist.agent.effects import Effects
from scientist.agent.graph import NODES_A_ROUND, build
from scientist.agent.toolkit import Toolkit
from scientist.errors import BudgetError, Interrupted, ScientistError, UsageError, WorkspaceError
from scientist.events import (
    CampaignClosed,
    CampaignOpened,
    CampaignPaused,
    CampaignResumed,
    Degraded,
    Failed,
)
from scientist.journal import Entry, Journal
from scientist.lab import tiers
from scientist.llm.client import Client
from scientist.llm.endpoint import connect
from scientist.memory.store import Store
from scientist.records import Budget
from scientist.settings import Resolved, Settings
from scientist.workspace import Workspace

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

DECIDES_RESULTS = ("seed", "pairs", "alpha", "temperature", "max_output", "embedding")
LIBRARIES = ("langgraph", "openai", "chromadb", "numpy", "scipy", "xllamacpp", "pydantic")


@dataclass
class Screen:
    """What a front end may hear while a campaign runs."""

    on_text: Callable[[str, str], None] | None = None
    on_trial: Callable[[int, int], None] | None = None
    on_download: Callable[[str, int, int], None] | None = None
    on_meter: Callable[[Meter], None] | None = None
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


def open_campaign(
    journal: Journal, resolved: Resolved, question: str | None, essays: Sequence[str]
) -> str:
    """Write the opening event; the campaign's number is its place in the journal."""
    settings = resolved.values
    with journal.locked():
        name = f"C{journal.count('campaign_opened') + 1}"
        journal.append(
            CampaignOpened(
                question=question,
                essays=tuple(essays),
                budget=Budget(
                    rounds=settings.rounds, minutes=settings.minutes, tokens=settings.tokens
                ),
                seed=settings.seed,
                settings=resolved.public(),
                versions=_versions(),
            ),
            name,
            sync=True,
        )
    return name


def unfinished(journal: Journal, name: str | None) -> str:
    """The campaign to resume: the named one, or the last that has not ended."""
    opened = [entry.campaign for entry in journal.entries("campaign_opened")]
    closed = {entry.campaign for entry in journal.entries("campaign_closed")}
    if name is None:
        open_ones = [c for c in opened if c not in closed]
        if not open_ones:
            raise UsageError("there is no unfinished campaign to resume", "scientist run")
        return str(open_ones[-1])
    if name not in opened:
        raise UsageError(f"there is no campaign {name}", "scientist audit list")
    if name in closed:
        raise UsageError(f"campaign {name} has ended", "scientist run")
    return name


def drive(
    name: str, workspace: Workspace, journal: Journal, resolved: Resolved, screen: Screen
) -> Ended:
    """Run a campaign from where it stands to its end; pauses and faults are recorded."""
    try:
        with only_driver(workspace, name):
            return _drive(name, workspace, journal, resolved, screen)
    except KeyboardInterrupt:
        journal.append(CampaignPaused(reason="interrupted by the user"), name, sync=True)
        raise Interrupted("stopped", f"scientist run --resume {name}") from None
    except BudgetError as spent:
        return _end(name, journal, "budget", spent.message)
    except ScientistError as fault:
        if not isinstance(fault, Interrupted | WorkspaceError | UsageError):
            journal.append(
                Failed(error=fault.kind, message=fault.message, hint=fault.hint), name, sync=True
            )
        if not isinstance(fault, Interrupted | UsageError):
            resume = f"scientist run --resume {name}"
            fault.hint = f"{fault.hint}; then: {resume}" if fault.hint else resume
        raise


def as_opened(now: Settings, opened: dict[str, Any]) -> Settings:
    """What decides results stays as it was when the campaign opened; the rest is as now."""
    kept = {
        name: value
        for name, value in opened.items()
        if name in DECIDES_RESULTS or name.startswith("sandbox_")
    }
    return Settings.model_validate({**now.model_dump(), **kept})


@contextmanager
def only_driver(workspace: Workspace, name: str) -> Iterator[None]:
    """Refuse to drive a campaign that another process is driving."""
    import fcntl

    locks = workspace.root / "locks"
    locks.mkdir(exist_ok=True)
    with (locks / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"campaign {name} is running in another process", "scientist run (a new campaign)"
            ) from None
        yield


def _drive(
    name: str, workspace: Workspace, journal: Journal, resolved: Resolved, screen: Screen
) -> Ended:
    opening = next(journal.entries("campaign_opened", campaign=name)).data
    settings = as_opened(resolved.values, opening["settings"])
    tier = tiers.choose(unsafe=settings.unsafe_no_sandbox)
    with (
        connect(settings, screen.on_download) as handle,
        Client(handle, settings, journal, name) as client,
        Store(workspace, settings, screen.on_download) as store,
        _checkpoints(workspace.checkpoints) as graph,
    ):
        store.sync(journal)
        bench = Bench(
            campaign=name,
            question=opening["question"],
            essays=tuple(opening["essays"]),
            workspace=workspace,
            settings=settings,
            journal=journal,
            client=client,
            store=store,
            tier=tier,
            toolkit=Toolkit(),
            effects=Effects(journal, name),
            meter=Meter(Budget.model_validate(opening["budget"]), journal, name),
            on_text=screen.on_text,
            on_trial=screen.on_trial,
            stop_asked=screen.stop_asked,
        )
        if screen.on_meter:
            screen.on_meter(bench.meter)
        _note_degradations(bench)
        _walk(graph, bench)
    entry = next(journal.entries("campaign_closed", campaign=name))
    return _ended(name, journal, entry)


def _walk(graph: CompiledStateGraph[Any, Bench, Any, Any], bench: Bench) -> None:
    config: Any = {
        "configurable": {"thread_id": bench.campaign},
        "recursion_limit": bench.meter.budget.rounds * NODES_A_ROUND + 5,
    }
    state = graph.get_state(config)
    started = bool(state.values)
    if any(bench.journal.entries("phase_started", campaign=bench.campaign)):
        place = state.next[0] if state.next else "survey"
        seconds = round(bench.meter.seconds, 1)
        bench.note(CampaignResumed(next_phase=place, seconds_used=seconds))
    steps = graph.stream(
        None if started else {"round": 0},
        config,
        context=bench,
        stream_mode="updates",
        durability="sync",
    )
    for _ in steps:
        following = graph.get_state(config).next
        if bench.stop_asked() and following:
            bench.note(CampaignPaused(reason="stopped by the user after a finished step"), True)
            raise Interrupted(
                f"stopped before {following[0]}; everything so far is recorded",
                f"scientist run --resume {bench.campaign}",
            )


@contextmanager
def _checkpoints(file: Path) -> Iterator[CompiledStateGraph[Any, Bench, Any, Any]]:
    from langgraph.checkpoint.sqlite import SqliteSaver

    with closing(sqlite3.connect(file, check_same_thread=False, timeout=30)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            saver = SqliteSaver(connection)
            saver.setup()
        except sqlite3.DatabaseError as damaged:
            raise WorkspaceError(
                f"the checkpoints in {file} cannot be read: {damaged}",
                f"rm {file} and start a new campaign; the journal keeps every finding",
            ) from damaged
        yield build(saver)


def _note_degradations(bench: Bench) -> None:
    known = {e.data["what"] for e in bench.journal.entries("degraded", campaign=bench.campaign)}
    for what, reason in bench.tier.degradations():
        if what not in known:
            bench.note(Degraded(what=what, reason=reason))


def _end(name: str, journal: Journal, outcome: Any, reason: str) -> Ended:
    findings = tuple(
        entry.data["finding"]["id"] for entry in journal.entries("finding_recorded", campaign=name)
    )
    rounds = max(
        (entry.data["round"] for entry in journal.entries("phase_started", campaign=name)),
        default=0,
    )
    entry = journal.append(
        CampaignClosed(outcome=outcome, reason=reason, rounds=rounds, findings=findings),
        name,
        sync=True,
    )
    return _ended(name, journal, entry)


def _ended(name: str, journal: Journal, entry: Entry) -> Ended:
    tokens, seconds = spent_before(journal.entries(campaign=name))
    return Ended(
        campaign=name,
        outcome=entry.data["outcome"],
        reason=entry.data["reason"],
        findings=tuple(entry.data["findings"]),
        tokens=tokens,
        seconds=seconds,
    )


def _versions() -> dict[str, str]:
    found = {"scientist": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "absent"
    return found
