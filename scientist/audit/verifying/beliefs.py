"""What was said of credences, against the Bayes factors of the findings that were known then."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry, project
from scientist.records import Finding, Hypothesis, Protocol
from scientist.science import belief
from scientist.science.consistency.credences import Credences

SAID = re.compile(r"credence in (H\d+): ([0-9.]+) when it was proposed, ([0-9.]+) now")
NEAR = 0.005 + 1e-6  # what is said has two digits


def check(audit: Audit) -> None:
    """Each sentence of the record on how a credence moved."""
    hypotheses: dict[str, Hypothesis] = {}
    credences = Credences()
    kinds = ("hypothesis_proposed", "code_written", "protocol_sealed", "finding_recorded")
    for entry in audit.journal.entries(*kinds, "reasoned"):
        data = entry.data
        match entry.kind:
            case "hypothesis_proposed":
                one = Hypothesis.model_validate(data["hypothesis"])
                hypotheses[one.id] = one
                credences.ask(one)
            case "code_written":
                known = project.with_code(hypotheses[data["hypothesis"]], data)
                hypotheses[known.id] = known
                credences.ask(known)
            case "protocol_sealed":
                seeds = Protocol.model_validate(data["protocol"]).seeds
                credences.seal(data["digest"], seeds)
            case "finding_recorded":
                credences.find(Finding.model_validate(data["finding"]))
            case "reasoned" if data["phase"] == "revise" and data["source"] == "code":
                if found := SAID.fullmatch(data["text"]):
                    _moved(entry, hypotheses, credences.now(), found)
                    audit.count("credences")


def _moved(
    entry: Entry,
    hypotheses: Mapping[str, Hypothesis],
    credences: Mapping[str, float],
    found: re.Match[str],
) -> None:
    name, before, now = found[1], float(found[2]), float(found[3])
    place = f"event {entry.seq}"
    if name not in hypotheses:
        raise Broken(f"a credence in {name} was stated, which was never proposed", place)
    prior, credence = belief.prior(hypotheses[name]), credences[name]
    if abs(prior - before) > NEAR or abs(credence - now) > NEAR:
        raise Broken(
            f"the credence in {name} is said to have gone from {before:.2f} to {now:.2f}; its "
            f"findings take it from {prior:.2f} to {credence:.2f}",
            place,
            {name},
        )
