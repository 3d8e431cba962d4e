"""Write a sealed experiment with its confirmation into a journal, as a campaign would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scientist.events import (
    Event,
    ExperimentFinished,
    ExperimentStarted,
    FindingRecorded,
    Judged,
    Looked,
    ProtocolSealed,
)
from scientist.journal import Journal
from scientist.records import Attempt, Finding, Hypothesis, Judgement, Protocol, Trial
from scientist.science import judge as rules
from scientist.science import protocol as protocols
from scientist.science import statement, stream

from .conftest import trials

CODE = "def trial(arm, seed): ...\n"


def plan(
    journal: Journal, hypothesis: Hypothesis, confirms: str = "", pairs: int = 20, **how: Any
) -> Protocol:
    """The next protocol, at the level that the stream allows."""
    known = stream.sealed(journal)
    asked = protocols.question(hypothesis)
    return protocols.plan(
        hypothesis,
        pairs=pairs,
        alpha=0.05,
        level=stream.next_level(known, 0.05),
        code_hash=journal.put(CODE),
        runner_hash="r" * 64,
        earlier=sum(test.question == asked for test in known),
        confirms=confirms,
        resamples=999,
        **how,
    )


def measured(protocol: Protocol, effect: float) -> list[Trial]:
    """The trials that the sealed rule asks for, up to where it stops."""
    everything = trials(protocol, effect, seed=protocol.seeds[0])
    _, look = rules.reached(protocol, everything)
    return everything[: 2 * (look or len(protocol.seeds))]


def events_of(
    journal: Journal, protocol: Protocol, run: Sequence[Trial], name: str, **changes: Any
) -> tuple[list[Event], Attempt]:
    """Everything that happens to one sealed protocol."""
    digest = protocols.digest(protocol)
    blob = journal.put("".join(trial.model_dump_json() + "\n" for trial in run))
    judgement: Judgement = rules.judge(protocol, run)
    finished = {
        "experiment": name,
        "protocol_digest": digest,
        "status": "done",
        "reason": "",
        "trials": len(run),
        "trials_blob": blob,
        "output_blob": None,
        "environment": {},
        "seconds": 1.0,
        "code_hash": protocol.code_hash,
        "runner_hash": protocol.runner_hash,
        "parameters": dict(protocol.parameters),
        "tier": "A",
    }
    happened: list[Event] = [
        ProtocolSealed(protocol=protocol, digest=digest, code_blob=protocol.code_hash),
        ExperimentStarted(
            experiment=name,
            hypothesis=protocol.hypothesis,
            protocol_digest=digest,
            run_folder="run",
            tier="A",
            limits={},
        ),
    ]
    pairs, look = rules.reached(protocol, run)
    happened += [
        Looked(
            experiment=name,
            protocol_digest=digest,
            pairs=until,
            stop=rules.stop(protocol, pairs[:until]),
            trials_blob=None,
        )
        for until in protocol.looks[:-1]
        if until <= (look or 0)
    ]
    happened.append(ExperimentFinished(**{**finished, **changes}))
    happened.append(Judged(experiment=name, protocol_digest=digest, judgement=judgement))
    attempt = Attempt(
        experiment=name, protocol_digest=digest, trials_blob=blob, judgement=judgement
    )
    return happened, attempt


def finding(
    hypothesis: Hypothesis, last: Attempt, first: Attempt | None = None, **changes: Any
) -> Finding:
    """What is recorded of one or two attempts."""
    judgement = rules.settle(first.judgement, last.judgement) if first else last.judgement
    fields = {
        "id": "F1",
        "hypothesis": hypothesis.id,
        "experiment": last.experiment,
        "protocol_digest": last.protocol_digest,
        "trials_blob": last.trials_blob,
        "statement": statement.render(hypothesis, judgement),
        "metric": hypothesis.metric,
        "treatment": hypothesis.treatment,
        "control": hypothesis.control,
        "direction": hypothesis.direction,
        "smallest_effect": hypothesis.smallest_effect,
        "judgement": judgement,
        "first": first,
        "quotes": hypothesis.quotes,
    }
    return Finding(**{**fields, **changes})


def supported(journal: Journal, hypothesis: Hypothesis, effect: float = -0.3) -> Finding:
    """A supported finding with everything behind it in the journal."""
    attempts: list[Attempt] = []
    for number in (1, 2):
        confirms = attempts[0].protocol_digest if attempts else ""
        protocol = plan(journal, hypothesis, confirms)
        happened, attempt = events_of(journal, protocol, measured(protocol, effect), f"X{number}")
        journal.append_all(happened)
        attempts.append(attempt)
    found = finding(hypothesis, attempts[1], attempts[0])
    journal.append(FindingRecorded(finding=found))
    return found
