"""Frauds on the record as such: lines, chain, blobs, checkpoints, campaigns, times."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from audit.forging import Line, journal_of

from frauds import telling
from frauds.kinds import (
    ANCHOR,
    COVERED,
    KEY,
    PLAIN,
    RETOLD,
    STRUCTURE,
    Edit,
    Fraud,
    Kind,
    Plant,
    Unfit,
    covered,
    pick,
    rewritten,
    told,
    uncover,
    without_runs,
)
from scientist.journal import checkpoints, signing

Cut = Callable[[list[bytes], random.Random], int]


def in_bytes(cut: Cut, names: tuple[str, ...] = ()) -> Plant:
    """The lines of the file as bytes, without any repair; the place is the line that is named."""

    def plant(workspace: Path, chance: random.Random) -> Fraud:
        file = journal_of(workspace)
        lines = file.read_bytes().splitlines(keepends=True)
        number = cut(lines, chance)
        file.write_bytes(b"".join(lines))
        return Fraud(names or (f"000001.jsonl:{number}",))

    return plant


def _middle(lines: list[bytes], chance: random.Random) -> int:
    return chance.randrange(2, len(lines) - 2)


def _alter(lines: list[bytes], chance: random.Random) -> int:
    """One character of a line, a digit or letter of its data."""
    number = _middle(lines, chance)
    line = bytearray(lines[number])
    begin = line.index(b'"data":') + 8
    places = [n for n in range(begin, len(line) - 140) if chr(line[n]).isalnum()]
    if not places:
        raise Unfit
    place = chance.choice(places)
    line[place] = ord("7" if chr(line[place]) != "7" else "3")
    lines[number] = bytes(line)
    return number + 1


def _insert(lines: list[bytes], chance: random.Random) -> int:
    number = _middle(lines, chance)
    lines.insert(number, lines[chance.randrange(number)])
    return number + 1


def _remove(lines: list[bytes], chance: random.Random) -> int:
    number = _middle(lines, chance)
    del lines[number]
    return number + 1


def _reorder(lines: list[bytes], chance: random.Random) -> int:
    number = _middle(lines, chance)
    lines[number], lines[number + 1] = lines[number + 1], lines[number]
    return number + 1


def _truncate(lines: list[bytes], chance: random.Random) -> int:
    keep = chance.randrange(len(lines) // 2, len(lines) - 1)
    while keep > 1 and lines[keep - 1].startswith(b'{"more"'):
        keep -= 1
    del lines[keep:]
    return keep


def _suffix(lines: list[bytes], chance: random.Random) -> int:
    """Everything from a line on with another previous hash: a history of its own, badly joined."""
    number = chance.randrange(len(lines) // 2, len(lines) - 2)
    before = json.loads(lines[number])["previous"].encode()
    lines[number:] = [one.replace(before, b"0" * 64) for one in lines[number:]]
    return number + 1


def a_blob(spoil: Callable[[Path], object]) -> Plant:
    """A blob that an event names."""

    def plant(workspace: Path, chance: random.Random) -> Fraud:
        folder = workspace / "journal" / "blobs"
        line = pick(chance, [json.loads(one) for one in _naming(workspace)])
        digest = next(v for k, v in line["data"].items() if k.endswith("blob") and v)
        spoil(folder / digest[:2] / digest[2:])
        return Fraud((digest[:12],))

    return plant


def _naming(workspace: Path) -> list[bytes]:
    kinds = ("model_called", "experiment_finished", "essay_added", "protocol_sealed", "looked")
    marks = [b'"kind":"%s"' % kind.encode() for kind in kinds]
    lines = journal_of(workspace).read_bytes().splitlines()
    named = [one for one in lines if any(mark in one for mark in marks)]
    return [one for one in named if b'_blob":"' in one]


def _spoil(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(bytes(raw))


def _last_checkpoint(lines: list[Line]) -> Line:
    found = told(lines, checkpoints.KIND)
    if not found:
        raise Unfit
    return found[-1]


def signed_by_another(workspace: Path, chance: random.Random) -> Fraud:
    """The whole record chained anew with checkpoints by a key that is not the user's."""
    from audit import forging
    from pytest import MonkeyPatch  # noqa: PT013

    lines = forging.read(workspace)
    _last_checkpoint(lines)
    with MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(workspace.parent / f"cheat-{chance.random()}"))
        forging.write(workspace, lines)
        key = signing.public()
    uncover(workspace)
    return Fraud((key[:16],))


def signature_altered(workspace: Path, chance: random.Random) -> Fraud:
    """Another digit in a signature, and the chain made to fit."""
    from audit import forging

    lines = forging.read(workspace)
    line = pick(chance, told(lines, checkpoints.KIND))
    old = line["data"]["signature"]
    line["data"]["signature"] = ("0" if old[0] != "0" else "1") + old[1:]
    forging.write(workspace, lines, signed=False)
    return Fraud(("signature of the checkpoint",))


