"""Start a test as a process of its own, and look how it fares.

What drives it is the ordinary command, `scientist run --resume`; it outlives whoever started it.
Its output goes to a file beside the run folders, which stays locked as long as it lives: so
nobody needs to note a process number, and no test is started twice.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scientist import locks
from scientist.agent import given
from scientist.agent.opening import open_campaign
from scientist.errors import UsageError
from scientist.journal import project
from scientist.lab import experiments
from scientist.lab.executors import ready
from scientist.records import Rung
from scientist.settings import load
from scientist.workspace import explain

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.journal.project import ExperimentView
    from scientist.records import Hypothesis
    from scientist.workspace import Workspace

SAID_BYTES = 4000
SAID_LINES = 3


@dataclass(frozen=True)
class Launched:
    """A test that runs now; `begun` is whether that was this call's doing."""

    campaign: str
    hypothesis: str
    statement: str
    begun: bool
    output: Path


@dataclass(frozen=True)
class Measuring:
    """How far an experiment has come."""

    experiment: str
    trials: int
    planned: int
    status: str


@dataclass(frozen=True)
class Followed:
    """How a test fares: what was measured and found, and the last that its process said."""

    campaign: str
    state: Literal["running", "ended", "stopped"]
    reason: str
    phase: str
    measuring: tuple[Measuring, ...]
    findings: tuple[str, ...]
    said: tuple[str, ...]


def launch(
    workspace: Workspace, journal: Journal, asked: Hypothesis, pairs: int | None = None
) -> Launched:
    """Open a campaign for a hypothesis and start it; one that is unfinished is gone on with."""
    resolved = load(workspace.root, {"pairs": pairs})
    by_hand = _command(asked)
    if resolved.values.approve:
        raise UsageError(
            "the setting approve wants plan and code shown in a terminal before each launch",
            by_hand,
        )
    if asked.rung is not Rung.KIT:
        raise UsageError(
            f"a model has to write the code for {asked.id} first, so a whole campaign is needed",
            "scientist run",
        )
    if resolved.values.executor != "local":
        ready.check(resolved.values)
    with journal.locked():
        known = _unfinished(journal, asked)
        name = known or open_campaign(journal, resolved, asked.statement, (), asked)
    opened = next(journal.entries("campaign_opened", campaign=name)).data
    tested = project.hypothesis(journal, opened["hypothesis"]).record
    begun = not _driven(workspace, name) and _start(workspace, name)
    return Launched(name, tested.id, tested.statement, begun, output_of(workspace, name))


def follow(workspace: Workspace, journal: Journal, name: str) -> Followed:
    """How a campaign fares that was started here or anywhere."""
    campaign = name.upper()
    view = next((one for one in project.campaigns(journal) if one.id == campaign), None)
    if view is None:
        raise UsageError(f"there is no campaign {name}", "scientist audit list")
    lives = view.outcome == "unfinished" and alive(workspace, campaign)
    if view.outcome == "unfinished" and not lives:  # it may have ended between the two looks
        view = next(one for one in project.campaigns(journal) if one.id == campaign)
    ended = view.outcome != "unfinished"
    phases = [one.data["phase"] for one in journal.entries("phase_started", campaign=campaign)]
    return Followed(
        campaign=campaign,
        state="ended" if ended else "running" if lives else "stopped",
        reason=view.reason,
        phase=phases[-1] if phases else "",
        measuring=tuple(
            _measuring(workspace, journal, one)
            for one in project.experiments(journal)
            if one.campaign == campaign
        ),
        findings=view.findings,
        said=() if ended or lives else _last_said(output_of(workspace, campaign)),
    )


def alive(workspace: Workspace, campaign: str) -> bool:
    """Whether a process drives a campaign, or was started to."""
    return locks.held(output_of(workspace, campaign)) or _driven(workspace, campaign)


def output_of(workspace: Workspace, campaign: str) -> Path:
    """Where the process of a campaign that was started here writes."""
    return workspace.runs / f"{campaign}.log"


def _command(asked: Hypothesis) -> str:
    """How a user tests a hypothesis by hand."""
    if not asked.kit:
        return "scientist experiment run FOLDER"
    return shlex.join(given.command_of(asked))


def _unfinished(journal: Journal, asked: Hypothesis) -> str:
    """The campaign that was given the same and has not ended; empty if there is none."""
    named = {
        str(entry.campaign): entry.data["hypothesis"]
        for entry in journal.entries("campaign_opened")
        if entry.data.get("hypothesis")
    }
    for view in reversed(project.campaigns(journal)):
        if view.outcome == "unfinished" and view.id in named:
            tested = project.hypothesis(journal, named[view.id]).record
            if given.same(tested) == given.same(asked):
                return view.id
    return ""


def _start(workspace: Workspace, campaign: str) -> bool:
    """Start the process of a campaign; False if one lives."""
    file = output_of(workspace, campaign)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(file, flags, 0o644)
    except OSError as fault:
        raise explain(fault, file) from fault
    try:
        if not locks.take(log):
            return False
        # with the log it has the lock, as long as it lives
        detached(["scientist", "run", "--resume", campaign, "-w", str(workspace.root)], log)
    finally:
        os.close(log)
    return True


def detached(words: Sequence[str], log: int, environment: Mapping[str, str] | None = None) -> None:
    """Start a command of ours that outlives this process; what it says goes to an open file."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", *words],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        env={**os.environ, **(environment or {})},
    )
    threading.Thread(target=child.wait, daemon=True).start()  # who started it may live longer


def _driven(workspace: Workspace, campaign: str) -> bool:
    return locks.held(workspace.locks / campaign)


def _measuring(workspace: Workspace, journal: Journal, view: ExperimentView) -> Measuring:
    protocol = project.protocol(journal, view.protocol_digest)
    planned = len(protocol.seeds) * len(protocol.arms)
    trials = view.trials
    if view.status == "running":
        looks = (f"{view.run_folder}-{look + 1}" for look in range(len(protocol.looks)))
        trials = sum(experiments.measured(workspace.runs / folder) for folder in looks)
    return Measuring(view.id, trials, planned, view.status)


def _last_said(file: Path) -> tuple[str, ...]:
    """The last lines of a process that is no more."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ()
    with open(descriptor, "rb") as opened:
        opened.seek(max(0, os.fstat(descriptor).st_size - SAID_BYTES))
        lines = opened.read().decode(errors="replace").splitlines()
    return tuple(line for line in lines if line.strip())[-SAID_LINES:]
