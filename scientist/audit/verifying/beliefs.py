"""What was said of credences, against the Bayes factors of the findings that were known then."""

from __future__ import annotations

import re

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry, project
from scientist.records import Finding, Hypothesis, Protocol
from scientist.science import belief

SAID = re.compile(r"credence in (H\d+): ([0-9.]+) when it was proposed, ([0-9.]+) now")
NEAR = 0.011  # what is said has two digits


def check(audit: Audit) -> None:
    """Each sentence of the record on how a credence moved."""
    hypotheses: dict[str, Hypothesis] = {}
    findings: list[Finding] = []
    seeds: dict[str, tuple[int, ...]] = {}
    kinds = ("hypothesis_proposed", "code_written", "protocol_sealed", "finding_recorded")
    for entry in audit.journal.entries(*kinds, "reasoned"):
        data = entry.data
        match entry.kind:
            case "hypothesis_proposed":
                one = Hypothesis.model_validate(data["hypothesis"])
                hypotheses[one.id] = one
            case "code_written" if data["hypothesis"] in hypotheses:
                known = hypotheses[data["hypothesis"]]
                hypotheses[known.id] = project.with_code(known, data)
            case "protocol_sealed":
                seeds[data["digest"]] = Protocol.model_validate(data["protocol"]).seeds
            case "finding_recorded":
                findings.append(Finding.model_validate(data["finding"]))
            case "reasoned" if data["phase"] == "revise" and data["source"] == "code":
                _moved(audit, entry, hypotheses, findings, seeds)


def _moved(
    audit: Audit,
    entry: Entry,
    hypotheses: dict[str, Hypothesis],
    findings: list[Finding],
    seeds: dict[str, tuple[int, ...]],
) -> None:
    found = SAID.fullmatch(entry.data["text"])
    if found is None:
        return
    name, before, now = found[1], float(found[2]), float(found[3])
    if name not in hypotheses:
        raise Broken(f"a credence in {name} was stated, which was never proposed")
    (given,) = (
        one
        for one in belief.fold(list(hypotheses.values()), findings, seeds)
        if one.hypothesis == name
    )
    if abs(given.prior - before) > NEAR or abs(given.credence - now) > NEAR:
        raise Broken(
            f"the credence in {name} is said to have gone from {before:.2f} to {now:.2f}; its "
            f"findings take it from {given.prior:.2f} to {given.credence:.2f}",
            f"event {entry.seq}",
            {name},
        )
    audit.count("credences")
