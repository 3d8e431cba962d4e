"""What effects gave, against the events that were made of it: both come from one write.

An effect is intended, done once, and its result names what it led to: a protocol, an experiment, a
judgement, a finding, an approval, an end. What was measured look by look is what the experiment
ended with: trials, environment, code, sandbox.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry
from scientist.lab.experiments import common
from scientist.lab.ran import Ran, joined

_MADE = {
    ("seal", "seal"): "protocol_sealed",
    ("launch", "start"): "experiment_started",
    ("judge", "decide"): "judged",
    ("record", "finding"): "finding_recorded",
    ("close", "end"): "campaign_closed",
}
_APPROVED = "the user approved "
_ASKED = ("approve", "ask")


def check(audit: Audit) -> None:
    """Campaign by campaign, in the order of the record."""
    tasks: dict[str, tuple[str, str]] = {}
    done: set[str] = set()
    last: dict[tuple[str, str], Entry] = {}
    parts: dict[str, list[dict[str, Any]]] = {}
    kinds = ("effect_intended", "effect_done", "experiment_finished", "reasoned")
    for entry in audit.journal.entries(*kinds, *_MADE.values()):
        campaign, data = str(entry.campaign), entry.data
        match entry.kind:
            case "effect_intended":
                tasks[data["key"]] = (data["phase"], data["task"])
            case "effect_done":
                if data["key"] not in tasks or data["key"] in done:
                    how = "twice" if data["key"] in done else "without having been intended"
                    raise Broken(f"an effect was done {how}", f"event {entry.seq}")
                done.add(data["key"])
                task = tasks[data["key"]]
                _result(task, data["result"], last, entry)
                if task[0] == "run" and task[1].startswith("measure"):
                    parts.setdefault(campaign, []).append(data["result"])
                audit.count("effects")
            case "experiment_finished":
                if parts.get(campaign):
                    _measured(audit, entry, parts.pop(campaign))
            case "reasoned":
                if data["phase"] == _ASKED[0] and data["text"].startswith(_APPROVED):
                    last[campaign, _ASKED[0]] = entry
            case kind:
                last[campaign, kind] = entry
    for (_, kind), entry in last.items():
        if kind == _ASKED[0]:
            raise Broken(
                f"{entry.data['text']}, but was not asked", f"event {entry.seq}"
            )  # what was asked for took its approval out of here


def _result(
    task: tuple[str, str], result: Any, last: dict[tuple[str, str], Entry], entry: Entry
) -> None:
    """A result against the last event of the kind that it leads to."""
    campaign, place = str(entry.campaign), f"event {entry.seq}"
    if task == _ASKED:
        said = last.pop((campaign, _ASKED[0]), None)
        if bool(result["approved"]) != (said is not None):
            raise Broken("what the user answered is not what was made of it", place)
        return
    made = last.get((campaign, _MADE.get(task, "")))
    if made is None:
        return
    data, given = made.data, made.kind
    names: set[str] = set()
    match given:
        case "protocol_sealed":
            due: Any = {"digest": data["digest"], "protocol": data["protocol"]}
            result = {name: result[name] for name in due} if result else due
            names = {data["digest"]}
        case "experiment_started":
            due, names = data["experiment"], {data["experiment"]}
        case "judged":
            due, names = data["judgement"], {data["experiment"], data["protocol_digest"]}
        case "finding_recorded":
            due, names = data["finding"]["id"], {data["finding"]["id"]}
        case _:
            due = [data["outcome"], data["reason"]]
    if result != due:
        raise Broken(
            f"what {task[0]} gave is not what was recorded of it in event {made.seq}"
            f" ({', '.join(sorted(names)) or campaign})",
            place,
            names or {campaign},
        )


def _measured(audit: Audit, entry: Entry, parts: list[dict[str, Any]]) -> None:
    """The end of an experiment against its looks."""
    data = entry.data
    name = data["experiment"]
    lines = b"".join(audit.journal.get(part["blob"]) for part in parts if part["blob"])
    whole = audit.journal.get(data["trials_blob"]) if data["trials_blob"] else b""
    due: dict[str, Any] = {
        "status": parts[-1]["status"],
        "environment": common([part["environment"] for part in parts]),
        **asdict(joined([Ran(**part["ran"]) for part in parts])),
    }
    wrong = [what for what, value in due.items() if data[what] != value]
    if lines != whole:
        wrong.insert(0, "trials")
    if wrong:
        raise Broken(
            f"what experiment {name} ended with is not what was measured: {', '.join(wrong)}",
            f"event {entry.seq}",
            {name},
        )