def recounted(workspace: Path, chance: random.Random) -> Fraud:
    """The chain made anew without touching the checkpoints."""
    from audit import forging

    lines = forging.read(workspace)
    if not told(lines, checkpoints.KIND)[1:]:
        raise Unfit
    line = pick(chance, told(lines, "phase_finished"))
    line["data"]["seconds"] += 1.0
    forging.write(workspace, lines, signed=False)
    return Fraud(("the checkpoint does not fit",))


def without_checkpoints(_: Path, lines: list[Line], __: random.Random) -> tuple[str, ...]:
    """No checkpoint is left, and the chain hangs together."""
    if not told(lines, checkpoints.KIND):
        raise Unfit
    lines[:] = [line for line in lines if line["kind"] != checkpoints.KIND]
    return ("no checkpoint",)


def invented_event(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A line of reasoning that nobody reasoned."""
    line = pick(chance, told(lines, "reasoned", "phase_finished"))
    new = {
        **line,
        "kind": "reasoned",
        "data": {"phase": "survey", "source": "model", "text": "It was foreseen."},
        "more": False,
    }
    lines.insert(lines.index(line) + 1, new)
    return ("rewritten",)


def repeated_finding(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A finding told once more, under a number of its own."""
    line = pick(chance, [e for e in told(lines, "finding_recorded") if _measured(e)])
    count = len(told(lines, "finding_recorded")) + 1
    again = json.loads(json.dumps(line))
    again["data"]["finding"]["id"] = f"F{count}"
    last = max(n for n, e in enumerate(lines) if e["kind"] == "finding_recorded")
    while lines[last].get("more"):
        last += 1
    lines.insert(last + 1, {**again, "more": False})
    return (f"F{count}",)


def _measured(line: Line) -> bool:
    return bool(line["data"]["finding"]["experiment"])


def judged_before_its_end(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Judgement and end of an experiment in the other order."""
    judged = pick(chance, told(lines, "judged"))
    name = judged["data"]["experiment"]
    end = telling.ended(lines, name)
    one, other = lines.index(end), lines.index(judged)
    lines[one], lines[other] = {**judged, "more": False}, {**end, "more": False}
    return (name, *_finding_of(lines, name))


def seal_after_the_start(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The seal comes behind what was measured under it."""
    end = pick(chance, told(lines, "experiment_finished"))
    seal = telling.sealed(lines, end["data"]["protocol_digest"])
    lines.remove(seal)
    lines.insert(lines.index(end), {**seal, "time": end["time"], "more": False})
    return (end["data"]["experiment"], seal["data"]["digest"][:12])


def _finding_of(lines: list[Line], name: str) -> tuple[str, ...]:
    found = [e["data"]["finding"] for e in told(lines, "finding_recorded")]
    return tuple(
        one["id"]
        for one in found
        if name in (one["experiment"], (one["first"] or {}).get("experiment"))
    )


def dropped_campaign(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A campaign that never was, though later ones know what it spent of the error budget."""
    names = [line["campaign"] for line in told(lines, "campaign_opened")]
    later = [n for n in names if any(e["campaign"] == n for e in told(lines, "protocol_sealed"))]
    if len(later) < 2:
        raise Unfit
    name = chance.choice(later[:-1])
    lines[:] = [line for line in lines if line["campaign"] != name]
    telling.renumber(lines)
    return ("level", "seeds", "pairs")


def retold(edit: Edit) -> Edit:
    """The same, with everything that follows worked out again."""

    def again(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        names = edit(workspace, lines, chance)
        telling.retell(workspace, lines)
        return names

    return again


def dropped_last_campaign(_: Path, lines: list[Line], __: random.Random) -> tuple[str, ...]:
    """The last campaign never was."""
    names = [line["campaign"] for line in told(lines, "campaign_opened")]
    if len(names) < 2:
        raise Unfit
    lines[:] = [line for line in lines if line["campaign"] != names[-1]]
    return ("cut off", "rewritten")


def removed_attempt(_: Path, lines: list[Line], __: random.Random) -> tuple[str, ...]:
    """An attempt whose outcome did not please, with its seal, its run and its finding."""
    seals = told(lines, "protocol_sealed")
    for seal in seals[:-1]:
        digest, asked = seal["data"]["digest"], seal["data"]["protocol"]["hypothesis"]
        mine = [e["data"]["finding"] for e in told(lines, "finding_recorded")]
        mine = [one for one in mine if one["hypothesis"] == asked]
        if not mine or mine[0]["judgement"]["verdict"] == "supported":
            continue
        later = seals[seals.index(seal) + 1 :]
        if all(e["data"]["protocol"]["hypothesis"] == asked for e in later):
            continue
        _without(lines, {asked, digest, mine[0]["id"], *_runs(lines, asked)})
        telling.renumber(lines)
        return ("level", "seeds", "pairs")
    raise Unfit


def _runs(lines: list[Line], asked: str) -> set[str]:
    started = told(lines, "experiment_started")
    return {e["data"]["experiment"] for e in started if e["data"]["hypothesis"] == asked}


def _without(lines: list[Line], names: set[str]) -> None:
    """Without every line that names one of these; the end of a campaign only forgets them."""

    def says(value: object) -> bool:
        if isinstance(value, dict):
            return any(map(says, value.values()))
        if isinstance(value, list):
            return any(map(says, value))
        return isinstance(value, str) and bool(names & set(_WORDS.findall(value)))

    for line in told(lines, "campaign_closed"):
        line["data"]["findings"] = [f for f in line["data"]["findings"] if f not in names]
    lines[:] = [e for e in lines if not says(e["data"]) or e["kind"] == "campaign_opened"]


def backwards(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A stretch of the record is said to have happened a day earlier."""
    begin = chance.randrange(len(lines) // 3, len(lines) // 2)
    for line in lines[begin:]:
        day = int(line["time"][8:10]) - 1
        if day < 1:
            line["time"] = f"2020{line['time'][4:]}"
        else:
            line["time"] = f"{line['time'][:8]}{day:02d}{line['time'][10:]}"
    return ("the clock went back",)


def rewritten_suffix(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """From some event on another history: reasons, durations and summaries are others."""
    begin = chance.randrange(len(lines) // 2, len(lines) - 2)
    touched = 0
    for line in lines[begin:]:
        if line["kind"] == "phase_finished":
            line["data"] |= {"seconds": 0.5, "summary": "as it should be"}
            touched += 1
    if not touched:
        raise Unfit
    return ("rewritten",)


def cut_tail(workspace: Path, chance: random.Random) -> Fraud:
    """The tail is cut off, and what would tell of it is taken away."""
    in_bytes(_truncate)(workspace, chance)
    uncover(workspace)
    return Fraud(("cut off",))


_WORDS = re.compile(r"[0-9A-Za-z]+")
OWN_WORD = "the user's own key signs it anew, and nothing else follows from it"
TOLD_ANEW = (
    "levels and numbers were worked out anew as if it had never been, and no other test asked "
    "the same question"
)
GONE = "what is no longer there leaves no trace in what is, as far as it was the last"
KINDS = (
    Kind("altered line", PLAIN, in_bytes(_alter), STRUCTURE),
    Kind("inserted event", PLAIN, in_bytes(_insert), STRUCTURE),
    Kind("removed event", PLAIN, in_bytes(_remove), STRUCTURE),
    Kind("reordered events", PLAIN, in_bytes(_reorder), STRUCTURE),
    Kind("rewritten suffix", PLAIN, in_bytes(_suffix), STRUCTURE),
    Kind("truncated tail", PLAIN, in_bytes(_truncate, ("follows another record", "reports/")),
         ANCHOR, "projections tell of more than is left, unless the tail was of claims and talk"),
    Kind("blob removed", PLAIN, a_blob(Path.unlink), STRUCTURE),
    Kind("blob altered", PLAIN, a_blob(_spoil), STRUCTURE),
    Kind("chain made anew", PLAIN, recounted, STRUCTURE),
    Kind("signature forged", PLAIN, signature_altered, STRUCTURE),
    Kind("repeated finding", COVERED, covered(repeated_finding)),
    Kind("reordered events", COVERED, covered(judged_before_its_end)),
    Kind("seal moved behind the trials", COVERED, covered(seal_after_the_start), STRUCTURE),
    Kind("dropped campaign", COVERED, covered(dropped_campaign)),
    Kind("removed failed attempt", COVERED, covered(removed_attempt)),
    Kind("dropped campaign", RETOLD, rewritten(retold(dropped_campaign), without_runs),
         ANCHOR, TOLD_ANEW),
    Kind("removed failed attempt", RETOLD, rewritten(retold(removed_attempt), without_runs),
         ANCHOR, TOLD_ANEW),
    Kind("signed by another key", COVERED, signed_by_another, KEY, OWN_WORD),
    Kind("checkpoints removed", COVERED, covered(without_checkpoints), KEY, OWN_WORD),
    Kind("inserted event", COVERED, covered(invented_event), ANCHOR, OWN_WORD),
    Kind("rewritten suffix", COVERED, covered(rewritten_suffix), ANCHOR, OWN_WORD),
    Kind("truncated tail", COVERED, cut_tail, ANCHOR, GONE),
    Kind("dropped last campaign", COVERED, covered(dropped_last_campaign), ANCHOR, GONE),
    Kind("clock moved backwards", COVERED, covered(backwards), ANCHOR,
         "clocks do go back, so it is a note"),
)  # fmt: skip
