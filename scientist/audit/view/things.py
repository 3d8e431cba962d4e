"""What the page of one thing says: a finding, a hypothesis, an experiment, an essay, an event.

Each is found by its id through the index; lists and numbers come from the modules that the
command line uses for the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean, stdev
from typing import Any

from scientist.audit.drawing import trial_plot
from scientist.audit.tracing.exchange import Exchange, Tries, exchange
from scientist.audit.tracing.trail import Trail, record, value
from scientist.audit.view.record import Opened
from scientist.audit.view.sentence import Sentence, of_finding
from scientist.corpus import store
from scientist.errors import UsageError
from scientist.journal import Entry, project
from scientist.journal.index import Query
from scientist.journal.project import ExperimentView, HypothesisView
from scientist.records import Finding, Judgement, Passage, Protocol, Quote, Trial

MOST_TRIALS = 400  # that a page shows one by one
PASSAGES = 120  # of an essay on a page
AROUND = 2  # sentences before and after a quotation
MOST_TRIES = 40  # earlier calls that are read to show what a try changed


@dataclass(frozen=True)
class Quoted:
    """A quotation in its surroundings."""

    address: str
    title: str
    before: tuple[str, ...]
    text: str
    after: tuple[str, ...]
    stands: bool


@dataclass(frozen=True)
class Found:
    """A finding with its sentence, its quotations and what is against it."""

    entry: Entry
    record: Finding
    sentence: Sentence
    quotes: tuple[Quoted, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A hypothesis with where it came from and what became of it."""

    entry: Entry
    view: HypothesisView
    quotes: tuple[Quoted, ...]
    experiments: tuple[str, ...]
    findings: tuple[Found, ...]


@dataclass(frozen=True)
class Arm:
    """The values of an arm in numbers."""

    name: str
    count: int
    mean: float
    deviation: float
    least: float
    most: float


@dataclass(frozen=True)
class Measured:
    """An experiment: plan, plots, trials, code."""

    entry: Entry
    view: ExperimentView
    plan: Protocol | None
    seal: Entry | None
    code: str
    steps: tuple[Entry, ...]
    plots: tuple[str, ...]
    arms: tuple[Arm, ...]
    trials: tuple[Trial, ...]
    left: int
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Happened:
    """One event in full; a model call with its exact words."""

    entry: Entry
    place: tuple[str, int]
    data: str
    call: Exchange | None = None
    changed: tuple[str, ...] = ()
    before: int = 0
    behind: int = 0
    blobs: tuple[str, ...] = field(default=())


def finding(opened: Opened, name: str) -> Found:
    """A finding by its id."""
    trail = opened.trail()
    return _found(trail, _first(trail, name, "finding_recorded", "finding"))


def _found(trail: Trail, entry: Entry) -> Found:
    found = record(Finding, value(entry.data, entry, "finding"), entry)
    against = [
        str(one.data["conflict"]["id"])
        for one in trail.naming(found.id, "conflict_found")
        if found.id in {str(m).partition(".")[0] for m in one.data["conflict"]["members"]}
    ]
    return Found(
        entry=entry,
        record=found,
        sentence=of_finding(trail, entry, found),
        quotes=tuple(quoted(trail, one) for one in found.quotes),
        conflicts=tuple(dict.fromkeys(against)),
    )


def hypothesis(opened: Opened, name: str) -> Asked:
    """A hypothesis by its id."""
    trail = opened.trail()
    entry = _first(trail, name, "hypothesis_proposed", "hypothesis")
    view = project.hypothesis_by(trail.naming(name, *project.OF_A_HYPOTHESIS), name)
    assert view is not None
    started = trail.about(name, "hypothesis_proposed") and trail.naming(name, "experiment_started")
    recorded = [
        one
        for one in trail.naming(name, "finding_recorded")
        if one.data["finding"]["hypothesis"] == name
    ]
    return Asked(
        entry=entry,
        view=view,
        quotes=tuple(quoted(trail, one) for one in view.record.quotes),
        experiments=tuple(
            str(one.data["experiment"]) for one in started if one.data["hypothesis"] == name
        ),
        findings=tuple(_found(trail, one) for one in recorded),
    )


def experiment(opened: Opened, name: str) -> Measured:
    """An experiment by its id."""
    trail = opened.trail()
    entry = _first(trail, name, "experiment_started", "experiment")
    view = project.experiment_by(trail.naming(name, *project.OF_AN_EXPERIMENT), name)
    assert view is not None
    seal = trail.first(view.protocol_digest, "protocol_sealed")
    plan = record(Protocol, seal.data["protocol"], seal) if seal else None
    trials = trail.trials(view.trials_blob, entry)
    judged = trail.last(name, "judged")
    findings = [
        str(one.data["finding"]["id"])
        for one in trail.naming(name, "finding_recorded")
        if name in _experiments_of(one)
    ]
    drawn: list[str] = []
    if plan and any(plan.metric in one.metrics for one in trials):
        judgement = record(Judgement, judged.data["judgement"], judged) if judged else None
        drawn = trial_plot.apart(plan, trials, judgement)
    return Measured(
        entry=entry,
        view=view,
        plan=plan,
        seal=seal,
        code=trail.text(str(seal.data["code_blob"])) if seal else "",
        steps=tuple(trail.about(name, "looked", "judged", "experiment_reproduced")),
        plots=tuple(drawn),
        arms=tuple(_arms(plan, trials)) if plan else (),
        trials=tuple(trials[:MOST_TRIALS]),
        left=max(0, len(trials) - MOST_TRIALS),
        findings=tuple(dict.fromkeys(findings)),
    )


