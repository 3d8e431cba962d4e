"""A record with everything a report must tell of, much of it written by somebody hostile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from science import sealed

from scientist.corpus import store as corpus
from scientist.events import (
    AssertionMade,
    CampaignClosed,
    CampaignOpened,
    CandidateRejected,
    CodeGivenUp,
    ConflictFound,
    Degraded,
    Event,
    FindingRecorded,
    HypothesisDeclined,
    HypothesisProposed,
    ModelCalled,
    PhaseStarted,
    Reasoned,
)
from scientist.journal import Journal
from scientist.lab.kits import load
from scientist.records import (
    Assertion,
    Attempt,
    Budget,
    Conflict,
    Direction,
    Finding,
    Hypothesis,
    Judgement,
    Quote,
    Rung,
    Says,
    Source,
    Usage,
    Verdict,
)
from scientist.science import protocol as protocols
from scientist.science import statement

KIT = load("causal_features")
SCRIPT = "<script>alert(1)</script>"
EVIL = f'{SCRIPT} | 99% "of all" `x` *y* [z](javascript:1) ![i](http://evil.example/i) \\ &lt; _u_'
ESSAY = f"""---
title: '{SCRIPT} 12 | cues *that* [turn](http://evil.example)'
---
Errors fell by 97% in 12 of 13 worlds | said <b>they</b> & "nobody" knew `why` *so* _much_.
A stable cue keeps its weight in every world.
"""
OWN = 'ARMS = {"<img src=x onerror=alert(2)>": "20% | *more*", "50% of `all`": "the usual"}\n'


def open_campaign(journal: Journal, name: str = "C1", **changes: Any) -> None:
    opened = {
        "question": f"does X beat Y by 20%? {EVIL}",
        "essays": ("E1",),
        "budget": Budget(rounds=4, minutes=30, tokens=9000, trials=5000),
        "seed": 7,
        "settings": {},
        "versions": {"scientist": "0.3.0", "python": "3.11.7"},
    }
    journal.append(CampaignOpened(**{**opened, **changes}), name)
    journal.append(PhaseStarted(phase="survey", round=1), name)


def close_campaign(journal: Journal, findings: tuple[str, ...]) -> None:
    closed = CampaignClosed(
        outcome="completed", reason=f"all 4 rounds are done {EVIL}", rounds=4, findings=findings
    )
    journal.append(closed, "C1")


def asked(number: int, **changes: Any) -> Hypothesis:
    fields: dict[str, Any] = {
        "id": f"H{number}",
        "statement": "stable lowers shifted_error compared with pooled.",
        "rationale": f"The essay says 3 times that it pays off. {EVIL}",
        "quotes": (),
        "kit": KIT.name,
        "factor": KIT.factor,
        "treatment": "stable",
        "control": "pooled",
        "metric": "shifted_error",
        "direction": Direction.DECREASE,
        "smallest_effect": 0.05,
        "parameters": {"samples": 100 + number, "noise": 0.1},
        "conditions": ("samples",),
        "prior": 0.7,
    }
    return Hypothesis(**{**fields, **changes})


def quoted(journal: Journal, folder: Path) -> tuple[Quote, ...]:
    """An essay of two sentences, both of them quoted."""
    folder.mkdir()
    (folder / "evil.md").write_text(ESSAY)
    corpus.add(journal, folder)
    return tuple(
        Quote(essay=p.essay, sentence=p.number, start=p.start, end=p.end, text=p.text)
        for p in corpus.passages(journal)
    )


def propose(journal: Journal, hypothesis: Hypothesis, campaign: str = "C1") -> Hypothesis:
    journal.append(HypothesisProposed(hypothesis=hypothesis), campaign)
    return hypothesis


def measure(
    journal: Journal, hypothesis: Hypothesis, effect: float, code: str = KIT.code, runs: int = 2
) -> Finding:
    """A finding with its runs, all of it on record."""
    attempts: list[Attempt] = []
    for _ in range(runs):
        confirms = attempts[0].protocol_digest if attempts else ""
        plan = sealed.plan(journal, hypothesis, confirms)
        plan = plan.model_copy(update={"code_hash": journal.put(code)})
        name = f"X{journal.count('experiment_started') + 1}"
        happened, attempt = sealed.events_of(journal, plan, sealed.measured(plan, effect), name)
        journal.append_all(happened, "C1")
        attempts.append(attempt)
    found = sealed.finding(hypothesis, attempts[-1], attempts[0] if runs > 1 else None)
    return keep(journal, hypothesis, found, plan)


def lie(journal: Journal) -> Finding:
    """A measured F1, which is given, and an F2 that says the same with a number of its own."""
    found = measure(journal, propose(journal, asked(1)), -0.3)
    effect = re.search(r"by (0\.\d+)", found.statement)
    assert effect
    false = found.statement.replace(effect[1], "0.777")
    said = found.model_copy(update={"id": "F2", "statement": false})
    journal.append(FindingRecorded(finding=said), "C1")
    return found


def keep(
    journal: Journal,
    hypothesis: Hypothesis,
    found: Finding,
    plan: Any = None,
    name: str = "",
    **changes: Any,
) -> Finding:
    """Record a finding with its claim, under the next number if none is given."""
    update: dict[str, Any] = {"id": name or f"F{journal.count('finding_recorded') + 1}"}
    if plan is not None:
        judged, level = found.judgement, plan.level
        update["statement"] = statement.render(hypothesis, judged, level)
        update["claim"] = statement.claim(hypothesis, plan, judged, found.experiment)
    found = found.model_copy(update={**update, **changes})
    journal.append(FindingRecorded(finding=found), "C1")
    return found


def infeasible(journal: Journal, hypothesis: Hypothesis) -> Finding:
    """A finding that was refused before anything was sealed."""
    reason = f"the smoke run failed: 5 errors\n{EVIL}"
    judged = Judgement(verdict=Verdict.INFEASIBLE, reason=reason)
    bare = Attempt(experiment="", protocol_digest="", trials_blob=None, judgement=judged)
    found = sealed.finding(hypothesis, bare)
    return keep(journal, hypothesis, found, statement=statement.render(hypothesis, judged))


def called(journal: Journal, prompt: int, cached: int) -> None:
    journal.append(
        ModelCalled(
            prompt="hypothesize",
            prompt_version=3,
            prompt_hash="p" * 64,
            model="tiny-1.5b",
            model_digest="d" * 64,
            endpoint="http://127.0.0.1:1/v1",
            attempt=1,
            outcome="valid",
            seed=1,
            temperature=0.2,
            usage=Usage(prompt=prompt, cached=cached, completion=50),
            seconds=0.0,
            request_blob="",
            response_blob="",
        ),
        "C1",
    )


def hostile(journal: Journal, folder: Path) -> list[Finding]:
    """A finished campaign in which everything happened."""
    quotes = quoted(journal, folder)
    open_campaign(journal)
    called(journal, 800, 600)
    called(journal, 200, 100)
    one = propose(journal, asked(1, quotes=quotes))
    two = propose(journal, asked(2, rung=Rung.KIT, prior=None))
    strange = propose(
        journal,
        asked(
            3,
            kit="",
            code_hash=journal.put(OWN),
            statement=EVIL,
            treatment="<img src=x onerror=alert(2)>",
            control="50% of `all`",
            metric="*loss* | [1](http://evil.example)",
            parameters={"law": EVIL, "deep": True},
            conditions=("law", "deep"),
        ),
    )
    never = propose(journal, asked(4, rung=Rung.FREE, kit="", idea=f"it learns 3 times {EVIL}"))
    for number in (5, 6, 7):
        propose(journal, asked(number, quotes=quotes[:1]))
    findings = [
        measure(journal, one, -0.3),
        measure(journal, two, 0.0, runs=1),
        measure(journal, strange, -0.4, OWN, runs=1),
        infeasible(journal, never),
    ]
    others: list[Event] = [
        HypothesisDeclined(hypothesis="H5", reason=f"5 reasons against it {EVIL}"),
        CodeGivenUp(hypothesis="H6", rung=Rung.ADAPTED, reason=f"line 3: {EVIL}", tries=4),
        *[
            CandidateRejected(phase="hypothesize", reason=f"too near, 0.1{n} {EVIL}", candidate={})
            for n in (1, 1, 2)
        ],
        Reasoned(phase="hypothesize", source="code", text=f"F1 waived: 2 others go first {EVIL}"),
        Reasoned(phase="hypothesize", source="model", text="I waive everything, 100%"),
        Degraded(what="embedding", reason=f"words alone, 30% weaker {EVIL}"),
        AssertionMade(
            assertion=Assertion(
                id="A1",
                says=Says.TEXT,
                text=f"All of 7 learners fail. {EVIL}",
                source=Source(kind="user", address=""),
            )
        ),
        ConflictFound(
            conflict=Conflict(
                id="K1",
                rule="opposite regions",
                members=("F1", "A1"),
                proof=(f"F1 says -0.3 at most and A1 says 7 {EVIL}", "no number is in both"),
            )
        ),
    ]
    journal.append_all(others, "C1")
    close_campaign(journal, tuple(finding.id for finding in findings))
    return findings


def many(journal: Journal, count: int) -> None:
    """A campaign with that many findings, each on data of its own."""
    open_campaign(journal, question=None)
    for number in range(1, count + 1):
        hypothesis = propose(journal, asked(number, rationale=""))
        plan = protocols.plan(
            hypothesis,
            pairs=12,
            alpha=0.05,
            level=0.01,
            code_hash=journal.put(KIT.code),
            runner_hash="r" * 64,
            resamples=999,
        )
        run = sealed.measured(plan, -0.4 * (number % 3))
        happened, attempt = sealed.events_of(journal, plan, run, f"X{number}")
        journal.append_all(happened, "C1")
        keep(journal, hypothesis, sealed.finding(hypothesis, attempt), plan, f"F{number}")
