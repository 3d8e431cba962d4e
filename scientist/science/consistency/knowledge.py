"""Knowledge: all that is asserted, as it stands now, folded from the journal.

Findings assert by themselves (`derive`); what essays, chats, thoughts and the user say was
recorded. `standing` tells what resolutions and pins made of each, `weigh` how much it weighs.
`examine` holds all of it against itself and says what to append; nothing here changes anything.
Asked again of the same open journal, `gather` reads what is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from scientist.errors import ScientistError, UsageError
from scientist.events import (
    AssertionMade,
    AssertionPinned,
    CodeWritten,
    ConflictFound,
    ConflictResolved,
    FindingRecorded,
    HypothesisProposed,
    ProtocolSealed,
    RelationJudged,
)
from scientist.journal import Entry, Fold, Journal, project
from scientist.records import Assertion, Conflict, Finding, Hypothesis, Resolution
from scientist.science import protocol as protocols
from scientist.science.consistency import derive
from scientist.science.consistency import standing as standings
from scientist.science.consistency.credences import Credences
from scientist.science.consistency.held import Held
from scientist.science.consistency.standing import Standing
from scientist.science.consistency.weigh import weigh

MOST_REPLICATIONS = 3  # of one question for the sake of conflicts; some never become feasible
MENDING = ("conflict_found", "conflict_resolved")
KINDS = (
    "hypothesis_proposed",
    "code_written",
    "protocol_sealed",
    "finding_recorded",
    "assertion_made",
    "assertion_pinned",
    "relation_judged",
    "conflict_found",
    "conflict_resolved",
)


@dataclass(frozen=True)
class Moment:
    """Something that happened to an assertion."""

    seq: int
    time: str
    what: str
    text: str


@dataclass(frozen=True)
class Knowledge:
    """What was said, what was found and resolved about it; all in the order of the record.

    `resolved` and `tested` carry the place in the record: of each resolution, and of each
    finding by the question it answers. `reopened` are conflicts found again after they were
    resolved, although nothing new is resolved about them.
    """

    said: Mapping[str, Assertion]
    pinned: frozenset[str]
    conflicts: Mapping[str, Conflict]
    resolved: tuple[tuple[int, Resolution], ...]
    relations: tuple[RelationJudged, ...]
    findings: Mapping[str, Finding]
    hypotheses: Mapping[str, Hypothesis]
    tested: tuple[tuple[int, str], ...]
    credences: Mapping[str, float]
    moments: Mapping[str, tuple[Moment, ...]]
    reopened: frozenset[str] = frozenset()
    held: Held = field(default_factory=Held, compare=False, repr=False)

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """Everything that was said with its standing and its weight."""
        resolutions = [resolution for _, resolution in self.resolved]
        found = standings.fold(self.said, self.conflicts, resolutions, self.pinned, self.held.bare)
        weights, parts = self.weigh(found), standings.parts_of(found)
        return {
            name: self.held.weigh(one, weights[name], parts.get(name, ""))
            for name, one in found.items()
        }

    @property
    def assertions(self) -> dict[str, Assertion]:
        """Those that stand."""
        return {name: one.assertion for name, one in self.standings.items() if one.stands}

    def standing(self, name: str) -> Standing:
        """One assertion as it is now."""
        if name not in self.standings:
            raise UsageError(f"nothing on record is called {name}", "scientist claim list")
        return self.standings[name]

    @cached_property
    def open_conflicts(self) -> tuple[Conflict, ...]:
        """Those that were found and not mended; a replication may be under way for some."""
        return tuple(one for one in self.conflicts.values() if not self.is_mended(one))

    @property
    def mended(self) -> tuple[tuple[Conflict, Resolution], ...]:
        """Those that were mended, and how."""
        return tuple(
            (one, self._latest[one.id]) for one in self.conflicts.values() if self.is_mended(one)
        )

    def resolution(self, conflict: str) -> Resolution | None:
        """The last that was resolved about a conflict."""
        return self._latest.get(conflict)

    @property
    def replications(self) -> tuple[str, ...]:
        """The hypotheses to test again so that an open conflict can be decided."""
        waiting = [
            self._latest[one.id].replicate for one in self.open_conflicts if self.waits(one.id)
        ]
        return tuple(dict.fromkeys(waiting))

    def waits(self, conflict: str) -> bool:
        """Whether a conflict between assertions that stand waits for a finding not yet made."""
        resolution = self._latest.get(conflict)
        if resolution is None or resolution.how != "discriminate":
            return False
        if not all(self._stands(name) for name in self.conflicts[conflict].members):
            return False
        since = self._resolved_at[conflict]
        asked = self.question(resolution.replicate)
        return not any(seq > since and question == asked for seq, question in self.tested)

    def exhausted(self, hypothesis: str) -> bool:
        """Whether what it asks was tested again as often as conflicts are worth."""
        return self._tested_again[self.question(hypothesis)] >= MOST_REPLICATIONS

    def history(self, name: str) -> tuple[Moment, ...]:
        """All that happened to an assertion: said, opposed, mended, pinned."""
        if name not in self.said:
            raise UsageError(f"nothing on record is called {name}", "scientist claim list")
        return self.moments.get(name, ())

    def question(self, hypothesis: str) -> str:
        """What a hypothesis asks; those in other words ask the same."""
        known = self.hypotheses.get(hypothesis)
        return protocols.question(known) if known else f"unknown {hypothesis}"

    def with_found(self, found: Mapping[str, Conflict]) -> Knowledge:
        """The same with conflicts that nothing on record is about yet."""
        now = replace(self, conflicts={**self.conflicts, **found})
        if self._resolved_at.keys().isdisjoint(found):
            vars(now)["standings"] = self.standings
        return now

    def next_assertion_id(self) -> str:
        return _next("A", self.said)

    def next_conflict_id(self) -> str:
        return _next("K", self.conflicts)

    def weigh(self, found: Mapping[str, Standing]) -> dict[str, float]:
        """The weight of each assertion by itself, given what stands."""
        demoted = {name for name, one in found.items() if not one.stands}
        measured = {
            one.said.source.address: one.said.weight
            for one in found.values()
            if one.said.source.kind == "finding"
        } | {name: self.held.weight(finding) for name, finding in self.findings.items()}
        return {
            name: weigh(one.said, measured, self.credences, demoted, one.pinned)
            for name, one in found.items()
        }

    @cached_property
    def _latest(self) -> dict[str, Resolution]:
        found = {one.conflict: one for _, one in self.resolved}
        return {name: one for name, one in found.items() if name not in self.reopened}

    @cached_property
    def _resolved_at(self) -> dict[str, int]:
        return {resolution.conflict: seq for seq, resolution in self.resolved}

    @cached_property
    def _tested_again(self) -> Counter[str]:
        """How often each question was tested since it was first asked again."""
        first: dict[str, int] = {}
        for seq, one in self.resolved:
            if one.how == "discriminate":
                first.setdefault(self.question(one.replicate), seq)
        return Counter(asked for seq, asked in self.tested if seq > first.get(asked, seq))

    def _stands(self, name: str) -> bool:
        return name in self.standings and self.standings[name].stands

    def is_mended(self, conflict: Conflict) -> bool:
        """Whether what was resolved still keeps its members from holding together."""
        resolution = self._latest.get(conflict.id)
        if resolution is None or resolution.how == "discriminate":
            return False
        if resolution.how == "moot" or not all(self._stands(name) for name in conflict.members):
            return True
        return any(self.standings[name].narrowed_by for name in conflict.members)


def gather(journal: Journal) -> Knowledge:
    """Everything asserted on record, and all that was found about it."""
    return journal.follow(_READING).knowledge()


def writes(journal: Journal) -> Iterator[tuple[Knowledge, tuple[Assertion, ...], list[Entry]]]:
    """Each write that states or mends something: what was known before it, what it states, it."""
    reading = _Reading()
    for _, write in groupby(journal.entries(*KINDS), key=lambda one: (one.time, one.campaign)):
        entries, stated = list(write), list[Assertion]()
        for entry in entries:
            match entry.event:
                case AssertionMade(assertion=assertion):
                    stated.append(assertion)
                case FindingRecorded(finding=finding):
                    stated += reading.of_finding(finding)
        if stated or any(one.kind in MENDING for one in entries):
            yield reading.knowledge(), tuple(stated), entries
        for entry in entries:
            reading.take(entry)


@dataclass
class _Reading:
    """What the record held so far."""

    said: dict[str, Assertion] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    resolved: list[tuple[int, Resolution, frozenset[str]]] = field(default_factory=list)
    relations: list[RelationJudged] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    hypotheses: dict[str, Hypothesis] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    tested: list[tuple[int, str]] = field(default_factory=list)
    moments: dict[str, tuple[Moment, ...]] = field(default_factory=dict)
    reopened: set[str] = field(default_factory=set)
    credences: Credences = field(default_factory=Credences)
    held: Held = field(default_factory=Held)

    def take(self, entry: Entry) -> None:
        """Add what one entry says."""
        match entry.event:
            case HypothesisProposed(hypothesis=hypothesis):
                self._asked(hypothesis)
            case CodeWritten() as written:
                if written.hypothesis in self.hypotheses:
                    known = self.hypotheses[written.hypothesis]
                    self._asked(project.with_code(known, entry.data))
            case ProtocolSealed(protocol=protocol, digest=digest):
                self.codes[digest] = protocol.code_hash
                self.credences.seal(digest, protocol.seeds)
            case FindingRecorded(finding=finding):
                self._measured(entry, finding)
            case AssertionMade(assertion=assertion):
                self.said[assertion.id] = assertion
                source = f"{assertion.source.kind} {assertion.source.address}".strip()
                self._note(entry, [assertion.id], "said", f"{assertion.text} ({source})")
            case AssertionPinned(assertion=name, pinned=stays):
                measured = standings.finding_of(name)
                both = {name, measured, measured + standings.STATUS} & self.said.keys()
                self.pinned = self.pinned | both if stays else self.pinned - both
                text = "The user decided that it stands." if stays else "The user took that back."
                self._note(entry, [name], "pinned" if stays else "unpinned", text)
            case RelationJudged() as judged:
                self.relations.append(judged)
            case ConflictFound(conflict=conflict):
                if conflict.id in self.conflicts:
                    self.reopened.add(conflict.id)
                self.conflicts[conflict.id] = conflict
                text = f"{conflict.id}: {' '.join(conflict.proof)}"
                self._note(entry, conflict.members, "conflict", text)
            case ConflictResolved(resolution=resolution):
                self._resolved(entry, resolution)

    def knowledge(self) -> Knowledge:
        """All of it as it is now, with what is believed of the hypotheses.

        What was resolved for the sake of a pin does not outlast it.
        """
        return Knowledge(
            said=self.said.copy(),
            pinned=frozenset(self.pinned & self.said.keys()),
            conflicts=self.conflicts.copy(),
            resolved=tuple((seq, one) for seq, one, pins in self.resolved if pins <= self.pinned),
            relations=tuple(self.relations),
            findings=self.findings.copy(),
            hypotheses=self.hypotheses.copy(),
            tested=tuple(self.tested),
            credences=self.credences.now(),
            moments=self.moments.copy(),
            reopened=frozenset(self.reopened),
            held=self.held,
        )

    def _asked(self, hypothesis: Hypothesis) -> None:
        self.hypotheses[hypothesis.id] = hypothesis
        self.credences.ask(hypothesis)

    def _measured(self, entry: Entry, finding: Finding) -> None:
        asked = _asked(finding, self.hypotheses)
        self.findings[finding.id] = finding
        self.credences.find(finding)
        self.tested.append((entry.seq, protocols.question(asked)))
        for one in self.of_finding(finding):
            self.said[one.id] = one
            self._note(entry, [one.id], "measured", one.text)

    def of_finding(self, finding: Finding) -> Sequence[Assertion]:
        """What a finding states."""
        asked = _asked(finding, self.hypotheses)
        code = self.codes.get(finding.protocol_digest, asked.code_hash)
        return derive.of_finding(asked, finding, code)

    def _resolved(self, entry: Entry, resolution: Resolution) -> None:
        changes = {change.assertion: change for change in resolution.changes}
        self.reopened.discard(resolution.conflict)
        found = self.conflicts.get(resolution.conflict)
        members = found.members if found else ()
        self.resolved.append((entry.seq, resolution, frozenset(self.pinned.intersection(members))))
        for name in dict.fromkeys([*members, *changes]):
            text = f"{resolution.conflict}: {resolution.reason}"
            self._note(entry, [name], _what(resolution, name, changes), text)

    def _note(self, entry: Entry, names: Iterable[str], what: str, text: str) -> None:
        for name in dict.fromkeys(names):
            moment = Moment(entry.seq, entry.time, what, text)
            self.moments[name] = (*self.moments.get(name, ()), moment)


_READING = Fold[_Reading](KINDS, _Reading, _Reading.take)


def _asked(finding: Finding, hypotheses: Mapping[str, Hypothesis]) -> Hypothesis:
    if finding.hypothesis not in hypotheses:
        raise ScientistError(
            f"finding {finding.id} is about {finding.hypothesis}, which was never proposed",
            "scientist audit verify",
        )
    return hypotheses[finding.hypothesis]


def _what(resolution: Resolution, name: str, changes: Mapping[str, object]) -> str:
    """What a resolution did to one of those it is about."""
    if name in changes:
        return {"rescope": "narrowed", "demote": "demoted"}.get(resolution.how, "changed")
    return {"discriminate": "waits for a replication", "moot": "moot"}.get(
        resolution.how, "kept as it is"
    )


def _next(letter: str, names: Collection[str]) -> str:
    numbers = (name[1:] for name in names if name[:1] == letter)
    return f"{letter}{max((int(one) for one in numbers if one.isdecimal()), default=0) + 1}"
