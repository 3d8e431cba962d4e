"""What each run ran in and of: the sandbox, the code and the parameters that were found in place.

A run without the full sandbox is one whose campaign says so. Where run folders still lie there,
what their supervisors noted is what is on record.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry
from scientist.lab import ran, results
from scientist.lab.sandbox import UNSAFE

FULL = "A"
NOTES = "ran.jsonl"
SANDBOX = "sandbox"
MOST_BYTES = 2**20


def check(audit: Audit) -> None:
    """Every experiment that ended."""
    weaker: set[str] = set()
    resumed: set[str] = set()
    bare: set[str] = set()
    elsewhere: set[str] = set()  # other machines choose their own sandbox
    folders: dict[str, str] = {}
    kinds = ("campaign_opened", "campaign_resumed", "degraded", "experiment_started")
    for entry in audit.journal.entries(*kinds, "experiment_finished"):
        data, campaign = entry.data, str(entry.campaign)
        match entry.kind:
            case "campaign_opened":
                chosen = data["settings"]
                bare |= {campaign} if chosen.get("unsafe_no_sandbox") else set()
                elsewhere |= {campaign} if chosen.get("executor", "local") != "local" else set()
            case "campaign_resumed":
                resumed.add(campaign)
            case "degraded" if data["what"] == SANDBOX:
                weaker.add(campaign)
            case "experiment_started":
                folders[data["experiment"]] = data["run_folder"]
            case "experiment_finished":
                told = campaign in weaker or campaign in elsewhere
                _said(entry, told, campaign in bare and campaign not in resumed)
                _noted(audit, entry, folders.get(data["experiment"], ""))


def _said(entry: Entry, told: bool, bare: bool) -> None:
    """A weaker sandbox is on record as such, and no run is said to have had a better one."""
    name, tier = entry.data["experiment"], entry.data["tier"]
    if not tier:  # of a version that did not take it down
        return
    if tier != FULL and not told:
        raise Broken(
            f"experiment {name} ran in sandbox {tier}, but nothing says that it was degraded",
            _place(entry),
            {name},
        )
    if bare and tier != UNSAFE:
        raise Broken(
            f"experiment {name} is said to have run in sandbox {tier}, its campaign ran code "
            "without a sandbox",
            _place(entry),
            {name},
        )


def _noted(audit: Audit, entry: Entry, folder: str) -> None:
    """The notes of the supervisors, as far as they are there."""
    data = entry.data
    if not folder or data["status"] != "done" or not data["tier"]:
        return
    places = [
        one
        for one in sorted(audit.place.runs.glob(f"{folder}-[0-9]*"))
        if one.name.removeprefix(f"{folder}-").isdigit()
    ]
    notes = [ran.joined(found) for one in places if (found := _read(one / NOTES))]
    if not notes or len(notes) != len(places):
        return
    due: dict[str, Any] = asdict(ran.joined(notes))
    wrong = [name for name, value in due.items() if data[name] != value]
    if wrong:
        raise Broken(
            f"experiment {data['experiment']} did not run as is on record: another "
            f"{', '.join(wrong)}",
            f"runs/{places[0].name}/{NOTES}",
            {data["experiment"]},
        )
    audit.count("runs as their supervisors noted them")


def _read(file: Path) -> tuple[ran.Ran, ...]:
    try:
        return ran.read(results.content(file, MOST_BYTES))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # scratch: it may be damaged
        return ()


def _place(entry: Entry) -> str:
    return f"event {entry.seq}"
