"""Claims, pins and conflicts: each speaks of what is on record before it, and of nothing else."""

from __future__ import annotations

from scientist.audit.verifying.outcome import Audit, Broken


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


def _known(known: set[str], name: str, what: str, place: str) -> None:
    """A claim of a finding or hypothesis is named after it, such as F1 or F1.status."""
    if name not in known and name.partition(".")[0] not in known:
        raise Broken(f"claim {name} {what}, but nobody had made it", place, {name})
