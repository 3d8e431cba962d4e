"""Frauds on what stands around the results: reports, projections, conditions, settings, budgets."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from pathlib import Path

from audit import forging
from audit.forging import Line, put

from frauds import telling
from frauds.kinds import (
    ANCHOR,
    COVERED,
    PLAIN,
    RETOLD,
    Fraud,
    Kind,
    Plant,
    Unfit,
    covered,
    pick,
    rewritten,
    tidied,
    told,
    without_runs,
)
from frauds.measured import named


def report(ending: str) -> Plant:
    """A digit in a report that was saved."""

    def plant(workspace: Path, chance: random.Random) -> Fraud:
        files = sorted(workspace.glob(f"reports/*.{ending}"))
        if not files:
            raise Unfit
        file = chance.choice(files)
        text = file.read_text()
        begin = text.index("<main") if "<main" in text else 0
        digits = [m.start() for m in re.finditer(r"(?<=\.)\d", text) if m.start() > begin]
        place = chance.choice(digits)
        digit = str((int(text[place]) + 1) % 10)
        file.write_text(text[:place] + digit + text[place + 1 :])
        return Fraud((f"reports/{file.name}",))

    return plant


def report_and_its_record(workspace: Path, chance: random.Random) -> Fraud:
    """The same, and what tells of the report is left out of the record."""
    report("md")(workspace, chance)
    lines = forging.read(workspace)
    lines[:] = [line for line in lines if line["kind"] != "report_written"]
    tidied(lines)
    forging.write(workspace, lines)
    shutil.rmtree(workspace / "chroma", ignore_errors=True)
    return Fraud(("nobody can tell",))


def in_chroma(statement: str, named: str) -> Plant:
    """A row of the vector store."""

    def plant(workspace: Path, chance: random.Random) -> Fraud:
        files = list(workspace.glob("chroma/generation-*/chroma.sqlite3"))
        if not files:
            raise Unfit
        with sqlite3.connect(files[0]) as db:
            found = db.execute(
                "SELECT id FROM embedding_metadata WHERE key = 'chroma:document'"
            ).fetchall()
            if not found:
                raise Unfit
            row = chance.choice(found)[0]
            db.execute(statement, (row,))
        db.close()
        return Fraud((named,))

    return plant


def index(workspace: Path, chance: random.Random) -> Fraud:
    """A row of the index of events, of a record that is large enough to have one."""
    from scientist.journal import index as kept

    least, kept.LEAST_BYTES = kept.LEAST_BYTES, 0
    try:
        with kept.Index(workspace / "journal"):
            pass
    finally:
        kept.LEAST_BYTES = least
    with sqlite3.connect(workspace / "index.sqlite") as db:
        count = db.execute("SELECT max(n) FROM event").fetchone()[0]
        number = chance.randrange(2, count)
        old = db.execute("SELECT kind FROM event WHERE n = ?", (number,)).fetchone()[0]
        db.execute("UPDATE event SET kind = ? WHERE n = ?", (1 if old != 1 else 2, number))
    db.close()
    return Fraud(("index of events",))


def _ended(lines: list[Line]) -> list[Line]:
    return [e for e in told(lines, "experiment_finished") if e["data"]["trials_blob"]]


def environment(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Another Python and machine than those it ran on, at the end of the experiment alone."""
    end = pick(chance, [e for e in _ended(lines) if e["data"]["environment"]])
    end["data"]["environment"]["python"] = "3.12.1"
    return named(lines, end["data"]["experiment"])


