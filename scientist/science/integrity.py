"""Where the record departs from what was sealed: found by reading the journal again.

`of_run` holds a run against its protocol; `of_attempt` adds what only the order of events
shows; `of_finding` adds whether the finding says what its attempts give. Each deviation is a
sentence that is printed on the finding; none at all is an empty tuple.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from scientist.journal import Entry, Journal, project
from scientist.records import Attempt, Finding, Judgement, Protocol, Trial, Verdict
from scientist.science import judge as rules
from scientist.science import protocol as protocols
from scientist.science import stream

OTHER_RULE = "the sealed test cannot be applied by this version"
SAME = 1e-9  # results of the same trials may differ by this much between library versions


def of_run(
    protocol: Protocol,
    trials: Sequence[Trial],
    code_hash: str | None = None,
    runner_hash: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Where a run departed from its sealed protocol, in words.

    What is None is not compared; an empty hash says that none was taken.
    """
    _, look = rules.reached(protocol, trials)
    due = protocol.seeds[: look or len(protocol.seeds)]
    planned = {(arm, seed) for arm in protocol.arms for seed in due}
    measured = Counter((trial.arm, trial.seed) for trial in trials)
    extra = set(measured) - planned
    late = {(arm, seed) for arm, seed in extra if arm in protocol.arms and seed in protocol.seeds}
    arms = sorted({arm for arm, _ in extra if arm not in protocol.arms})
    smoke = sorted({seed for _, seed in extra if seed in protocol.smoke_seeds})
    foreign = {
        (arm, seed)
        for arm, seed in extra - late
        if arm in protocol.arms and seed not in protocol.smoke_seeds
    }
    repeated = sum(count > 1 for count in measured.values())
    unusable = sum(
        not math.isfinite(trial.metrics.get(protocol.metric, math.nan))
        for trial in trials
        if (trial.arm, trial.seed) in planned
    )
    found: list[str] = []
    if missing := planned - set(measured):
        found.append(f"{len(missing)} of {len(planned)} planned trials are missing")
        if look is None and not planned.isdisjoint(measured) and _whole_looks(protocol, measured):
            found.append("it was stopped at a look where the sealed rule goes on")
    if late:
        found.append(f"{len(late)} trials were measured after the sealed rule had stopped it")
    if unusable:
        found.append(f"{unusable} trials have no usable {protocol.metric}")
    if arms:
        found.append(f"arms that were not planned were run: {', '.join(arms)}")
    if foreign:
        found.append(f"{len(foreign)} trials ran on seeds that were not planned")
    if smoke:
        found.append(f"{len(smoke)} smoke seeds were measured; they do not count")
    if repeated:
        found.append(f"{repeated} trials were run more than once")
    for what, ran, sealed in (
        ("code", code_hash, protocol.code_hash),
        ("runner", runner_hash, protocol.runner_hash),
    ):
        if ran == "":
            found.append(f"there is no record of the {what} that ran")
        elif ran is not None and ran != sealed:
            found.append(f"the {what} that ran is not the {what} that was sealed")
    if parameters is not None and protocols.canonical(dict(parameters)) != protocols.canonical(
        protocol.parameters
    ):
        found.append("the parameters that were used are not those that were sealed")
    return tuple(found)


