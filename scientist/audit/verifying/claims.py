"""Claims, pins and conflicts: each speaks of what is on record before it, and of nothing else.

What was found to clash when something was stated, and how that was mended, follows from what was
known then: it is worked out again. Another version may have had other rules; of what it found, each
conflict is held against this version's rules with the claims that it is between, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scientist import __version__
from scientist.audit.verifying.outcome import Audit, Broken
from scientist.records import Assertion, Conflict
from scientist.science.consistency.examine import examine
from scientist.science.consistency.held import Shelf, key
from scientist.science.consistency.knowledge import MENDING, writes


def check(audit: Audit) -> None:
    """In the order of the record."""
    known: set[str] = set()
    members: dict[str, tuple[str, ...]] = {}
    kinds = (
        *("hypothesis_proposed", "finding_recorded", "assertion_made", "assertion_pinned"),
        *("conflict_found", "conflict_resolved"),
    )
    for entry in audit.journal.entries(*kinds):
        data, place = entry.data, f"event {entry.seq}"
        match entry.kind:
            case "hypothesis_proposed":
                known.add(data["hypothesis"]["id"])
            case "finding_recorded":
                known.add(data["finding"]["id"])
            case "assertion_made":
                known.add(data["assertion"]["id"])
            case "assertion_pinned":
                _known(known, data["assertion"], "was pinned", place)
            case "conflict_found":
                one = data["conflict"]
                for member in one["members"]:
                    _known(known, member, f"is said to be part of {one['id']}", place)
                members[one["id"]] = tuple(one["members"])
            case "conflict_resolved":
                one = data["resolution"]
                if one["conflict"] not in members:
                    raise Broken(
                        f"conflict {one['conflict']} was mended, but never found",
                        place,
                        {change["assertion"] for change in one["changes"]},
                    )
                for change in one["changes"]:
                    _known(known, change["assertion"], "was to give way", place)
        audit.count("claims and conflicts")
    _again(audit)


def _again(audit: Audit) -> None:
    """Every write that states something has the conflicts that this version finds."""
    opened = audit.journal.entries("campaign_opened")
    if any(entry.data["versions"].get("scientist") != __version__ for entry in opened):
        _proven(audit)
        return
    for known, stated, entries in writes(audit.journal):
        found = [e.data["finding"] for e in entries if e.kind == "finding_recorded"]
        if not all(one["experiment"] for one in found):
            continue  # refused before anything was sealed: what code it is of is not on record
        events = examine(known, stated).events
        due = [(str(e.kind), e.model_dump(mode="json", exclude={"kind"})) for e in events]
        made = [(e.kind, e.data) for e in entries if e.kind in MENDING]
        if due != made:
            names = {one.id for one in stated} or known.conflicts.keys()
            raise Broken(
                f"what clashes with {', '.join(sorted(names))}, or how it was mended, is not what "
                f"the record before it gives: {_named(made) or 'no conflict'} on record, "
                f"{_named(due) or 'none'} by the rules",
                f"event {entries[0].seq}",
                names,
            )


def _proven(audit: Audit) -> None:
    """Every exact conflict follows from its claims as they stood then, however it was found."""
    proven, others = 0, list[str]()
    for known, stated, entries in writes(audit.journal):
        found = [e.data["conflict"] for e in entries if e.kind == "conflict_found"]
        exact = [one for one in map(Conflict.model_validate, found) if one.hard]
        if not exact:
            continue
        said = {**known.said, **{one.id: one for one in stated}}
        stands = {**said, **known.assertions}
        for conflict in exact:
            if _clash(conflict, stands) or _clash(conflict, said):  # narrowed in the same write
                proven += 1
            else:
                others.append(conflict.id)
    audit.count("conflicts that follow from their claims", proven)
    note = "conflicts were found by another version, too: what it did not find was not looked for"
    if others:
        note += (
            f"; by the rules of this one {', '.join(dict.fromkeys(others))} cannot be followed "
            "from what is claimed"
        )
    audit.notes.append(note)


def _clash(conflict: Conflict, claims: Mapping[str, Assertion]) -> bool:
    """Whether the members of a conflict clash in its way if nothing else is known."""
    members = {name: claims[name] for name in conflict.members if name in claims}
    shelf = Shelf()
    shelf.bring(members)
    return key(conflict) in shelf.clashes(dict.fromkeys(members, 0))


def _named(events: list[tuple[str, dict[str, Any]]]) -> str:
    """Which conflicts are found or mended by events."""
    found = [d["conflict"] if "conflict" in d else d["resolution"] for _, d in events]
    return ", ".join(dict.fromkeys(str(one.get("id") or one["conflict"]) for one in found))


def _known(known: set[str], name: str, what: str, place: str) -> None:
    """A claim of a finding or hypothesis is named after it, such as F1 or F1.status."""
    if name not in known and name.partition(".")[0] not in known:
        raise Broken(f"claim {name} {what}, but nobody had made it", place, {name})
