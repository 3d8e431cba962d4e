"""What a clever cheat does to a record: one name for another everywhere, and all told anew.

`retell` works out from the raw trials whatever follows from them, as the product itself would
have: levels, digests, looks, judgements, sentences, credences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from audit.forging import Line, get, put

from frauds.kinds import Unfit
from scientist.records import Finding, Hypothesis, Judgement, Protocol, Trial, Verdict
from scientist.science import belief, statement, stream
from scientist.science import judge as rules
from scientist.science import protocol as protocols
from scientist.science.consistency.credences import Credences
from scientist.science.stream import Tested

_ID = re.compile(r"\b[CEFHX][1-9][0-9]*\b")


def put_everywhere(lines: list[Line], changes: Mapping[str, str]) -> None:
    """Other words for whole strings, wherever they stand; keys as well."""
    for line in lines:
        line["data"] = _other(line["data"], changes)
        line["campaign"] = changes.get(line["campaign"] or "", line["campaign"])


def _other(value: Any, changes: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return changes.get(value, value)
    if isinstance(value, list):
        return [_other(one, changes) for one in value]
    if isinstance(value, dict):
        return {changes.get(key, key): _other(one, changes) for key, one in value.items()}
    return value


def swap_values(lines: list[Line], old: Any, new: Any) -> None:
    """Another value for every value that is equal to one: a judgement, a protocol."""

    def other(value: Any) -> Any:
        if value == old and type(value) is type(old):
            return json.loads(json.dumps(new))
        if isinstance(value, list):
            return [other(one) for one in value]
        if isinstance(value, dict):
            return {key: other(one) for key, one in value.items()}
        return value

    for line in lines:
        line["data"] = other(line["data"])


def renumber(lines: list[Line]) -> None:
    """Ids without a gap again, in the order in which they first came to be."""
    made = {
        "essay_added": ("E", lambda d: d["essay"]),
        "hypothesis_proposed": ("H", lambda d: d["hypothesis"]["id"]),
        "experiment_started": ("X", lambda d: d["experiment"]),
        "finding_recorded": ("F", lambda d: d["finding"]["id"]),
    }
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for line in lines:
        if line["kind"] == "campaign_opened":
            letter, name = "C", line["campaign"]
        elif line["kind"] in made:
            letter, name = made[line["kind"]][0], made[line["kind"]][1](line["data"])
        else:
            continue
        counts[letter] = counts.get(letter, 0) + 1
        names[name] = f"{letter}{counts[letter]}"
    for line in lines:
        text = json.dumps(line["data"])
        line["data"] = json.loads(_ID.sub(lambda found: names.get(found[0], found[0]), text))
        line["campaign"] = names.get(line["campaign"] or "", line["campaign"])
    for line in lines:
        if line["kind"] == "protocol_sealed":
            reseal(lines, line)


def trials_of(workspace: Path, blob: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in get(workspace, blob).splitlines()]


def keep_trials(workspace: Path, trials: list[dict[str, Any]]) -> str:
    return put(workspace, b"".join(orjson.dumps(one) + b"\n" for one in trials))


def ended(lines: list[Line], experiment: str) -> Line:
    for line in lines:
        if line["kind"] == "experiment_finished" and line["data"]["experiment"] == experiment:
            return line
    raise Unfit


def sealed(lines: list[Line], digest: str) -> Line:
    for line in lines:
        if line["kind"] == "protocol_sealed" and line["data"]["digest"] == digest:
            return line
    raise Unfit


def other_trials(
    workspace: Path, lines: list[Line], end: Line, trials: list[dict[str, Any]]
) -> None:
    """Other trials of an experiment, with their count, wherever they are named; looks as well."""
    blob = keep_trials(workspace, trials)
    old = end["data"]["trials_blob"]
    put_everywhere(lines, {old: blob})
    end["data"]["trials"] = len(trials)
    digest = end["data"]["protocol_digest"]
    seeds = sealed(lines, digest)["data"]["protocol"]["seeds"]
    done = 0
    for line in lines:
        if line["kind"] == "looked" and line["data"]["protocol_digest"] == digest:
            mine = set(seeds[done : line["data"]["pairs"]])
            part = [one for one in trials if one["seed"] in mine]
            put_everywhere(lines, {line["data"]["trials_blob"]: keep_trials(workspace, part)})
            done = line["data"]["pairs"]


def reseal(lines: list[Line], seal: Line) -> None:
    """The digest of a changed protocol, wherever it is named."""
    new = protocols.digest(seal["data"]["protocol"])
    put_everywhere(lines, {seal["data"]["digest"]: new})


def retell(workspace: Path, lines: list[Line]) -> None:
    """All that follows from trials and protocols, worked out again in the order of the record."""
    known: dict[str, Tested] = {}
    judged: dict[str, Judgement] = {}
    asked: dict[str, Hypothesis] = {}
    credences = Credences()
    for line in lines:
        data = line["data"]
        match line["kind"]:
            case "hypothesis_proposed":
                one = Hypothesis.model_validate(data["hypothesis"])
                asked[one.id] = one
                credences.ask(one)
            case "protocol_sealed":
                plan = data["protocol"]
                before = dict(plan)
                plan["level"] = stream.next_level(list(known.values()), plan["alpha"])
                reseal(lines, line)
                swap_values(lines, before, plan)
                plan, digest = line["data"]["protocol"], line["data"]["digest"]
                sealed_plan = Protocol.model_validate(plan)
                known[digest] = Tested(digest, protocols.question(sealed_plan), plan["level"], None)
                credences.seal(digest, sealed_plan.seeds)
            case "looked":
                plan, trials = _run(workspace, lines, data)
                pairs, _ = rules.reached(plan, trials)
                data["stop"] = rules.stop(plan, pairs[: data["pairs"]])
            case "judged":
                plan, trials = _run(workspace, lines, data)
                given = rules.judge(plan, trials)
                if given.verdict is Verdict.INFEASIBLE:
                    given = given.model_copy(update={"reason": data["judgement"]["reason"]})
                digest = data["protocol_digest"]
                judged[digest] = given
                known[digest] = Tested(
                    digest, known[digest].question, known[digest].level, given.overall_p
                )
                swap_values(lines, data["judgement"], given.model_dump(mode="json"))
            case "finding_recorded":
                _found(lines, data["finding"], judged, asked)
                credences.find(Finding.model_validate(line["data"]["finding"]))
            case "reasoned" if data["phase"] == "revise" and data["text"].startswith("credence"):
                name = data["text"].split()[2].rstrip(":")
                prior, now = belief.prior(asked[name]), credences.now()[name]
                data["text"] = (
                    f"credence in {name}: {prior:.2f} when it was proposed, {now:.2f} now"
                )


def _run(workspace: Path, lines: list[Line], data: Line) -> tuple[Protocol, list[Trial]]:
    plan = Protocol.model_validate(sealed(lines, data["protocol_digest"])["data"]["protocol"])
    blob = ended(lines, data["experiment"])["data"]["trials_blob"]
    trials = trials_of(workspace, blob) if blob else []
    return plan, [Trial.model_validate(one) for one in trials]


def _found(
    lines: list[Line],
    finding: dict[str, Any],
    judged: Mapping[str, Judgement],
    asked: Mapping[str, Hypothesis],
) -> None:
    """A finding says what its judgements now are."""
    if finding["protocol_digest"] not in judged:
        return
    last = judged[finding["protocol_digest"]]
    given = last
    if finding["first"]:
        before = judged[finding["first"]["protocol_digest"]]
        finding["first"]["judgement"] = before.model_dump(mode="json")
        given = rules.settle(before, last)
    plan = sealed(lines, finding["protocol_digest"])["data"]["protocol"]
    plan = Protocol.model_validate(plan)
    hypothesis = asked[finding["hypothesis"]]
    finding["judgement"] = given.model_dump(mode="json")
    for name in ("metric", "direction", "smallest_effect", "treatment", "control"):
        finding[name] = plan.model_dump(mode="json")[name]
    finding["statement"] = statement.render(hypothesis, given, plan.level)
    bound = statement.claim(hypothesis, plan, given, finding["experiment"])
    finding["claim"] = bound.model_dump(mode="json")
