"""The ledger of campaigns and of all that is numbered: no gap, nothing before its opening."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry

_CAMPAIGN = re.compile(r"C[0-9]+")
_ALL_DONE = re.compile(r"(?:all )?([0-9]+) rounds? (?:are|is) done")
_ENDS = ("campaign_opened", "campaign_resumed", "campaign_closed", "campaign_paused")
_NUMBERED: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "essay_added": ("E", lambda data: data["essay"]),
    "hypothesis_proposed": ("H", lambda data: data["hypothesis"]["id"]),
    "experiment_started": ("X", lambda data: data["experiment"]),
    "finding_recorded": ("F", lambda data: data["finding"]["id"]),
}


def check(audit: Audit) -> None:
    """Every campaign opened once and in order, and each is open, stopped or ended."""
    opened: dict[str, int] = {}
    ended: dict[str, str] = {}
    for entry in audit.journal.entries(*_ENDS):
        name = str(entry.campaign)
        if entry.kind == "campaign_opened":
            if name != f"C{len(opened) + 1}":
                raise Broken(
                    f"campaign C{len(opened) + 1} is not on record: the next one is {name}",
                    _place(entry),
                )
            opened[name] = entry.seq
        elif name not in opened:
            raise Broken(f"campaign {name} was never opened", _place(entry))
        ended[name] = entry.kind
    _nothing_before(audit, opened)
    _numbers(audit)
    _rounds(audit)
    audit.count("campaigns", len(opened))
    audit.count("campaigns ended", sum(kind == "campaign_closed" for kind in ended.values()))


def _nothing_before(audit: Audit, opened: dict[str, int]) -> None:
    """No event of a campaign stands before the one that opened it."""
    for name, seq in audit.record.began.items():
        if _CAMPAIGN.fullmatch(name) and opened.get(name) != seq:
            raise Broken(f"campaign {name} has events before it was opened", f"event {seq}")


def _numbers(audit: Audit) -> None:
    """Essays, hypotheses, experiments and findings are counted from 1, without a gap."""
    counts = dict.fromkeys(_NUMBERED, 0)
    for entry in audit.journal.entries(*_NUMBERED):
        counts[entry.kind] += 1
        letter, named = _NUMBERED[entry.kind]
        due, found = f"{letter}{counts[entry.kind]}", named(entry.data)
        if found != due:
            raise Broken(
                f"{due} is not on record: what stands in its place is {found}",
                _place(entry),
                {due, str(found)},
            )


def _rounds(audit: Audit) -> None:
    """A campaign ended after the rounds that it took, and after all it had only if it had those."""
    budget: dict[str, int] = {}
    for entry in audit.journal.entries(*_ENDS):
        name, data = str(entry.campaign), entry.data
        match entry.kind:
            case "campaign_opened" | "campaign_resumed" if data["budget"]:
                budget[name] = data["budget"]["rounds"]
            case "campaign_closed":
                took, done = audit.record.rounds[entry.seq], _ALL_DONE.fullmatch(data["reason"])
                if data["rounds"] != took:
                    raise Broken(
                        f"{name} is said to have ended after {data['rounds']} rounds; "
                        f"{took} are on record",
                        _place(entry),
                        {name},
                    )
                if done and int(done[1]) != budget[name]:
                    raise Broken(
                        f"{name} is said to have ended because {done[0]}; its budget was "
                        f"{budget[name]}",
                        _place(entry),
                        {name},
                    )


def _place(entry: Entry) -> str:
    return f"event {entry.seq}"
