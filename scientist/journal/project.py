"""Views of the journal: what exists now, folded from what happened.

Nothing here is stored; a status is what the events say it is. A view that is asked for again
goes on where it stopped (`Journal.follow`), so that it costs what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from scientist.errors import UsageError
from scientist.journal.chain import Entry
from scientist.journal.store import Fold, Journal
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


@dataclass(frozen=True)
class HypothesisView:
    """A hypothesis, with how far it has come."""

    record: Hypothesis
    campaign: str
    status: str
    review: tuple[str, ...] = ()  # what a review of code written for it remarked


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class FindingView:
    """A finding, with where and when it was recorded."""

    record: Finding
    campaign: str
    time: str


@dataclass(frozen=True)
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
    found, spells = journal.follow(_CAMPAIGNS), journal.spells()
    return [
        replace(
            view,
            events=sum(spell.events for spell in spells[view.id]),
        )
        for view in found.values()
    ]


def _take_campaign(found: dict[str, CampaignView], entry: Entry) -> None:
    name, data = entry.campaign or "", entry.data
    if entry.kind == "campaign_opened":
        found[name] = CampaignView(
            name, data["question"], entry.time, "unfinished", "", 0, (), 0, 0
        )
    view = found.get(name)
    if view is None:
        return
    match entry.kind:
        case "finding_recorded":
            view.findings = (*view.findings, data["finding"]["id"])
        case "phase_started":
            view.rounds = max(view.rounds, data["round"])
        case "model_called":
            view.tokens += data["usage"]["prompt"] + data["usage"]["completion"]
        case "campaign_resumed":
            view.outcome, view.reason = "unfinished", ""
        case "campaign_paused":
            view.reason = data["reason"]
        case "campaign_closed":
            view.outcome, view.reason = data["outcome"], data["reason"]


_CAMPAIGNS = Fold[dict[str, CampaignView]](
    (
        *("campaign_opened", "campaign_resumed", "campaign_paused", "campaign_closed"),
        *("finding_recorded", "phase_started", "model_called"),
    ),
    dict,
    _take_campaign,
)


def _take_hypothesis(found: dict[str, HypothesisView], entry: Entry) -> None:
    data = entry.data
    match entry.kind:
        case "hypothesis_proposed":
            record = Hypothesis.model_validate(data["hypothesis"])
            found[record.id] = HypothesisView(record, entry.campaign or "", "proposed")
        case "code_written":
            view = found[data["hypothesis"]]
            coded = with_code(view.record, data)
            found[coded.id] = replace(view, record=coded, review=tuple(data["review"]))
        case "protocol_sealed":
            name = data["protocol"]["hypothesis"]
            found[name] = replace(found[name], status="sealed")
        case "finding_recorded":
            name, verdict = data["finding"]["hypothesis"], data["finding"]["judgement"]["verdict"]
            found[name] = replace(found[name], status=verdict)
        case kind:
            name = data["hypothesis"]
            found[name] = replace(found[name], status=_STATUS[kind])


def with_code(hypothesis: Hypothesis, written: Mapping[str, Any]) -> Hypothesis:
    """A hypothesis with the code that was written for it."""
    known = {"code_hash": written["code_hash"]}
    if written["smallest_effect"]:
        known["smallest_effect"] = written["smallest_effect"]
    return hypothesis.model_copy(update=known)


_STATUS = {
    "hypothesis_selected": "selected",
    "hypothesis_declined": "declined",
    "code_given_up": "given up",
}
OF_A_HYPOTHESIS = (
    *("hypothesis_proposed", "hypothesis_selected", "hypothesis_declined", "code_given_up"),
    *("code_written", "protocol_sealed", "finding_recorded"),
)
OF_AN_EXPERIMENT = ("experiment_started", "experiment_finished")
_HYPOTHESES = Fold[dict[str, HypothesisView]](OF_A_HYPOTHESIS, dict, _take_hypothesis)


def hypotheses(journal: Journal) -> list[HypothesisView]:
    """Every hypothesis with its status: the last that happened to it, in the end a verdict."""
    return list(journal.follow(_HYPOTHESES).values())


def hypothesis_by(entries: Iterable[Entry], name: str) -> HypothesisView | None:
    """One hypothesis as some events tell of it; None if they do not propose it."""
    found: dict[str, HypothesisView] = {}
    for entry in entries:
        if entry.kind in OF_A_HYPOTHESIS and _asked_by(entry) == name:
            _take_hypothesis(found, entry)
    return found.get(name)


def _asked_by(entry: Entry) -> str:
    """The hypothesis that an event is about."""
    match entry.kind:
        case "hypothesis_proposed":
            return str(entry.data["hypothesis"]["id"])
        case "protocol_sealed":
            return str(entry.data["protocol"]["hypothesis"])
        case "finding_recorded":
            return str(entry.data["finding"]["hypothesis"])
    return str(entry.data["hypothesis"])


def hypothesis(journal: Journal, name: str) -> HypothesisView:
    """One hypothesis by its id."""
    if view := journal.follow(_HYPOTHESES).get(name.upper()):
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


def _take_experiment(found: dict[str, ExperimentView], entry: Entry) -> None:
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
        return
    view = found[data["experiment"]]
    found[view.id] = replace(
        view,
        status=data["status"],
        reason=data["reason"],
        trials=data["trials"],
        trials_blob=data["trials_blob"],
        seconds=data["seconds"],
        environment=data["environment"],
        tier=data["tier"] or view.tier,  # a resume may have found another sandbox
    )


_EXPERIMENTS = Fold[dict[str, ExperimentView]](OF_AN_EXPERIMENT, dict, _take_experiment)


def experiments(journal: Journal) -> list[ExperimentView]:
    """Every experiment; one without an end was running when the record stopped."""
    return list(journal.follow(_EXPERIMENTS).values())


def experiment_by(entries: Iterable[Entry], name: str) -> ExperimentView | None:
    """One experiment as some events tell of it; None if they do not start it."""
    found: dict[str, ExperimentView] = {}
    for entry in entries:
        if entry.kind in _EXPERIMENTS.kinds and entry.data["experiment"] == name:
            _take_experiment(found, entry)
    return found.get(name)


def experiment(journal: Journal, name: str) -> ExperimentView:
    """One experiment by its id."""
    if view := journal.follow(_EXPERIMENTS).get(name.upper()):
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


def _take_finding(found: list[FindingView], entry: Entry) -> None:
    record = Finding.model_validate(entry.data["finding"])
    found.append(FindingView(record, entry.campaign or "", entry.time))


_FINDINGS = Fold[list[FindingView]](("finding_recorded",), list, _take_finding)


def findings(journal: Journal) -> list[FindingView]:
    """Every finding in the order it was recorded."""
    return journal.follow(_FINDINGS).copy()


def finding(journal: Journal, name: str) -> FindingView:
    """One finding by its id."""
    for view in journal.follow(_FINDINGS):
        if view.record.id == name.upper():
            return view
    raise UsageError(f"there is no finding {name}", "scientist finding list")


def _take_seal(found: dict[str, tuple[Protocol, str]], entry: Entry) -> None:
    sealed = Protocol.model_validate(entry.data["protocol"])
    found.setdefault(entry.data["digest"], (sealed, entry.data["code_blob"]))


_SEALS = Fold[dict[str, tuple[Protocol, str]]](("protocol_sealed",), dict, _take_seal)


def protocol(journal: Journal, digest: str) -> Protocol:
    """The sealed protocol of that digest."""
    return _seal(journal, digest)[0]


def sealed_code(journal: Journal, digest: str) -> str:
    """The code that was sealed with a protocol."""
    return journal.get(_seal(journal, digest)[1]).decode()


def _seal(journal: Journal, digest: str) -> tuple[Protocol, str]:
    if found := journal.follow(_SEALS).get(digest):
        return found
    raise UsageError(f"there is no sealed protocol {digest[:12]}", "scientist experiment list")


def _take_step(found: dict[str, list[Entry]], entry: Entry) -> None:
    sealed = entry.kind == "protocol_sealed"
    digest = entry.data["digest" if sealed else "protocol_digest"]
    found.setdefault(digest, []).append(entry)


_STEPS = Fold[dict[str, list[Entry]]](
    ("protocol_sealed", "experiment_started", "looked", "experiment_finished", "judged"),
    dict,
    _take_step,
)


def steps(journal: Journal, digest: str) -> list[Entry]:
    """What happened to a protocol, in order: sealed, started, looked at, finished, judged."""
    return journal.follow(_STEPS).get(digest, []).copy()


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
