"""Everything a report tells of one campaign, read from the journal into one frozen structure.

What belongs to it: hypotheses that it proposed or tested, its experiments and findings, the
conflicts that those take part in. Nothing is computed here that a claim could get wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from scientist.audit import answering, words
from scientist.audit import evidence as evidences
from scientist.audit.answering import Answer
from scientist.errors import UsageError
from scientist.journal import Entry, Journal, project
from scientist.journal.project import ExperimentView, HypothesisView
from scientist.lab.kits import Kit, arms_of
from scientist.records import Conflict, Finding, Protocol, Trial
from scientist.science.claims.evidence import Evidence
from scientist.science.consistency.examine import examine
from scientist.science.consistency.knowledge import Knowledge
from scientist.science.consistency.knowledge import gather as know

PASSED_OVER = ("waive", "surpris")  # how the program words what it explains of these


@dataclass(frozen=True)
class Measured:
    """One experiment: its protocol, what it gave, what its code says of itself."""

    view: ExperimentView
    protocol: Protocol
    trials: tuple[Trial, ...]
    kit: Kit | None
    arms: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """A hypothesis that came to no finding, and why."""

    hypothesis: str
    reason: str


@dataclass(frozen=True)
class Dossier:
    """One campaign as the record has it."""

    campaign: str
    question: str | None
    answer: Answer | None
    given: bool
    state: str
    reason: str
    hypotheses: tuple[HypothesisView, ...]
    measured: Mapping[str, Measured]
    findings: tuple[Finding, ...]
    titles: Mapping[str, str]
    evidence: Evidence
    knowledge: Knowledge
    conflicts: tuple[Conflict, ...]
    open_elsewhere: bool
    unrecorded: bool
    rejected: tuple[tuple[str, int], ...]
    given_up: tuple[Refused, ...]
    declined: tuple[Refused, ...]
    explained: tuple[str, ...]
    degraded: tuple[str, ...]
    reviews: Mapping[str, tuple[str, ...]]
    questions: frozenset[str]

    def of(self, hypothesis: str) -> tuple[Finding, ...]:
        """The campaign's findings about a hypothesis."""
        return tuple(one for one in self.findings if one.hypothesis == hypothesis)

    def runs_of(self, hypothesis: str) -> tuple[Measured, ...]:
        """The campaign's experiments on a hypothesis."""
        return tuple(one for one in self.measured.values() if one.protocol.hypothesis == hypothesis)

    @property
    def open_conflicts(self) -> tuple[Conflict, ...]:
        """Exact ones of this campaign that nothing has mended."""
        return tuple(
            one for one in self.conflicts if one.hard and not self.knowledge.is_mended(one)
        )

    @property
    def untested(self) -> tuple[HypothesisView, ...]:
        """Those that were proposed here and neither measured nor refused."""
        refused = {one.hypothesis for one in (*self.given_up, *self.declined)}
        return tuple(
            view
            for view in self.hypotheses
            if not self.of(view.record.id) and not self.runs_of(view.record.id)
            if view.record.id not in refused
        )


def last_campaign(journal: Journal) -> str:
    """The campaign that was opened last."""
    opened = [entry.campaign for entry in journal.entries("campaign_opened")]
    if not opened:
        raise UsageError("there is no campaign to report on yet", "scientist run")
    return str(opened[-1])