def _experiments_of(entry: Entry) -> tuple[str, ...]:
    found = entry.data["finding"]
    return str(found["experiment"]), str((found.get("first") or {}).get("experiment", ""))


def _arms(plan: Protocol, trials: Sequence[Trial]) -> list[Arm]:
    found = []
    for arm in dict.fromkeys((plan.treatment, plan.control, *plan.arms)):
        mine = [one.metrics[plan.metric] for one in trials
                if one.arm == arm and plan.metric in one.metrics]  # fmt: skip
        if mine:
            spread = stdev(mine) if len(mine) > 1 else 0.0
            found.append(Arm(arm, len(mine), fmean(mine), spread, min(mine), max(mine)))
    return found


def passages(trail: Trail, name: str) -> tuple[Passage, ...]:
    """The sentences of an essay; none if there is no such essay."""
    entry = trail.first(name, "essay_added")
    return store.passages_of(trail.journal, entry.data["passages_blob"]) if entry else ()


def around(trail: Trail, address: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences before and after one."""
    essay, _, number = address.partition(":")
    near = [one for one in passages(trail, essay) if abs(one.number - int(number)) <= AROUND]
    return (
        tuple(one.text for one in near if one.number < int(number)),
        tuple(one.text for one in near if one.number > int(number)),
    )


def quoted(trail: Trail, one: Quote) -> Quoted:
    """A quotation with the sentences about it, and whether it stands there."""
    entry = trail.first(one.essay, "essay_added")
    if entry is None:
        return Quoted(one.address, "", (), one.text, (), False)
    text = trail.text(str(value(entry.data, entry, "text_blob")))
    before, after = around(trail, one.address)
    return Quoted(
        address=one.address,
        title=str(entry.data["title"]),
        before=before,
        text=one.text,
        after=after,
        stands=text[one.start : one.end] == one.text,
    )


@dataclass(frozen=True)
class Essay:
    """A part of an essay, each sentence with the hypotheses that quote it."""

    entry: Entry
    passages: tuple[tuple[Passage, tuple[str, ...]], ...]
    at: int
    earlier: int
    later: int


def essay(opened: Opened, name: str, at: int) -> Essay:
    """An essay about one of its sentences."""
    trail = opened.trail()
    entry = _first(trail, name, "essay_added", "essay")
    count = int(value(entry.data, entry, "sentences"))
    first = max(1, min(at - PASSAGES // 3, count - PASSAGES + 1))
    near = [p for p in passages(trail, name) if first <= p.number <= first + PASSAGES]
    return Essay(
        entry=entry,
        passages=tuple((one, _quoting(trail, one.address)) for one in near),
        at=at,
        earlier=max(1, first - PASSAGES // 2) if near and near[0].number > 1 else 0,
        later=near[-1].number + PASSAGES // 3 if near and near[-1].number < count else 0,
    )


def _quoting(trail: Trail, address: str) -> tuple[str, ...]:
    asked = trail.naming(address, "hypothesis_proposed")
    return tuple(dict.fromkeys(str(one.data["hypothesis"]["id"]) for one in asked))


def event(opened: Opened, number: int) -> Happened:
    """An event by its number."""
    asked = Query(after=number - 1, before=number + 1)
    entry = next(iter(opened.index.entries(asked)), None)
    if entry is None:
        raise UsageError(f"there is no event {number}", "scientist audit list")
    call = exchange(opened.journal, entry) if entry.kind == "model_called" else None
    return Happened(
        entry=entry,
        place=opened.index.place(entry),
        data=json.dumps(entry.data, indent=2, ensure_ascii=False),
        call=call,
        changed=tuple(_changed(opened, entry, call)) if call and call.code else (),
        before=_next(opened, Query(campaign=entry.campaign, before=number, backwards=True)),
        behind=_next(opened, Query(campaign=entry.campaign, after=number)),
        blobs=tuple(_digests(entry.data)),
    )


def _changed(opened: Opened, entry: Entry, call: Exchange) -> list[str]:
    """What the code in an answer changed, if the call before tried the same."""
    asked = Query(kinds=("model_called",), campaign=entry.campaign, before=entry.seq,
                  backwards=True)  # fmt: skip
    earlier = [exchange(opened.journal, one) for one in islice(opened.index.entries(asked),
               MOST_TRIES)]  # fmt: skip
    tries = Tries()
    for one in reversed([one for one in earlier if one.messages[:2] == call.messages[:2]]):
        tries.add(one)
    return tries.add(call)


def _next(opened: Opened, asked: Query) -> int:
    found = next(iter(opened.index.entries(asked)), None)
    return found.seq if found else 0


def _digests(data: dict[str, Any]) -> list[str]:
    return [str(one) for name, one in data.items() if name.endswith("_blob") and one]


def _first(trail: Trail, name: str, kind: str, what: str) -> Entry:
    entry = trail.first(name, kind)
    if entry is None:
        raise UsageError(f"there is no {what} {name}", f"scientist {what} list")
    return entry
