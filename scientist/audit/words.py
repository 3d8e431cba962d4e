"""What was written down under each id, so that a text may quote it: statements, reasons, proofs.

Words of models and people are quoted, never claimed; `bind` lets a quotation stand only where
it stands on record. The sentence of a finding is among them only if its claim gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from scientist.errors import ScientistError
from scientist.journal import Entry, Journal, project
from scientist.lab import kits
from scientist.lab.kits import Kit
from scientist.records import Finding
from scientist.science.claims.evidence import Evidence
from scientist.science.claims.render import render

Words = dict[str, list[str]]
OF_A_CAMPAIGN = {
    "campaign_opened": ("question",),
    "campaign_closed": ("reason",),
    "campaign_paused": ("reason",),
    "candidate_rejected": ("reason",),
    "reasoned": ("text",),
}
_ADDED = (
    *("degraded", "hypothesis_proposed", "hypothesis_declined", "code_given_up", "code_written"),
    *("assertion_made", "conflict_found", "conflict_resolved", "turn_asked"),
)
OF_A_HYPOTHESIS = ("statement", "rationale", "idea", "factor", "treatment", "control", "metric")


def gather(journal: Journal, evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Everything that was written down, by id."""
    found: Words = {}
    for essay in project.essays(journal):
        found[essay.id] = [essay.title]
    sealed = {
        entry.data["digest"]: (entry.data["protocol"], entry.data["code_blob"])
        for entry in journal.entries("protocol_sealed")
    }
    for view in project.experiments(journal):
        plan, blob = sealed.get(view.protocol_digest, ({}, ""))
        code = journal.get(blob).decode() if blob else ""
        kit, arms = header(plan.get("kit", ""), code), kits.arms_of(code)
        sealed_words = ("metric", "test", "stopping_rule")
        names = (*plan.get("arms", ()), *(plan.get(name, "") for name in sealed_words))
        found[view.id] = [view.reason, *names, *arms.values(), *(_of_kit(kit) if kit else ())]
    for entry in journal.entries(*OF_A_CAMPAIGN, *_ADDED):
        _add(found, entry)
    for finding in project.findings(journal):
        _of_finding(found.setdefault(finding.record.id, []), finding.record, evidence)
    return {name: tuple(dict.fromkeys(filter(str.strip, said))) for name, said in found.items()}


@lru_cache(maxsize=64)
def header(kit: str, code: str) -> Kit | None:
    """What the sealed code says of itself; None for code without a kit's header."""
    try:
        return kits.read(kit, code) if kit else None
    except ScientistError:
        return None


def _of_kit(kit: Kit) -> list[str]:
    metrics = (metric.description for metric in kit.metrics.values())
    return [kit.title, kit.summary, kit.limits, *metrics]


def _add(found: Words, entry: Entry) -> None:
    """Put what an entry says under the id that it is about."""
    data = entry.data
    campaign = found.setdefault(entry.campaign, []) if entry.campaign else []
    for name in OF_A_CAMPAIGN.get(entry.kind, ()):
        campaign.append(str(data[name] or ""))
    if entry.kind == "degraded":
        campaign.append(f"{data['what']}: {data['reason']}")
    elif entry.kind == "hypothesis_proposed":
        said: Mapping[str, str] = data["hypothesis"]
        found[data["hypothesis"]["id"]] = [said.get(name, "") for name in OF_A_HYPOTHESIS]
    elif entry.kind in ("hypothesis_declined", "code_given_up"):
        found.setdefault(data["hypothesis"], []).append(data["reason"])
    elif entry.kind == "code_written":
        found.setdefault(data["hypothesis"], []).extend(data["review"])
    elif entry.kind == "assertion_made":
        found[data["assertion"]["id"]] = [data["assertion"]["text"]]
    elif entry.kind == "conflict_found":
        conflict = data["conflict"]
        found.setdefault(conflict["id"], []).extend([conflict["rule"], *conflict["proof"]])
    elif entry.kind == "conflict_resolved":
        resolution = data["resolution"]
        changes = (change["reason"] for change in resolution["changes"])
        found.setdefault(resolution["conflict"], []).extend([resolution["reason"], *changes])


def _of_finding(said: list[str], finding: Finding, evidence: Evidence) -> None:
    said += [*finding.deviations, *finding.degradations, finding.judgement.reason]
    if finding.first:
        said.append(finding.first.judgement.reason)
    if not finding.claim or not finding.experiment:
        said += [] if finding.experiment else [finding.statement]  # it has no number to bear out
        return
    try:
        given = render(finding.claim, evidence)
    except ScientistError:
        return
    if given == finding.statement:
        said.append(given)
