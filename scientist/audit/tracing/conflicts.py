"""What cannot hold together, why, and how it was mended."""

from __future__ import annotations

from scientist.audit.tracing.node import Node
from scientist.audit.tracing.trail import Trail, record, value
from scientist.journal import Entry
from scientist.records import Conflict, Resolution, clean


def of(trail: Trail, name: str) -> list[Node]:
    """The conflicts that an id is a member of, with how each was mended."""
    found = {}
    for one in trail.naming(name, "conflict_found"):
        conflict = record(Conflict, value(one.data, one, "conflict"), one)
        if name in {member.partition(".")[0] for member in conflict.members}:
            found[conflict.id] = one
    return [node(trail, one) for one in found.values()]


def node(trail: Trail, entry: Entry) -> Node:
    """A conflict with its proof and its resolutions."""
    found = record(Conflict, value(entry.data, entry, "conflict"), entry)
    chance = "" if found.hard else f", with a chance of {found.chance:.2f}"
    made = trail.step(
        "conflict",
        f"{found.id}: {clean(' and '.join(found.members))} cannot all hold "
        f"({clean(found.rule)}{chance})",
        entry,
        lines=[clean(step) for step in found.proof],
    )
    for one in trail.naming(found.id, "conflict_resolved"):
        resolution = record(Resolution, value(one.data, one, "resolution"), one)
        if resolution.conflict != found.id:
            continue
        changes = [f"{clean(c.assertion)}: {clean(c.reason)}" for c in resolution.changes]
        said = f"{resolution.how}: {clean(resolution.reason)}"
        made.children.append(trail.step("resolution", said, one, lines=changes))
    return made
