"""What was said, by whom, and on what it rests: claims, turns of conversations, conflicts."""

from __future__ import annotations

from scientist.audit.tracing import conflicts, findings, sources
from scientist.audit.tracing.node import Node
from scientist.audit.tracing.trail import Trail, record, value
from scientist.journal import Entry
from scientist.records import Assertion, Conflict, clean


def assertion(trail: Trail, entry: Entry) -> Node:
    """A claim with its source, what rests against it, and the user's word on it."""
    from scientist.science.consistency.weigh import rests_on

    said = record(Assertion, value(entry.data, entry, "assertion"), entry)
    node = trail.step(
        "claim", f"{said.id} ({said.source.kind} {clean(said.source.address)}): {clean(said.text)}",
        entry,
    )  # fmt: skip
    if trail.again(said.id):
        node.text += " (above)"
        return node
    behind = [said.source.address] if said.source.kind != "reflection" else list(rests_on(said))
    for name in behind:
        if found := trail.first(name, "finding_recorded"):
            node.children.append(findings.finding(trail, found))
        elif name[:1] == "H" and trail.first(name, "hypothesis_proposed"):
            node.children.append(findings.hypothesis(trail, name))
        elif name[:1] == "E":
            essay, _, number = name.partition(":")
            node.children += sources.essay(trail, essay, number)
        elif name[:1] == "T":
            node.children += turn(trail, name)
    return _with_pins(trail, said.id, node)


def conflict(trail: Trail, entry: Entry) -> Node:
    """A conflict with its members and all they rest on."""
    node = conflicts.node(trail, entry)
    for name in record(Conflict, entry.data["conflict"], entry).members:
        node.children += named(trail, name.partition(".")[0])
    return node


def named(trail: Trail, name: str) -> list[Node]:
    """A member of a conflict, with all it rests on."""
    if entry := trail.first(name, "finding_recorded"):
        return [findings.finding(trail, entry)]
    return [assertion(trail, one) for one in trail.about(name, "assertion_made")[:1]]


def turn(trail: Trail, name: str) -> list[Node]:
    """What was asked and answered in a conversation; a name without a turn means all of them."""
    found: list[Node] = []
    for entry in trail.naming(name, "turn_asked", "turn_answered", "turn_stopped"):
        data = entry.data
        if name not in (data.get("thread"), f"{data.get('thread')}:{data.get('turn')}"):
            continue
        place = f"{data.get('thread')}, turn {data.get('turn')}"
        if entry.kind == "turn_answered":
            node = trail.step("answer", place, entry)
            for said in data.get("sentences", ()):
                cites = ", ".join(map(str, said.get("cites", ())))
                text = f"{clean(str(said.get('text')))} ({said.get('mark')})"
                node.children.append(
                    trail.step("sentence", text, entry, lines=[f"cites {cites}"] if cites else ())
                )
            found.append(node)
        else:
            said = data.get("text") or data.get("reason") or ""
            found.append(trail.step("question", f"{place}: {clean(str(said))}", entry))
    return found


def _with_pins(trail: Trail, name: str, node: Node) -> Node:
    for one in trail.naming(name, "assertion_pinned"):
        if one.data.get("assertion") == name:
            said = "stands" if one.data.get("pinned") else "is not pinned any more"
            node.children.append(trail.step("pinned", f"by the user: it {said}", one))
    node.children += conflicts.of(trail, name)
    return node
