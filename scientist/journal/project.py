"""Views of the journal: what exists now, folded from what happened.

Nothing here is stored; a status is what the events say it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from scientist.errors import UsageError
from scientist.journal.chain import Entry
from scientist.journal.store import Journal
from scientist.records import Finding, Hypothesis, Protocol, Trial


@dataclass
class CampaignView:
    """One autonomous run."""

    id: str
    question: str | None
    opened: str
    outcome: str
    reason: str
    rounds: int
    findings: tuple[str, ...]
    events: int
    tokens: int


@dataclass
class HypothesisView:
    """A hypothesis, with how far it has come."""

    record: Hypothesis
    campaign: str
    status: str


@dataclass
class ExperimentView:
    """One attempt at a protocol."""

    id: str
    campaign: str
    hypothesis: str
    protocol_digest: str
    tier: str
    status: str
    reason: str
    trials: int
    trials_blob: str | None
    seconds: float
    environment: dict[str, Any]
    run_folder: str


@dataclass
class FindingView:
    """A finding, with where and when it was recorded."""

    record: Finding
    campaign: str
    time: str


@dataclass
class EssayView:
    """An essay of the corpus, without its text."""

    id: str
    title: str
    source: str
    format: str
    themes: tuple[str, ...]
    sentences: int


def campaigns(journal: Journal) -> list[CampaignView]:
    """Every campaign; one without an end is running or can be resumed."""
    found: dict[str, CampaignView] = {}
    for entry in journal.entries():
        name, data = entry.campaign, entry.data
        if name is None:
            continue
        if entry.kind == "campaign_opened":
            found[name] = CampaignView(
                name, data["question"], entry.time, "unfinished", "", 0, (), 0, 0
            )
        view = found.get(name)
        if view is None:
            continue
        view.events += 1
        if entry.kind == "finding_recorded":
            view.findings += (data["finding"]["id"],)
        elif entry.kind == "phase_started":
            view.rounds = max(view.rounds, data["round"])
        elif entry.kind == "model_called":
            view.tokens += data["usage"]["prompt"] + data["usage"]["completion"]
        elif entry.kind == "campaign_paused":
            view.reason = data["reason"]
        elif entry.kind == "campaign_closed":
            view.outcome, view.reason = data["outcome"], data["reason"]
    return list(found.values())


def hypotheses(journal: Journal) -> list[HypothesisView]:
    """Every hypothesis with its status: proposed, selected, sealed, or a verdict."""
    found: dict[str, HypothesisView] = {}
    kinds = (
        "hypothesis_proposed",
        "hypothesis_selected",
        "protocol_sealed",
        "finding_recorded",
    )
    for entry in journal.entries(*kinds):
        data = entry.data
        if entry.kind == "hypothesis_proposed":
            record = Hypothesis.model_validate(data["hypothesis"])
            found[record.id] = HypothesisView(record, entry.campaign or "", "proposed")
        elif entry.kind == "hypothesis_selected":
            found[data["hypothesis"]].status = "selected"
        elif entry.kind == "protocol_sealed":
            found[data["protocol"]["hypothesis"]].status = "sealed"
        else:
            finding = data["finding"]
            found[finding["hypothesis"]].status = finding["judgement"]["verdict"]
    return list(found.values())


def hypothesis(journal: Journal, name: str) -> HypothesisView:
    """One hypothesis by its id."""
    for view in hypotheses(journal):
        if view.record.id == name.upper():
            return view
    raise UsageError(f"there is no hypothesis {name}", "scientist hypothesis list")


def calls_behind(journal: Journal, name: str) -> list[Entry]:
    """The model calls, repairs and all, of the effect that proposed a hypothesis."""
    calls: list[Entry] = []
    campaign = hypothesis(journal, name).campaign
    kinds = ("effect_intended", "model_called", "hypothesis_proposed")
    for entry in journal.entries(*kinds, campaign=campaign):
        if entry.kind == "effect_intended":
            calls = []
        elif entry.kind == "model_called":
            calls.append(entry)
        elif entry.data["hypothesis"]["id"] == name:
            break
    return calls


def experiments(journal: Journal) -> list[ExperimentView]:
    """Every experiment; one without an end was running when the record stopped."""
    found: dict[str, ExperimentView] = {}
    for entry in journal.entries("experiment_started", "experiment_finished"):
        data = entry.data
        if entry.kind == "experiment_started":
            found[data["experiment"]] = ExperimentView(
                id=data["experiment"],
                campaign=entry.campaign or "",
                hypothesis=data["hypothesis"],
                protocol_digest=data["protocol_digest"],
                tier=data["tier"],
                status="running",
                reason="",
                trials=0,
                trials_blob=None,
                seconds=0.0,
                environment={},
                run_folder=data["run_folder"],
            )
        else:
            view = found[data["experiment"]]
            view.status, view.reason = data["status"], data["reason"]
            view.trials, view.trials_blob = data["trials"], data["trials_blob"]
            view.seconds, view.environment = data["seconds"], data["environment"]
            view.tier = data["tier"] or view.tier  # a resume may have found another sandbox
    return list(found.values())


def experiment(journal: Journal, name: str) -> ExperimentView:
    """One experiment by its id."""
    for view in experiments(journal):
        if view.id == name.upper():
            return view
    raise UsageError(f"there is no experiment {name}", "scientist experiment list")


def trials(journal: Journal, view: ExperimentView) -> list[Trial]:
    """The raw trials of an experiment."""
    return raw_trials(journal, view.trials_blob)


def trial_lines(trials: Iterable[Trial]) -> str:
    """Trials as a blob holds them; `raw_trials` reads them back."""
    return "".join(trial.model_dump_json() + "\n" for trial in trials)


def raw_trials(journal: Journal, blob: str | None) -> list[Trial]:
    """The trials that a blob holds."""
    lines = journal.get(blob).splitlines() if blob else []
    return [Trial.model_validate(orjson.loads(line)) for line in lines]


def findings(journal: Journal) -> list[FindingView]:
    """Every finding in the order it was recorded."""
    return [
        FindingView(Finding.model_validate(entry.data["finding"]), entry.campaign or "", entry.time)
        for entry in journal.entries("finding_recorded")
    ]


def finding(journal: Journal, name: str) -> FindingView:
    """One finding by its id."""
    for view in findings(journal):
        if view.record.id == name.upper():
            return view
    raise UsageError(f"there is no finding {name}", "scientist finding list")


def protocol(journal: Journal, digest: str) -> Protocol:
    """The sealed protocol of that digest."""
    for entry in journal.entries("protocol_sealed"):
        if entry.data["digest"] == digest:
            return Protocol.model_validate(entry.data["protocol"])
    raise UsageError(f"there is no sealed protocol {digest[:12]}", "scientist experiment list")


def sealed_code(journal: Journal, digest: str) -> str:
    """The code that was sealed with a protocol."""
    for entry in journal.entries("protocol_sealed"):
        if entry.data["digest"] == digest:
            return journal.get(entry.data["code_blob"]).decode()
    raise UsageError(f"there is no sealed protocol {digest[:12]}", "scientist experiment list")


def essays(journal: Journal) -> list[EssayView]:
    """Every essay of the corpus."""
    return [
        EssayView(
            id=entry.data["essay"],
            title=entry.data["title"],
            source=entry.data["source"],
            format=entry.data["format"],
            themes=tuple(entry.data["themes"]),
            sentences=entry.data["sentences"],
        )
        for entry in journal.entries("essay_added")
    ]


def degradations(journal: Journal, campaign: str) -> tuple[str, ...]:
    """What was weaker than intended in a campaign; every result of it says so."""
    return tuple(
        f"{entry.data['what']}: {entry.data['reason']}"
        for entry in journal.entries("degraded", campaign=campaign)
    )
