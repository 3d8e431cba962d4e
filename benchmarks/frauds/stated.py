"""Frauds on what was read, asked, answered and concluded: essays, quotes, answers, findings."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

from audit.forging import Line, get, put

from frauds import telling
from frauds.kinds import ANCHOR, COVERED, RETOLD, Kind, Unfit, covered, pick, rewritten, told
from frauds.kinds import without_runs as bare
from frauds.measured import named
from scientist.audit.tracing.exchange import answered


def _quoting(lines: list[Line]) -> list[Line]:
    found = told(lines, "hypothesis_proposed")
    return [e for e in found if e["data"]["hypothesis"]["quotes"]]


def quote(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A quote says what its essay does not."""
    one = pick(chance, _quoting(lines))["data"]["hypothesis"]
    quoted = chance.choice(one["quotes"])
    old, new = quoted["text"], _reworded(quoted["text"])
    telling.put_everywhere(lines, {old: new})
    return (one["id"], f"{quoted['essay']}:{quoted['sentence']}")


def _reworded(text: str) -> str:
    """One word replaced by another, of the same length so that no place moves."""
    words = re.findall(r"[a-z]{4,}", text)
    if not words:
        raise Unfit
    return text.replace(words[0], words[0][::-1], 1)


def essay(original: bool, prompts: bool) -> Any:
    """A sentence of an essay that is quoted says something else, in every copy of it."""

    def edit(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        one = pick(chance, _quoting(lines))["data"]["hypothesis"]
        quoted = chance.choice(one["quotes"])
        old, new = quoted["text"], _reworded(quoted["text"])
        added = next(
            e["data"] for e in told(lines, "essay_added") if e["data"]["essay"] == quoted["essay"]
        )
        blobs = ["text_blob", "passages_blob", *(["source_blob"] if original else [])]
        changes = {old: new}
        for name in blobs:
            raw = get(workspace, added[name]).decode()
            if old not in raw:
                raise Unfit
            changes[added[name]] = put(workspace, raw.replace(old, new).encode())
        for call in told(lines, "model_called") if prompts else ():
            asked = get(workspace, call["data"]["request_blob"]).decode()
            changes[call["data"]["request_blob"]] = put(workspace, asked.replace(old, new).encode())
        telling.put_everywhere(lines, changes)
        return (one["id"], quoted["essay"], "model")

    return edit


def _calls(lines: list[Line]) -> list[Line]:
    asked = [e for e in told(lines, "model_called") if e["data"]["prompt"] == "hypothesize"]
    return [call for call in asked if call["data"]["outcome"] == "valid"]


def answer(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The model is said to have proposed the other direction."""
    call = pick(chance, _calls(lines))
    raw = get(workspace, call["data"]["response_blob"])
    said = json.loads(answered(raw)[0])
    for item in said.get("hypotheses", ()):
        item["direction"] = "increase" if item["direction"] == "decrease" else "decrease"
    ids = _proposed_by(lines, call)
    new = json.dumps({"choices": [{"message": {"content": json.dumps(said)}}]})
    call["data"]["response_blob"] = put(workspace, new.encode())
    return ids


def _proposed_by(lines: list[Line], call: Line) -> tuple[str, ...]:
    ids: list[str] = []
    for line in lines[lines.index(call) + 1 :]:
        if line["kind"] == "hypothesis_proposed":
            ids.append(line["data"]["hypothesis"]["id"])
        elif line["kind"] in ("model_called", "effect_intended"):
            break
    if not ids:
        raise Unfit
    return tuple(ids)


def prompt(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The model is said to have been asked something else."""
    call = pick(chance, _calls(lines))
    asked = json.loads(get(workspace, call["data"]["request_blob"]))
    asked["messages"] = [{"role": "user", "content": "What might be so?"}]
    call["data"]["request_blob"] = put(workspace, json.dumps(asked).encode())
    return ("model", *_proposed_by(lines, call))


def prompt_hint(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A sentence that steered the model is taken out of what it was asked."""
    call = pick(chance, _calls(lines))
    asked = json.loads(get(workspace, call["data"]["request_blob"]))
    first = asked["messages"][0]["content"]
    asked["messages"][0]["content"] = first[: len(first) // 2]
    call["data"]["request_blob"] = put(workspace, json.dumps(asked).encode())
    return (f"event {call['seq']}",)


def sampling(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Another sampling seed, as if that had been drawn."""
    call = pick(chance, told(lines, "model_called"))
    call["data"]["seed"] = (call["data"]["seed"] or 0) + 1
    return ("asked with seed",)


def tokens(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Fewer tokens than were spent."""
    found = [e for e in told(lines, "model_called") if e["data"]["usage"]["completion"] > 1]
    call = pick(chance, found)
    call["data"]["usage"]["completion"] //= 2
    call["data"]["usage"]["prompt"] //= 2
    return ("the answer counts",)


def _findings(lines: list[Line]) -> list[Line]:
    return [e for e in told(lines, "finding_recorded") if e["data"]["finding"]["experiment"]]


def verdict(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Another verdict, wherever it is told."""
    record = pick(chance, _findings(lines))["data"]["finding"]
    before = record["judgement"]["verdict"]
    after = chance.choice([v for v in ("supported", "refuted", "inconclusive") if v != before])
    old = json.loads(json.dumps(record["judgement"]))
    telling.swap_values(lines, old, {**old, "verdict": after})
    for line in _findings(lines):
        one = line["data"]["finding"]
        if one["id"] == record["id"]:
            one["statement"] = one["statement"].replace(before, after)
            return (*named(lines, one["experiment"]), one["id"])
    raise Unfit


def sentence(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A digit of the sentence."""
    record = pick(chance, _findings(lines))["data"]["finding"]
    digits = [m.start() for m in re.finditer(r"\d(?=\d* \()|(?<=\.)\d", record["statement"])]
    if not digits:
        raise Unfit
    place = chance.choice(digits)
    text = record["statement"]
    digit = str((int(text[place]) + 1) % 10)
    record["statement"] = text[:place] + digit + text[place + 1 :]
    return (record["id"],)


def bound(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Template and sentence of a finding say more than was found."""
    record = pick(chance, _findings(lines))["data"]["finding"]
    if not record["claim"]:
        raise Unfit
    for name in ("statement",):
        record[name] = f"{record[name][:-1]}, in 99 of 100 cases."
    record["claim"]["template"] = f"{record['claim']['template'][:-1]}, in 99 of 100 cases."
    return (record["id"],)


def effect(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Twice the effect, in the judgement wherever it stands."""
    record = pick(chance, _findings(lines))["data"]["finding"]
    old = json.loads(json.dumps(record["judgement"]))
    if old["effect"] is None:
        raise Unfit
    telling.swap_values(lines, old, {**old, "effect": old["effect"] * 2 + 0.01})
    return named(lines, record["experiment"])


def credence(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A credence is said to be another."""
    found = [e for e in told(lines, "reasoned") if e["data"]["text"].startswith("credence in")]
    line = pick(chance, found)
    name = line["data"]["text"].split()[2].rstrip(":")
    words = line["data"]["text"].split()
    now = (float(words[-2]) + chance.choice((0.02, 0.1, 0.3))) % 1
    line["data"]["text"] = " ".join([*words[:-2], f"{now:.2f}", words[-1]])
    return (name,)


def moved(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A credence moves once more, without a finding."""
    found = [e for e in told(lines, "reasoned") if e["data"]["text"].startswith("credence in")]
    line = pick(chance, found)
    name = line["data"]["text"].split()[2].rstrip(":")
    before = float(line["data"]["text"].split()[3])
    text = f"credence in {name}: {before:.2f} when it was proposed, 0.42 now"
    again = {**line, "data": {**line["data"], "text": text}, "more": False}
    last = lines.index(line)
    while lines[last].get("more"):
        last += 1
    lines.insert(last + 1, again)
    return (name,)


def prior(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The model is said to have been surer from the start."""
    one = pick(chance, _quoting(lines))["data"]["hypothesis"]
    if one["prior"] is None:
        raise Unfit
    one["prior"] = 0.97
    return (one["id"],)


def pinned(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The user is said to have pinned what nobody pinned."""
    made = pick(chance, [*told(lines, "assertion_made"), *told(lines, "finding_recorded")])
    data = made["data"]
    name = data["assertion"]["id"] if "assertion" in data else data["finding"]["id"]
    pin = {"assertion": name, "pinned": True}
    place = lines.index(made)
    while lines[place].get("more"):
        place += 1
    time = lines[place]["time"]
    new = {**made, "kind": "assertion_pinned", "data": pin, "campaign": None, "time": time}
    lines.insert(place + 1, {**new, "more": False})
    return ("rewritten",)


def pinned_nothing(_: Path, lines: list[Line], __: random.Random) -> tuple[str, ...]:
    """A pin on a claim that nobody made."""
    pin = {"assertion": "A999", "pinned": True}
    new = {"kind": "assertion_pinned", "data": pin, "campaign": None, "time": lines[-1]["time"]}
    lines.append(new)
    return ("A999",)


def resolved(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A conflict that was never found is said to be mended, at the cost of a finding."""
    record = pick(chance, _findings(lines))["data"]["finding"]
    change = {"assertion": record["id"], "reason": "it weighs less"}
    said = {"conflict": "K999", "how": "demote", "reason": "it was weaker", "changes": [change]}
    new = {
        "kind": "conflict_resolved",
        "data": {"resolution": said},
        "campaign": None,
        "time": lines[-1]["time"],
    }
    lines.append(new)
    return ("K999",)


def mended(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Of a conflict's claims another one is said to have given way."""
    found = [e for e in told(lines, "conflict_resolved") if e["data"]["resolution"]["changes"]]
    one = pick(chance, found)["data"]["resolution"]
    conflicts = [e["data"]["conflict"] for e in told(lines, "conflict_found")]
    conflict = next(c for c in conflicts if c["id"] == one["conflict"])
    change = one["changes"][0]
    others = [m for m in conflict["members"] if m != change["assertion"]]
    change["assertion"] = chance.choice(others)
    return (one["conflict"], "clashes")


def hidden_conflict(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A conflict that was found, and how it was mended, are left out."""
    name = pick(chance, told(lines, "conflict_found"))["data"]["conflict"]["id"]

    def says(line: Line) -> bool:
        data = line["data"]
        return name in (
            data.get("conflict", {}).get("id") if line["kind"] == "conflict_found" else "",
            data.get("resolution", {}).get("conflict"),
        )

    lines[:] = [line for line in lines if not says(line)]
    for line in told(lines, "finding_recorded"):
        record = line["data"]["finding"]
        record["conflicts"] = [c for c in record["conflicts"] if c != name]
    return (name, "clashes")


def approved(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The user is said to have approved a launch that nobody was asked about."""
    line = pick(chance, told(lines, "protocol_sealed"))
    name = line["data"]["protocol"]["hypothesis"]
    text = {"phase": "approve", "source": "code", "text": f"the user approved {name}"}
    place = lines.index(line)
    while place and lines[place - 1].get("more"):
        place -= 1
    lines.insert(place, {**line, "kind": "reasoned", "data": text, "more": False})
    return (name,)


SHOWN = "the essay, its original, its quotes and every prompt that showed it were made to fit"
USER = "only the user knows what he pinned"
KINDS = (
    Kind("altered quote", COVERED, covered(quote)),
    Kind("altered essay", COVERED, covered(essay(original=False, prompts=False))),
    Kind("altered essay with its original", COVERED, covered(essay(True, False))),
    Kind("altered essay with its original and prompts", COVERED, covered(essay(True, True)),
         ANCHOR, SHOWN),
    Kind("altered model answer", COVERED, covered(answer)),
    Kind("altered prompt", COVERED, covered(prompt)),
    Kind("altered instruction", COVERED, covered(prompt_hint)),
    Kind("altered sampling", COVERED, covered(sampling)),
    Kind("altered cost in tokens", COVERED, covered(tokens)),
    Kind("verdict changed", COVERED, covered(verdict)),
    Kind("number in a finding's sentence", COVERED, covered(sentence)),
    Kind("sentence with its template", COVERED, covered(bound)),
    Kind("effect changed", COVERED, covered(effect)),
    Kind("credence changed", COVERED, covered(credence)),
    Kind("belief moved without a finding", COVERED, covered(moved)),
    Kind("prior changed", COVERED, covered(prior)),
    Kind("pin of nothing forged", COVERED, covered(pinned_nothing)),
    Kind("pin forged", COVERED, covered(pinned), ANCHOR, USER),
    Kind("resolution forged", COVERED, covered(resolved)),
    Kind("resolution turned", COVERED, covered(mended)),
    Kind("conflict hidden", COVERED, covered(hidden_conflict)),
    Kind("approval forged", COVERED, covered(approved)),
    Kind("altered quote", RETOLD, rewritten(quote, bare)),
)  # fmt: skip