def of_attempt(journal: Journal, attempt: Attempt) -> tuple[str, ...]:
    """Where one attempt departed from its seal: in the run, in its order, in its judgement."""
    digest = attempt.protocol_digest
    steps = project.steps(journal, digest)
    seals = [entry for entry in steps if entry.kind == "protocol_sealed"]
    if not seals:
        return (f"no protocol {digest[:12]} was sealed",)
    seal = seals[0]
    found: list[str] = []
    if protocols.digest(seal.data["protocol"]) != digest:
        found.append(f"the protocol on record is not the one that was sealed as {digest[:12]}")
    if len(seals) > 1:
        found.append(f"the protocol was sealed {len(seals)} times")
    protocol = Protocol.model_validate(seal.data["protocol"])
    if seal.data["code_blob"] != protocol.code_hash:
        found.append("the code on record is not the code that was sealed")
    if protocol.test == protocols.TEST:
        found += _of_plan(journal, protocol, seal)
    ran = {
        kind: [entry for entry in steps if entry.kind == kind]
        for kind in ("experiment_started", "looked", "experiment_finished", "judged")
    }
    found += _of_order(ran, seal, attempt)
    trials = project.raw_trials(journal, attempt.trials_blob)
    for entry in ran["judged"]:
        judged = Judgement.model_validate(entry.data["judgement"])
        found += [f"as it was judged, {said}" for said in _of_judgement(judged, attempt.judgement)]
    found += _of_looks(protocol, trials, ran["looked"])
    if last := ran["experiment_finished"][:1]:
        data = last[0].data
        if data["trials_blob"] != attempt.trials_blob:
            found.append("the trials are not those that the experiment recorded")
        found += of_run(
            protocol, trials, data["code_hash"], data["runner_hash"], data["parameters"]
        )
        if data["status"] != "done" and attempt.judgement.verdict is not Verdict.INFEASIBLE:
            found.append(f"the experiment ended as {data['status']}: {data['reason']}")
    else:
        found.append("there is no record of how the experiment ended")
    if protocol.test == protocols.TEST:
        found += _of_judgement(attempt.judgement, rules.judge(protocol, trials))
    else:
        found.append(f"{OTHER_RULE}: {protocol.test}")
    return tuple(dict.fromkeys(found))


def of_finding(journal: Journal, finding: Finding) -> tuple[str, ...]:
    """Every deviation of a finding: of its attempts, and of what it says from what they give."""
    if not finding.experiment:  # refused before anything was sealed
        bare = Judgement(verdict=Verdict.INFEASIBLE, reason=finding.judgement.reason)
        measured = finding.judgement != bare or finding.first or finding.trials_blob
        return ("it tells of measurements, but names no experiment",) if measured else ()
    steps = project.steps(journal, finding.protocol_digest)
    seals = [entry.data["protocol"] for entry in steps if entry.kind == "protocol_sealed"]
    if not seals:
        return (f"no protocol {finding.protocol_digest[:12]} was sealed",)
    sealed = seals[-1]
    protocol = Protocol.model_validate(sealed)
    found: list[str] = [
        f"the finding's {name} is {getattr(finding, name)}, sealed was {getattr(protocol, name)}"
        for name in ("hypothesis", "metric", "treatment", "control", "direction", "smallest_effect")
        if getattr(finding, name) != getattr(protocol, name)
    ]
    last = next(
        (
            Judgement.model_validate(entry.data["judgement"])
            for entry in steps
            if entry.kind == "judged"
        ),
        None,
    )
    if last is None and protocol.test != protocols.TEST:  # of version 0.1.0
        last = finding.judgement
    elif last is None:
        return (*found, "no judgement of its protocol is on record")
    own = Attempt(
        experiment=finding.experiment,
        protocol_digest=finding.protocol_digest,
        trials_blob=finding.trials_blob,
        judgement=last,
    )
    found += of_attempt(journal, own)
    expected = last
    if finding.first is not None:
        found += of_attempt(journal, finding.first)
        if finding.first.judgement.verdict is not Verdict.SUPPORTED:
            found.append("its first attempt did not support it, so there was nothing to confirm")
        if protocol.confirms != finding.first.protocol_digest:
            found.append("its first attempt is not the one that the protocol was to confirm")
        first = project.steps(journal, finding.first.protocol_digest)
        before = ([e.data["protocol"] for e in first if e.kind == "protocol_sealed"] or [{}])[-1]
        found += [
            f"its two runs were sealed with another {name}"
            for name in (
                "hypothesis",
                "kit",
                "metric",
                "direction",
                "smallest_effect",
                "parameters",
            )
            if before.get(name) != sealed.get(name)
        ]
        expected = rules.settle(finding.first.judgement, last)
    elif protocol.confirms:
        found.append("it names no first attempt, although its protocol was to confirm one")
    elif finding.judgement.verdict is Verdict.SUPPORTED and protocol.test == protocols.TEST:
        found.append("it is supported by one run alone, without a confirmation on fresh seeds")
    found += _of_judgement(finding.judgement, expected)
    return tuple(dict.fromkeys(found))


