"""A conflict as a card that a person can read: who says what, why not all can hold, what then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scientist.agent.opposing import Opposing
    from scientist.records import Assertion, Conflict
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
        lines.append(f"  {name:<9} {sentence(one.said)}")
        lines.append(f"            ({source})")
    lines += [
        f"  {'because' if not place else '':<9} {step}" for place, step in enumerate(conflict.proof)
    ]
    if resolution := _resolution(conflict, knowledge):
        lines.append(
            f"  {'mended' if _is_mended(conflict, knowledge) else 'plan':<9} {resolution.reason}"
        )
    return lines


def status(conflict: Conflict, knowledge: Knowledge) -> str:
    """Where a conflict stands."""
    resolution = _resolution(conflict, knowledge)
    if _is_mended(conflict, knowledge) and resolution:
        done = {"rescope": "a claim was narrowed", "demote": "a claim was given up"}
        return f"mended, {done.get(resolution.how, 'nothing clashes any more')}"
    if knowledge.waits(conflict.id) and resolution:
        return f"open, waits for another test of {resolution.replicate}: scientist run"
    return "open"


def plain(conflict: Conflict, knowledge: Knowledge) -> dict[str, Any]:
    """The same as JSON."""
    resolution = _resolution(conflict, knowledge)
    return {
        **conflict.model_dump(mode="json"),
        "hard": conflict.hard,
        "open": not _is_mended(conflict, knowledge),
        "waits_for": resolution.replicate if resolution and knowledge.waits(conflict.id) else "",
        "claims": {name: knowledge.standing(name).said.text for name in conflict.members},
        "resolution": resolution.model_dump(mode="json") if resolution else None,
    }


def opposed(found: Opposing, number: int, titles: dict[str, str]) -> list[str]:
    """Two sentences of essays that the model holds to be at odds."""
    lines = [f"{number}  chance of a contradiction {found.chance:.2f}"]
    for quote in (found.first, found.second):
        lines.append(f'  [{quote.address}] "{" ".join(quote.text.split())}"')
        lines.append(f"            {titles.get(quote.essay, '?')}")
    lines.append(f"  cues      {'; '.join(found.cues)}")
    return lines


def sentence(one: Assertion) -> str:
    """What a claim says, on one line."""
    return " ".join(one.text.split())


def _resolution(conflict: Conflict, knowledge: Knowledge) -> Any:
    found = [one for _, one in knowledge.resolved if one.conflict == conflict.id]
    return found[-1] if found else None


def _is_mended(conflict: Conflict, knowledge: Knowledge) -> bool:
    return conflict.id not in {one.id for one in knowledge.open_conflicts}