def tier(everywhere: bool) -> object:
    """A sandbox that it did not run in."""

    def edit(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        end = pick(chance, [e for e in _ended(lines) if e["data"]["tier"]])
        name, old = end["data"]["experiment"], end["data"]["tier"]
        new = "B" if old == "A" else "A"
        for line in lines:
            if line["data"].get("experiment") == name and "tier" in line["data"]:
                line["data"]["tier"] = new
        if everywhere:
            for line in told(lines, "effect_done"):
                result = line["data"]["result"]
                if isinstance(result, dict) and result.get("blob") == end["data"]["trials_blob"]:
                    telling.swap_values([line], {"tier": old}, {"tier": new})
                    _retier(result, old, new)
        return named(lines, name)

    return edit


def _retier(value: object, old: str, new: str) -> None:
    if isinstance(value, dict):
        if value.get("tier") == old:
            value["tier"] = new
        for one in value.values():
            _retier(one, old, new)


def unsafe_as_safe(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A run on the bare machine is said to have been contained; that it was weaker is left in."""
    unsafe = [e for e in _ended(lines) if "unsafe" in e["data"]["tier"]]
    name = pick(chance, unsafe)["data"]["experiment"]
    _replace_text(lines, unsafe[0]["data"]["tier"], "A")
    return (*named(lines, name), "degraded", "sandbox")


def degradation(everywhere: bool) -> object:
    """What was weaker than intended is not told; `everywhere`: by the finding neither."""

    def edit(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        line = pick(chance, told(lines, "degraded"))
        said = f"{line['data']['what']}: {line['data']['reason']}"
        campaign = line["campaign"]
        touched = [
            e
            for e in told(lines, "finding_recorded")
            if said in e["data"]["finding"]["degradations"] and e["campaign"] == campaign
        ]
        if not touched:
            raise Unfit
        if everywhere:
            lines[:] = [
                e for e in lines if not (e["kind"] == "degraded" and e["data"] == line["data"])
            ]
        for one in touched:
            record = one["data"]["finding"]
            record["degradations"] = [d for d in record["degradations"] if d != said]
        return tuple(e["data"]["finding"]["id"] for e in touched)

    return edit


def _replace_text(lines: list[Line], old: str, new: str) -> None:
    for line in lines:
        line["data"] = json.loads(
            json.dumps(line["data"]).replace(json.dumps(old), json.dumps(new))
        )


def setting(name: str, value: object) -> object:
    """A campaign is said to have begun with another setting."""

    def edit(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        sealing = {e["campaign"] for e in told(lines, "protocol_sealed")}
        found = [e for e in told(lines, "campaign_opened") if e["campaign"] in sealing]
        line = pick(chance, found)
        if line["data"]["settings"].get(name) == value:
            raise Unfit
        line["data"]["settings"][name] = value
        return (name, line["campaign"])

    return edit


def budget(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A campaign is said to have had more rounds than it spent."""
    found = [e for e in told(lines, "campaign_opened") if e["data"]["budget"]["rounds"]]
    line = pick(chance, found)
    name = line["campaign"]
    resumed = {e["campaign"] for e in told(lines, "campaign_resumed") if e["data"]["budget"]}
    closed = [e for e in told(lines, "campaign_closed") if e["campaign"] == name]
    if not closed or name in resumed or "done" not in closed[-1]["data"]["reason"]:
        raise Unfit
    line["data"]["budget"]["rounds"] += 3
    return (name,)


def fewer_rounds(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A campaign is said to have taken fewer rounds than it did."""
    line = pick(chance, [e for e in told(lines, "campaign_closed") if e["data"]["rounds"] > 0])
    line["data"]["rounds"] -= 1
    return (line["campaign"],)


def seconds(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """An experiment is said to have taken less time."""
    end = pick(chance, _ended(lines))
    end["data"]["seconds"] = end["data"]["seconds"] / 2
    return ("rewritten",)


def other_result(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """What an effect gave is said to be something else than what was made of it."""
    found = [
        e
        for e in told(lines, "effect_done")
        if isinstance(e["data"]["result"], dict) and "verdict" in e["data"]["result"]
    ]
    line = pick(chance, found)
    result = line["data"]["result"]
    result["verdict"] = "refuted" if result["verdict"] != "refuted" else "supported"
    return (f"event {line['seq']}", "X")


def copied(donors: list[Path]) -> Plant:
    """A finding of another record, with its hypothesis, seal, run and judgement."""

    def plant(workspace: Path, chance: random.Random) -> Fraud:
        own = forging.read(workspace)
        if not told(own, "protocol_sealed"):
            raise Unfit
        donor = chance.choice([one for one in donors if one.parent.name != _origin(workspace)])
        theirs = forging.read(donor)
        names = [e["campaign"] for e in told(theirs, "campaign_opened")]
        sealing = [n for n in names if any(e["campaign"] == n for e in told(theirs, *RAN))]
        if not sealing or told(theirs, "essay_added"):
            raise Unfit
        mine = [e for e in theirs if e["campaign"] == sealing[0]]
        taken = json.loads(json.dumps(mine))
        offset = {letter: len(told(own, kind)) for letter, kind in COUNTED.items()}

        def later(found: re.Match[str]) -> str:
            return f"{found[1]}{int(found[2]) + offset[found[1]] + 100}"

        for line in taken:
            text = re.sub(r"\b([CHXF])([1-9]\d*)\b", later, json.dumps(line["data"]))
            line["data"] = json.loads(text)
            line["campaign"] = re.sub(r"([C])([1-9]\d*)", later, line["campaign"])
            line["time"] = own[-1]["time"]
        for digest in re.findall(r'_blob": "([0-9a-f]{64})"', json.dumps(taken)):
            put(workspace, forging.get(donor, digest))
        lines = [*own, *taken]
        for line in lines:
            line["more"] = False
        telling.renumber(lines)
        forging.write(workspace, lines)
        without_runs(workspace)
        return Fraud(("level", "seeds", "F", "sealed"))

    return plant


def _origin(workspace: Path) -> str:
    return (workspace.parent / "origin").read_text()


RAN = ("experiment_finished",)
COUNTED = {
    "C": "campaign_opened",
    "H": "hypothesis_proposed",
    "X": "experiment_started",
    "F": "finding_recorded",
}
TEXT = (
    "UPDATE embedding_metadata SET string_value = 'It won.' "
    "WHERE key = 'chroma:document' AND id = ?"
)
FORMER = "records of earlier versions do not tell of reports either, so it is a note"
CLOCK = "how long something took follows from nothing"


def kinds(donors: list[Path]) -> tuple[Kind, ...]:
    """All of them; findings are copied from these."""
    return (
        Kind("report edited (Markdown)", PLAIN, report("md")),
        Kind("report edited (HTML)", PLAIN, report("html")),
        Kind("report edited and its record dropped", COVERED, report_and_its_record,
             ANCHOR, FORMER),
        Kind("document in the vector store edited", PLAIN, in_chroma(TEXT, "vector store")),
        Kind("document in the vector store removed", PLAIN,
             in_chroma("DELETE FROM embeddings WHERE id = ?", "vector store")),
        Kind("index of events edited", PLAIN, index),
        Kind("environment relabelled", COVERED, covered(environment)),
        Kind("sandbox relabelled", COVERED, covered(tier(False))),
        Kind("sandbox relabelled everywhere", COVERED, covered(tier(True))),
        Kind("sandbox relabelled everywhere", RETOLD, rewritten(tier(True), without_runs)),
        Kind("unsafe run said to be contained", COVERED, covered(unsafe_as_safe)),
        Kind("degradation left out of a finding", COVERED, covered(degradation(False))),
        Kind("degradation removed everywhere", COVERED, covered(degradation(True))),
        Kind("alpha of the settings altered", COVERED, covered(setting("alpha", 0.2))),
        Kind("budget raised afterwards", COVERED, covered(budget)),
        Kind("rounds understated", COVERED, covered(fewer_rounds)),
        Kind("seconds altered", COVERED, covered(seconds), ANCHOR, CLOCK),
        Kind("result of an effect altered", COVERED, covered(other_result)),
        Kind("finding copied from another record", COVERED, copied(donors)),
    )  # fmt: skip
