"""The evidence of a workspace: what claims are held against, read from the journal alone.

What a metric means (which way is better, its unit) comes from the header of the sealed code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scientist.audit import facts, words
from scientist.corpus import store as corpus
from scientist.errors import JournalError
from scientist.journal import Journal, project
from scientist.journal.project import FindingView
from scientist.records import Attempt, Finding, Hypothesis, Protocol
from scientist.science import stream
from scientist.science.claims.evidence import Evidence, Measure, Run
from scientist.science.consistency import knowledge

Sealed = dict[str, tuple[Mapping[str, object], str]]


def gather(journal: Journal) -> Evidence:
    """Everything on record that a claim may name."""
    sealed: Sealed = {
        entry.data["digest"]: (entry.data["protocol"], entry.data["code_blob"])
        for entry in journal.entries("protocol_sealed")
    }
    hypotheses = {view.record.id: view.record for view in project.hypotheses(journal)}
    adjusted = stream.adjusted(journal)
    runs: list[Run] = []
    for view in project.findings(journal):
        finding = view.record
        hypothesis = hypotheses.get(finding.hypothesis)
        if hypothesis is None:
            raise JournalError(
                f"hypothesis {finding.hypothesis} of {finding.id} is not on record",
                "scientist audit verify",
            )
        runs += runs_of(journal, sealed, view, hypothesis, _rate(adjusted, finding))
    quotes = {passage.address: passage.text for passage in corpus.passages(journal)}
    ids = {*hypotheses, *(essay.id for essay in project.essays(journal))}
    ids |= {str(entry.campaign) for entry in journal.entries("campaign_opened")}
    ids |= {view.id for view in project.experiments(journal)}
    bare = Evidence(tuple(runs), quotes=quotes, ids=frozenset(ids))
    return replace(
        bare,
        words=words.gather(journal, bare),
        facts=facts.gather(journal, knowledge.gather(journal)),
    )


def runs_of(
    journal: Journal,
    sealed: Sealed,
    view: FindingView,
    hypothesis: Hypothesis,
    rate: float | None = None,
) -> list[Run]:
    """The runs behind a finding, the first attempt before the one whose numbers it gives."""
    finding = view.record
    if not finding.experiment:
        found = [_never_run(finding, hypothesis, view.campaign)]
    else:
        run = _run(journal, sealed, view, hypothesis, _last(finding))
        first = finding.first.judgement if finding.first else None
        found = [replace(run, first=first, adjusted_p=rate)]
    if finding.first is not None:
        run = _run(journal, sealed, view, hypothesis, finding.first)
        found.insert(0, replace(run, final=False))
    return found


def _rate(adjusted: Mapping[str, float], finding: Finding) -> float | None:
    """The adjusted p of a finding: of two protocols behind it, the larger one."""
    digests = [finding.protocol_digest, finding.first.protocol_digest if finding.first else ""]
    counts = finding.judgement.overall_p is not None
    known = [adjusted[digest] for digest in digests if counts and digest in adjusted]
    return max(known, default=None)


def _last(finding: Finding) -> Attempt:
    """The attempt whose numbers a finding gives."""
    return Attempt(
        experiment=finding.experiment,
        protocol_digest=finding.protocol_digest,
        trials_blob=finding.trials_blob,
        judgement=finding.judgement,
    )


def _run(
    journal: Journal,
    sealed: Sealed,
    view: FindingView,
    hypothesis: Hypothesis,
    attempt: Attempt,
) -> Run:
    if attempt.protocol_digest not in sealed:
        raise JournalError(
            f"{view.record.id} rests on a protocol {attempt.protocol_digest[:12]} that was never "
            "sealed",
            "scientist audit verify",
        )
    plan, code_blob = sealed[attempt.protocol_digest]
    protocol = Protocol.model_validate(plan)
    return Run(
        experiment=attempt.experiment,
        protocol=protocol,
        trials=tuple(project.raw_trials(journal, attempt.trials_blob)),
        judgement=attempt.judgement,
        finding=view.record.id,
        campaign=view.campaign,
        conditions=hypothesis.conditions,
        measures=_measures(protocol.kit, journal.get(code_blob).decode()),
    )


def _never_run(finding: Finding, hypothesis: Hypothesis, campaign: str) -> Run:
    """A finding that was refused before anything was sealed: it has a verdict and no numbers."""
    protocol = Protocol(
        hypothesis=hypothesis.id,
        kit=hypothesis.kit,
        treatment=finding.treatment,
        control=finding.control,
        arms=(finding.treatment, finding.control),
        metric=finding.metric,
        direction=finding.direction,
        smallest_effect=finding.smallest_effect,
        parameters=hypothesis.parameters,
        seeds=(),
        smoke_seeds=(),
        test="never sealed",
        alpha=0.5,
        confidence=0.5,
        resamples=1,
        stopping_rule="never sealed",
        code_hash="",
        runner_hash="",
    )
    return Run(
        experiment="",
        protocol=protocol,
        trials=(),
        judgement=finding.judgement,
        finding=finding.id,
        campaign=campaign,
        conditions=hypothesis.conditions,
    )


def _measures(name: str, code: str) -> dict[str, Measure]:
    """What the sealed code says of its metrics; code without such a header says nothing."""
    kit = words.header(name, code)
    metrics = kit.metrics if kit else {}
    return {
        name: Measure(
            better=metric.better,
            unit=metric.unit,
            share=metric.description.startswith("share ") and not metric.unit,
            description=metric.description,
        )
        for name, metric in metrics.items()
    }
