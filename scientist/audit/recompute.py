"""Every finding against what its sealed protocols, raw trials and quotes give.

Nothing that is stored is believed: judgements are made again, sentences rendered again and
taken apart again, and what was judged without a finding is looked at, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from scientist.audit.evidence import gather
from scientist.errors import JournalError, UsageError
from scientist.journal import Journal, project
from scientist.journal.project import FindingView
from scientist.lab.kits import meaning
from scientist.records import Attempt, Finding, Judgement
from scientist.science import integrity
from scientist.science.claims.bind import check
from scientist.science.claims.evidence import Evidence
from scientist.science.claims.render import verify


def recompute(journal: Journal) -> tuple[int, list[str]]:
    """How many findings say exactly what the record gives, and what could not be looked at."""
    views, notes = project.findings(journal), list[str]()
    evidence: Evidence | None = None
    weaker = _weaker(journal)
    told: dict[str, str] = {}
    for number, view in enumerate(views, start=1):
        record = view.record
        found = integrity.of_finding(journal, record)
        earlier = [d for d in found if d.startswith(integrity.OTHER_RULE)]
        hidden = [d for d in found if d not in record.deviations and d not in earlier]
        hidden += _of_record(journal, view, number, weaker.get(number, ()))
        if record.protocol_digest and record.protocol_digest in told:
            hidden.append(f"{told[record.protocol_digest]} tells of the same protocol")
        told[record.protocol_digest] = record.id
        if record.first:
            told[record.first.protocol_digest] = record.id
        if not hidden:
            evidence = evidence or gather(journal)
            if record.claim:
                hidden += verify(record.claim, record.statement, evidence)
            if not earlier:
                said = check(record.statement, evidence, record.id)
                hidden += [entry.reason for entry in said.entries if not entry.bound]
        if earlier:
            notes.append(f"{record.id} was judged by the rule of an earlier version")
        if hidden:
            raise JournalError(
                f"finding {record.id} does not hold: {'; '.join(hidden)}",
                f"scientist finding show {record.id}",
            )
    _without_finding(journal, set(told), {view.record.id for view in views})
    return len(views) - len(notes), notes


def _of_record(
    journal: Journal, view: FindingView, number: int, weaker: Sequence[str]
) -> list[str]:
    """What surrounds the numbers of a finding: its name, its quotes, what was weaker."""
    record = view.record
    found: list[str] = []
    if record.id != f"F{number}":
        found.append(f"it is the finding number {number}")
    if record.quotes != project.hypothesis(journal, record.hypothesis).record.quotes:
        found.append("its quotes are not those of its hypothesis")
    if record.meaning and record.meaning != _meant(journal, record):
        found.append("what it says of its names is not what the sealed code says of them")
    found += [f"it does not say: {d}" for d in weaker if d not in record.degradations]
    return found


def _weaker(journal: Journal) -> dict[int, tuple[str, ...]]:
    """What was weaker than intended in a campaign when each finding was recorded, by its number."""
    found: dict[int, tuple[str, ...]] = {}
    known: dict[str | None, tuple[str, ...]] = {}
    for entry in journal.entries("degraded", "finding_recorded"):
        so_far = known.get(entry.campaign, ())
        if entry.kind == "degraded":
            said = f"{entry.data['what']}: {entry.data['reason']}"
            known[entry.campaign] = (*so_far, said)
        else:
            found[len(found) + 1] = so_far
    return found


def _meant(journal: Journal, record: Finding) -> str:
    """What the code that was sealed says of the names in a finding's sentence."""
    try:
        sealed = project.protocol(journal, record.protocol_digest)
    except UsageError:
        return ""
    code = journal.get(sealed.code_hash).decode()
    return meaning(code, record.treatment, record.control, record.metric)


def _without_finding(journal: Journal, told: set[str], findings: set[str]) -> None:
    """Judged protocols that no finding tells of, and findings that an end names in vain."""
    for entry in journal.entries("campaign_closed"):
        if lost := sorted(set(entry.data["findings"]) - findings):
            raise JournalError(
                f"campaign {entry.campaign} ended with {', '.join(lost)}, which is not on record",
                f"scientist audit show {entry.campaign}",
            )
    ends = {e.data["protocol_digest"]: e.data for e in journal.entries("experiment_finished")}
    for entry in journal.entries("judged"):
        digest = entry.data["protocol_digest"]
        if digest in told or digest not in ends:
            continue
        attempt = Attempt(
            experiment=entry.data["experiment"],
            protocol_digest=digest,
            trials_blob=ends[digest]["trials_blob"],
            judgement=Judgement.model_validate(entry.data["judgement"]),
        )
        if found := integrity.of_attempt(journal, attempt):
            raise JournalError(
                f"experiment {attempt.experiment} does not hold: {'; '.join(found)}",
                f"scientist experiment show {attempt.experiment}",
            )
