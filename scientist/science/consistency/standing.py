"""Standing: what resolutions and pins have made of what was said.

Nothing is deleted and nothing is final. A demotion or a narrowing is in force as long as what it
was made for stands: when the other side of the conflict is demoted in turn, the claim is back as
it was said. A pinned claim stands as it was said, whatever was resolved about it. A reflection is
silent as long as a later one says all that it says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from scientist.records import Assertion, Change, Conflict, Resolution
from scientist.science.consistency import rules
from scientist.science.consistency.scope import within
from scientist.science.consistency.weigh import rests_on

STATUS = ".status"  # after the id of a finding: the status that it implies


@dataclass(frozen=True)
class Standing:
    """An assertion as it is now: its scope narrowed, and by which conflicts it was demoted.

    `part_of` is the later reflection that says it, too.
    """

    assertion: Assertion
    said: Assertion
    pinned: bool = False
    demoted_by: tuple[str, ...] = ()
    narrowed_by: str = ""
    part_of: str = ""

    @property
    def stands(self) -> bool:
        return not self.demoted_by and not self.part_of


@dataclass(frozen=True)
class _Effect:
    """One change with the conflict it mends, and who must stand for it to be in force."""

    conflict: str
    change: Change
    others: tuple[str, ...]


def fold(
    said: Mapping[str, Assertion],
    conflicts: Mapping[str, Conflict],
    resolutions: Sequence[Resolution],
    pinned: Collection[str] = (),
    before: MutableMapping[str, Standing] | None = None,
) -> dict[str, Standing]:
    """The standing of everything that was said, after resolutions given in their order.

    Of several resolutions of one conflict, only the last counts. Those `before` are taken over
    where nothing changed, and kept up to date.
    """
    effects = _effects(conflicts, resolutions, pinned)
    demotions = _in_force(said, [one for one in effects if one.change.scope is None])
    by: dict[str, list[str]] = {}
    for one in demotions:
        by.setdefault(one.change.assertion, []).append(one.conflict)
    for name in said:
        if name != (finding := finding_of(name)) and finding in by:
            by[name] = list(dict.fromkeys([*by[finding], *by.get(name, ())]))
    narrowed: dict[str, _Effect] = {}
    for one in effects:
        if one.change.scope is not None and not any(o not in said or o in by for o in one.others):
            narrowed[one.change.assertion] = one
    known = {} if before is None else before
    found: dict[str, Standing] = {}
    for name, assertion in said.items():
        effect = narrowed.get(name)
        demoted_by = tuple(by.get(name, ()))
        made = known.get(name)
        if made is None or not _still(made, assertion, effect, demoted_by, name in pinned):
            now = assertion
            if effect is not None:
                now = assertion.model_copy(update={"scope": effect.change.scope})
            made = known[name] = Standing(
                assertion=now,
                said=assertion,
                pinned=name in pinned,
                demoted_by=demoted_by,
                narrowed_by=effect.conflict if effect else "",
            )
        found[name] = made
    return found


def _still(
    one: Standing, said: Assertion, effect: _Effect | None, by: tuple[str, ...], pinned: bool
) -> bool:
    """Whether a standing is what these would make of what was said."""
    if one.said is not said or one.demoted_by != by or one.pinned != pinned:
        return False
    if effect is None:
        return not one.narrowed_by
    return one.narrowed_by == effect.conflict and one.assertion.scope == effect.change.scope


def finding_of(name: str) -> str:
    """The finding that implies a status, and falls and stands with it; else the name itself."""
    return name.removesuffix(STATUS)


def parts_of(found: Mapping[str, Standing]) -> dict[str, str]:
    """The reflections that a later one says, too, by the same findings and more.

    Findings that do not stand any more need not be among those.
    """
    gone = {name for name, one in found.items() if one.demoted_by}
    widest: dict[tuple[object, ...], list[tuple[Assertion, set[str]]]] = {}
    parts: dict[str, str] = {}
    for name, one in reversed(list(found.items())):
        said = one.assertion
        if said.source.kind != "reflection" or said.way is None or one.demoted_by:
            continue
        rests = set(rests_on(said)) - gone
        about = (said.treatment, said.control, said.metric, said.way, said.margin)
        others = widest.setdefault(about, [])
        wider = (
            other.id for other, by in others if by >= rests and within(said.scope, other.scope)
        )
        if not one.pinned and rests and (whole := next(wider, "")):
            parts[name] = whole
        else:
            others.append((said, rests))
    return parts


def latest(resolutions: Sequence[Resolution]) -> dict[str, Resolution]:
    """The resolution that counts of each conflict, in the order in which they were made."""
    found: dict[str, Resolution] = {}
    for resolution in reversed(resolutions):
        if resolution.conflict not in found:
            found[resolution.conflict] = resolution
    return dict(reversed(found.items()))


def _effects(
    conflicts: Mapping[str, Conflict], resolutions: Sequence[Resolution], pinned: Collection[str]
) -> list[_Effect]:
    """Every change that may be in force, in the order in which they were made."""
    effects: list[_Effect] = []
    for resolution in latest(resolutions).values():
        if not (changes := resolution.changes):
            continue
        conflict = conflicts.get(resolution.conflict)
        for change in changes:
            if conflict is None or change.assertion in pinned:
                continue
            others = tuple(one for one in conflict.members if one != change.assertion)
            if conflict.rule == rules.MISQUOTED:
                others = ()  # a finding need not stand for a misquotation of it to be one
            effects.append(_Effect(conflict.id, change, others))
    return effects


def _in_force(said: Mapping[str, Assertion], demotions: Sequence[_Effect]) -> list[_Effect]:
    """The demotions for which all others stand, although demotions decide who stands.

    What rests on nobody undecided is decided first. Where demotions rest on each other in a
    circle, the last one made is in force.
    """
    undecided = [
        (one, {*one.others, *map(finding_of, one.others)} & said.keys()) for one in demotions
    ]
    waiting: dict[str, int] = {}
    for one in demotions:
        waiting[one.change.assertion] = waiting.get(one.change.assertion, 0) + 1
    gone: set[str] = set()
    force: list[_Effect] = []

    def decide(one: _Effect, holds: bool) -> None:
        waiting[one.change.assertion] -= 1
        if holds:
            gone.add(one.change.assertion)
            force.append(one)

    while undecided:
        left: list[tuple[_Effect, set[str]]] = []
        for one, others in undecided:
            if not others.issuperset(one.others) or others & gone:
                decide(one, holds=False)
            elif not any(waiting.get(other) for other in others):
                decide(one, holds=True)
            else:
                left.append((one, others))
        if len(left) == len(undecided):
            decide(left.pop()[0], holds=True)
        undecided = left
    order = {id(one): number for number, one in enumerate(demotions)}
    return sorted(force, key=lambda one: order[id(one)])
