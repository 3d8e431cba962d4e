"""A conflict as a card that a person or a model can read: who says what, why not all can hold,
what then. The command line, conversations and tools show the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scientist.records import one_line

if TYPE_CHECKING:
    from scientist.records import Conflict
    from scientist.science.consistency.knowledge import Knowledge


def card(conflict: Conflict, knowledge: Knowledge) -> list[str]:
    """The lines of one conflict."""
    kind = "" if conflict.hard else f", judged with a chance of {conflict.chance:.2f}"
    lines = [f"{conflict.id}  {conflict.rule}{kind}: {status(conflict, knowledge)}"]
    for name in conflict.members:
        one = knowledge.standing(name)
        source = (
            f"{one.said.source.kind} {one.said.source.address}, weight {one.assertion.weight:.2f}"
        )
        lines.append(f"  {name:<9} {one_line(one.said.text)}")
        lines.append(f"            ({source})")
    lines += [
        f"  {'because' if not place else '':<9} {step}" for place, step in enumerate(conflict.proof)
    ]
    if resolution := knowledge.resolution(conflict.id):
        if knowledge.is_mended(conflict):
            lines.append(f"  {'mended':<9} {resolution.reason}")
            lines += [
                f"  {'':<9} {_kept(one.assertion, knowledge)}"
                for one in resolution.changes
                if one.assertion in knowledge.findings
            ]
        elif knowledge.waits(conflict.id):
            lines.append(f"  {'plan':<9} {resolution.reason}")
    return lines


def _kept(finding: str, knowledge: Knowledge) -> str:
    asked = knowledge.findings[finding].hypothesis
    return (
        f"What {finding} measured stays on record and counts for the credence in {asked}: "
        f"scientist belief show {asked}"
    )


def status(conflict: Conflict, knowledge: Knowledge) -> str:
    """Where a conflict stands."""
    resolution = knowledge.resolution(conflict.id)
    if knowledge.is_mended(conflict) and resolution:
        done = {"rescope": "a claim was narrowed", "demote": "a claim was given up"}
        return f"mended, {done.get(resolution.how, 'nothing clashes any more')}"
    if knowledge.waits(conflict.id) and resolution:
        return f"open, waits for another test of {resolution.replicate}: scientist run"
    first, *others = conflict.members
    names = f"{first} (or {', '.join(others)})" if others else first
    if all(knowledge.standing(name).pinned for name in conflict.members):
        return f"open, all is pinned; to decide it: scientist claim unpin {names}"
    return f"open; to decide it: scientist claim pin {names}"


def plain(conflict: Conflict, knowledge: Knowledge) -> dict[str, Any]:
    """The same as JSON."""
    resolution = knowledge.resolution(conflict.id)
    return {
        **conflict.model_dump(mode="json"),
        "hard": conflict.hard,
        "open": not knowledge.is_mended(conflict),
        "waits_for": resolution.replicate if resolution and knowledge.waits(conflict.id) else "",
        "claims": {name: knowledge.standing(name).said.text for name in conflict.members},
        "resolution": resolution.model_dump(mode="json") if resolution else None,
    }


def impossible(members: Sequence[str]) -> str:
    """That the user pinned what cannot all hold."""
    if len(members) == 1:
        said = f"{members[0]} is pinned and contradicts itself"
    else:
        said = f"{' and '.join(members)} are pinned and contradict each other"
    return f"{said}; hint: scientist claim unpin {members[0]}"