def _whole_looks(protocol: Protocol, measured: Mapping[tuple[str, int], int]) -> bool:
    """Whether exactly the trials of an earlier look were measured."""
    return any(
        {(arm, seed) for arm in protocol.arms for seed in protocol.seeds[:look]} == set(measured)
        for look in protocol.looks[:-1]
    )


def _of_plan(journal: Journal, protocol: Protocol, seal: Entry) -> list[str]:
    """What a seal claims about itself that the record before it does not bear out."""
    found: list[str] = []
    if set(protocol.seeds) & set(protocol.smoke_seeds):
        found.append("smoke seeds are among the sealed seeds")
    earlier = stream.sealed(journal, before=seal.seq)
    allowed = stream.next_level(earlier, protocol.alpha)
    if protocol.level > allowed * (1 + SAME):
        found.append(
            f"its level {protocol.level:.4g} is more than the {allowed:.4g} that the error "
            "budget allowed"
        )
    asked = protocols.question(protocol)
    again = sum(test.question == asked for test in earlier)
    due = {
        "seeds": protocols.seeds(len(protocol.seeds), asked, again)[0],
        "looks": protocols.looks(len(protocol.seeds)),
        "confidence": round(1 - protocol.alpha, 12),
        "stopping_rule": protocols.STOPPING_RULE,
    }
    found += [
        f"its sealed {name} is not what planning gives"
        for name, value in due.items()
        if getattr(protocol, name) != value
    ]
    for others in stream.seeds(journal, asked, before=seal.seq):
        if shared := others.intersection(protocol.seeds):
            found.append(f"{len(shared)} of its seeds were sealed before for the same question")
            break
    return found


def _of_order(ran: Mapping[str, Sequence[Entry]], seal: Entry, attempt: Attempt) -> list[str]:
    starts, looks = ran["experiment_started"], ran["looked"]
    found: list[str] = []
    if not starts:
        found.append("there is no record that the experiment began")
    elif starts[0].seq < seal.seq:
        found.append("the experiment began before its protocol was sealed")
    names = {entry.data["experiment"] for entry in starts}
    if len(starts) > 1:
        found.append(f"the protocol was run {len(starts)} times")
    if attempt.experiment not in names:
        found.append(f"experiment {attempt.experiment} is no run of this protocol")
    if any(look.data["stop"] for look in looks[:-1]):
        found.append("it went on after a look at which the rule had stopped it")
    ends = ran["experiment_finished"]
    if len(ends) > 1:
        found.append(f"its end was recorded {len(ends)} times")
    if ends and ran["judged"] and ran["judged"][0].seq < ends[0].seq:
        found.append("it was judged before it had ended")
    if len(ran["judged"]) > 1:
        found.append(f"it was judged {len(ran['judged'])} times")
    return found


def _of_looks(protocol: Protocol, trials: Sequence[Trial], looked: Sequence[Entry]) -> list[str]:
    """Where the looks on record are not those of the sealed rule."""
    pairs, last = rules.reached(protocol, trials)
    due = [look for look in protocol.looks[:-1] if last is None or look <= last]
    made = [entry.data["pairs"] for entry in looked]
    if made != due and not (last is None and made == due[: len(made)]):
        return [f"it was looked at after {made} pairs, the sealed rule gives {due}"]
    return [
        f"what was said at the look after {entry.data['pairs']} pairs is not what the rule says"
        for entry in looked
        if bool(entry.data["stop"]) != bool(rules.stop(protocol, pairs[: entry.data["pairs"]]))
    ]


def _of_judgement(said: Judgement, given: Judgement) -> list[str]:
    """Each number and word of a judgement that is not what the raw trials give."""
    one, other = said.model_dump(mode="json"), given.model_dump(mode="json")
    if given.verdict is Verdict.INFEASIBLE:  # its reason says how the experiment ended, too
        one["reason"] = other["reason"] = ""
    return [
        f"its {name} is {_plain(one[name])}, the raw trials give {_plain(other[name])}"
        for name in one
        if not _same(one[name], other[name])
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=1e-300)
    return bool(one == other)


def _plain(value: Any) -> str:
    text = str(value)
    return text if len(text) < 80 else f"{text[:77]}..."