def collect(journal: Journal, campaign: str) -> Dossier:
    """The dossier of a campaign."""
    name = campaign.upper()
    entries = list(journal.entries(campaign=name))
    opened = next((entry for entry in entries if entry.kind == "campaign_opened"), None)
    if opened is None:
        raise UsageError(f"there is no campaign {campaign}", "scientist audit list")
    evidence = evidences.gather(journal)
    knowledge = know(journal)
    measured = _measured(journal, name)
    findings = tuple(view.record for view in project.findings(journal) if view.campaign == name)
    about = {finding.hypothesis for finding in findings}
    about |= {one.protocol.hypothesis for one in measured.values()}
    about |= {one.data["hypothesis"] for one in entries if one.kind == "hypothesis_selected"}
    conflicts = _conflicts(entries, findings, knowledge)
    fresh = examine(knowledge).conflicts
    unresolved = {one.id for one in knowledge.open_conflicts if one.hard}
    state = str(evidence.facts[name]["state"])
    return Dossier(
        campaign=name,
        question=opened.data["question"],
        answer=answering.of(journal, name),
        given=bool(opened.data.get("hypothesis")),
        state=state,
        reason=_last_reason(entries),
        hypotheses=tuple(
            view
            for view in project.hypotheses(journal)
            if view.campaign == name or view.record.id in about
        ),
        measured=measured,
        findings=findings,
        titles={essay.id: essay.title for essay in project.essays(journal)},
        evidence=evidence,
        knowledge=knowledge,
        conflicts=conflicts,
        open_elsewhere=bool(unresolved - {one.id for one in conflicts}),
        unrecorded=any(one.hard and one.id not in knowledge.conflicts for one in fresh),
        rejected=_rejected(entries),
        given_up=_refused(entries, "code_given_up"),
        declined=_refused(entries, "hypothesis_declined"),
        explained=_explained(entries),
        degraded=tuple(dict.fromkeys(project.degradations(journal, name))),
        questions=frozenset(
            view.record.id
            for view in project.hypotheses(journal)
            if answering.is_what_was_asked(journal, view)
        ),
        reviews={view.record.id: view.review for view in project.hypotheses(journal)},
    )


def _measured(journal: Journal, campaign: str) -> dict[str, Measured]:
    sealed = {entry.data["digest"]: entry.data for entry in journal.entries("protocol_sealed")}
    found: dict[str, Measured] = {}
    for view in project.experiments(journal):
        if view.campaign != campaign or view.protocol_digest not in sealed:
            continue
        data = sealed[view.protocol_digest]
        code = journal.get(data["code_blob"]).decode()
        found[view.id] = Measured(
            view=view,
            protocol=Protocol.model_validate(data["protocol"]),
            trials=tuple(project.trials(journal, view)),
            kit=words.header(data["protocol"]["kit"], code),
            arms=arms_of(code),
        )
    return found


def _conflicts(
    entries: list[Entry], findings: tuple[Finding, ...], knowledge: Knowledge
) -> tuple[Conflict, ...]:
    """Those that were found here, and those in which something said here takes part."""
    here = {e.data["conflict"]["id"] for e in entries if e.kind == "conflict_found"}
    said = {e.data["assertion"]["id"] for e in entries if e.kind == "assertion_made"}
    said |= {finding.id for finding in findings}
    return tuple(
        one
        for one in knowledge.conflicts.values()
        if one.id in here or any(name.partition(".")[0] in said for name in one.members)
    )


def _last_reason(entries: list[Entry]) -> str:
    """Why the campaign ended or paused; empty while it runs."""
    kinds = ("campaign_opened", "campaign_resumed", "campaign_closed", "campaign_paused")
    last = [entry for entry in entries if entry.kind in kinds][-1]
    return str(last.data.get("reason", ""))


def _rejected(entries: list[Entry]) -> tuple[tuple[str, int], ...]:
    reasons = (e.data["reason"] for e in entries if e.kind == "candidate_rejected")
    return tuple(Counter(reasons).most_common())


def _refused(entries: list[Entry], kind: str) -> tuple[Refused, ...]:
    return tuple(
        Refused(entry.data["hypothesis"], entry.data["reason"])
        for entry in entries
        if entry.kind == kind
    )


def _explained(entries: list[Entry]) -> tuple[str, ...]:
    said = (e.data["text"] for e in entries if e.kind == "reasoned" and e.data["source"] == "code")
    return tuple(
        dict.fromkeys(text for text in said if any(w in text.lower() for w in PASSED_OVER))
    )
