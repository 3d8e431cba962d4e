"""Lists: campaigns and conversations, and whatever has an id, the latest first, page by page.

Each row is read through the index, so that a long record costs no more than a short one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from scientist import locks
from scientist.audit.tracing.trail import Trail, record, sound, subject, value
from scientist.audit.view.record import Opened
from scientist.audit.view.sentence import Sentence, of_finding, said
from scientist.errors import UsageError
from scientist.journal import Entry, project
from scientist.journal.index import Query
from scientist.records import Finding, clean

PAGE = 50
STATES = ("campaign_opened", "campaign_resumed", "campaign_paused", "campaign_closed")

MENDED = {"rescope": "narrowed", "demote": "demoted", "discriminate": "waits", "moot": "moot"}


@dataclass(frozen=True)
class Campaign:
    """A campaign or a conversation in a line."""

    id: str
    question: str
    opened: str
    state: str
    reason: str
    rounds: int
    findings: int
    events: int

    @property
    def is_campaign(self) -> bool:
        return self.id.startswith("C")


@dataclass(frozen=True)
class Item:
    """A row of a list: an id, a word on its state, what it says, where it was recorded."""

    id: str
    state: str
    said: Sentence
    campaign: str
    seq: int
    time: str


@dataclass(frozen=True)
class Page:
    """Some rows, how many there are, and where the next page begins; 0: there is none."""

    items: tuple[Any, ...]
    count: int
    older: int = 0


def campaigns(opened: Opened, before: int = 0) -> Page:
    """The campaigns and conversations, the latest first."""
    names = [name for name in opened.index.campaigns() if name[:1] in ("C", "T")]
    left = names[: before - 1] if before else names
    shown = left[-PAGE:]
    first = len(left) - len(shown) + 1
    items = tuple(campaign(opened, name) for name in reversed(shown))
    return Page(items, len(names), first if first > 1 else 0)


def named(opened: Opened, name: str) -> Campaign:
    """A campaign or a conversation that somebody asks for."""
    known = name.upper()
    if not known or known not in opened.index.campaigns():
        raise UsageError(f"there is no campaign {clean(name)}", "scientist audit list")
    return campaign(opened, known)


def campaign(opened: Opened, name: str) -> Campaign:
    """One of them."""
    index = opened.index

    def first(kinds: tuple[str, ...], backwards: bool = False) -> Entry | None:
        asked = Query(kinds=kinds, campaign=name, backwards=backwards)
        return next((sound(one) for one in index.entries(asked)), None)

    began = first(("campaign_opened", "turn_asked"))
    last = first(STATES, backwards=True)
    phase = first(("phase_started",), backwards=True)
    state, reason = _state(last)
    if locks.held(opened.place.locks / name):
        state = "running"
    data = began.data if began else {}
    return Campaign(
        id=name,
        question=clean(str(data.get("question") or data.get("text") or "")),
        opened=began.time if began else "",
        state=state,
        reason=clean(reason),
        rounds=int(phase.data["round"]) if phase else 0,
        findings=index.count(Query(kinds=("finding_recorded",), campaign=name)),
        events=index.count(Query(campaign=name)),
    )


def _state(last: Entry | None) -> tuple[str, str]:
    if last is None:
        return "", ""
    if last.kind == "campaign_closed":
        return str(last.data["outcome"]), str(last.data["reason"])
    paused = last.kind == "campaign_paused"
    return ("paused" if paused else "unfinished"), str(last.data.get("reason", ""))


def listed(opened: Opened, what: str, campaign: str | None = None, before: int = 0) -> Page:
    """The hypotheses, experiments, findings, claims or conflicts, the latest first."""
    kind, make = _LISTS[what]
    every = Query(kinds=(kind,), campaign=campaign)
    asked = replace(every, before=before or None, backwards=True)
    trail, rows, last = opened.trail(), list[Item](), 0
    for entry in trail.entries(asked):
        if len(rows) == PAGE:
            return Page(tuple(rows), opened.index.count(every), last)
        rows.append(make(trail, entry))
        last = entry.seq
    return Page(tuple(rows), opened.index.count(every))


@dataclass(frozen=True)
class Essay:
    """An essay in a line."""

    id: str
    title: str
    source: str
    sentences: int
    passages_blob: str


def essays(opened: Opened) -> list[Essay]:
    """All essays."""
    told = opened.index.entries(Query(kinds=("essay_added",)))
    return [
        Essay(
            id=str(data["essay"]),
            title=str(data["title"]),
            source=str(data["source"]),
            sentences=int(data["sentences"]),
            passages_blob=str(data["passages_blob"]),
        )
        for data in (sound(one).data for one in told)
    ]


def _item(entry: Entry, state: str, told: Sentence) -> Item:
    name = subject(entry)
    return Item(name, state, told, entry.campaign or "", entry.seq, entry.time)


def _hypothesis(trail: Trail, entry: Entry) -> Item:
    view = project.hypothesis_by(trail.naming(subject(entry), *project.OF_A_HYPOTHESIS),
                                 subject(entry))  # fmt: skip
    state = view.status if view else "proposed"
    return _item(entry, state, said(str(value(entry.data, entry, "hypothesis", "statement"))))


def _experiment(trail: Trail, entry: Entry) -> Item:
    name = subject(entry)
    view = project.experiment_by(trail.naming(name, *project.OF_AN_EXPERIMENT), name)
    seal = trail.first(str(entry.data["protocol_digest"]), "protocol_sealed")
    plan = seal.data["protocol"] if seal else {}
    told = f"{entry.data['hypothesis']}"
    if plan:
        told = f"{plan['treatment']} against {plan['control']} on {plan['metric']}, for {told}"
    return _item(entry, view.status if view else "", said(told))


def _finding(trail: Trail, entry: Entry) -> Item:
    found = record(Finding, value(entry.data, entry, "finding"), entry)
    return _item(entry, found.judgement.verdict, of_finding(trail, entry, found))


def _claim(_: Trail, entry: Entry) -> Item:
    claim = entry.data["assertion"]
    return _item(entry, str(claim["source"]["kind"]), said(str(claim["text"])))


def _conflict(trail: Trail, entry: Entry) -> Item:
    conflict, name = entry.data["conflict"], subject(entry)
    members = " and ".join(map(str, conflict["members"]))
    return _item(entry, mended(trail, name), said(f"{members} cannot all hold: {conflict['rule']}"))


def mended(trail: Trail, conflict: str) -> str:
    """What was last resolved about a conflict, in a word."""
    last = trail.last(conflict, "conflict_resolved")
    return MENDED.get(str(last.data["resolution"]["how"]), "") if last else "open"


_LISTS: dict[str, tuple[str, Callable[[Trail, Entry], Item]]] = {
    "findings": ("finding_recorded", _finding),
    "hypotheses": ("hypothesis_proposed", _hypothesis),
    "experiments": ("experiment_started", _experiment),
    "claims": ("assertion_made", _claim),
    "conflicts": ("conflict_found", _conflict),
}
LISTS = tuple(_LISTS)
