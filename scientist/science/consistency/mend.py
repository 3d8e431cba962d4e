"""Mend: what is to be done about one conflict, with the numbers that say so.

In this order: moot, when nothing clashes any more; rescope, when conditions that differ explain
the difference; demote, when one side has clearly weaker evidence; discriminate, when only another
measurement can tell. None of these: the conflict stays open for the user to decide by a pin.
`examine` calls this for every open conflict and applies what comes back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from scientist.records import Assertion, Change, Conflict, Resolution, Scope
from scientist.science.consistency import rules, stance
from scientist.science.consistency.scope import describe, differing, overlap, within, without
from scientist.science.consistency.solve import Selection
from scientist.science.consistency.weigh import rests_on

CLEARLY = 2.0  # times likelier that the right one is given up, before a claim is demoted ...
MEASURED = 5.0  # ... and before a finding is: measuring again is better than guessing
SURE = 0.8  # of a judged contradiction, before anything is demoted for it
_NOT_BY_SCOPE = {rules.OWN_DATA, rules.MISQUOTED, rules.STATUS}


@dataclass(frozen=True)
class Context:
    """What is known around a conflict.

    `weights` are those of all members, `hypotheses` those that findings tested, by the id of the
    finding; `exhausted` tells which were tested again often enough. `measured` gives the findings
    that stand on what a claim is about, `regret` what the best selection loses if it must keep a
    claim.
    """

    weights: Mapping[str, float]
    pinned: Collection[str] = ()
    hypotheses: Mapping[str, str] = field(default_factory=dict)
    exhausted: Callable[[str], bool] = lambda _: False
    measured: Callable[[Assertion], Iterable[Assertion]] = lambda _: ()
    regret: Callable[[str], float] = lambda _: 0.0
    live: bool = True  # whether the rule or the judgement behind the conflict still says so


def mend(
    conflict: Conflict,
    members: Mapping[str, Assertion],
    selection: Selection,
    context: Context,
) -> Resolution | None:
    """How to mend a conflict; None if it has to stay open.

    `members` are those of its members that stand, with the scopes they have now.
    """
    if reason := _moot(conflict, members, context):
        return Resolution(conflict=conflict.id, how="moot", reason=reason)
    change = _rescope(conflict, members, context) if conflict.hard else None
    if change is not None:
        return Resolution(
            conflict=conflict.id, how="rescope", reason=change.reason, changes=(change,)
        )
    change = _demote(conflict, members, selection, context)
    if change is not None:
        return Resolution(
            conflict=conflict.id, how="demote", reason=change.reason, changes=(change,)
        )
    return _discriminate(conflict, members, context) if conflict.hard else None


def _moot(conflict: Conflict, members: Mapping[str, Assertion], context: Context) -> str:
    """Why nothing clashes any more; empty if it still does."""
    gone = [name for name in conflict.members if name not in members]
    if gone:
        verb = "does" if len(gone) == 1 else "do"
        return f"{_list(gone)} {verb} not stand any more."
    if _shared(members[name] for name in conflict.members) is None:
        where = [f"{name} holds {describe(members[name].scope)}" for name in conflict.members]
        return f"They hold nowhere together any more: {'; '.join(where)}."
    return "" if context.live else "Nothing in what they say now clashes any more."


def _rescope(
    conflict: Conflict, members: Mapping[str, Assertion], context: Context
) -> Change | None:
    """A narrower scope for the more general claim, if it has conditions that explain it."""
    if conflict.rule in _NOT_BY_SCOPE or len(conflict.members) < 2:
        return None
    found: list[tuple[bool, float, int, Change]] = []
    for number, name in enumerate(conflict.members):
        general = members[name]
        others = [members[other] for other in conflict.members if other != name]
        hole = _shared((general, *others))
        if hole is None or name in context.pinned or general.source.kind == "finding":
            continue  # where a finding was measured is a fact
        inside = all(within(other.scope, general.scope) for other in others)
        if not _yields(general, others, inside, context):
            continue
        left = _left(general, hole, conflict, context)
        if left is None:
            continue
        narrower = Change(
            assertion=name, scope=left, reason=_narrowing(general, left, hole, others, context)
        )
        found.append((not inside, context.weights[name], -number, narrower))
    return min(found, key=lambda one: one[:3])[3] if found else None


def _yields(general: Assertion, others: list[Assertion], inside: bool, context: Context) -> bool:
    """Whether what stands against a claim knows better in the place where they meet.

    What was measured there does. Else the more special claim does, if it weighs no less; where
    neither is, the one that weighs more.
    """
    own = context.weights[general.id]
    weights = [context.weights[one.id] for one in others if one.source.kind != "finding"]
    return all(weight >= own if inside else weight > own for weight in weights)


def _left(general: Assertion, hole: Scope, conflict: Conflict, context: Context) -> Scope | None:
    """What a claim keeps: the largest part, unless its findings lie in another; None if nothing.

    A claim that is wrong somewhere is not saved by a condition made up for it: it must have
    named the condition, or a finding must back the rest.
    """
    parts = [part for part in (without(general.scope, hole), *_sides(general, hole)) if part]
    if not parts:
        return None
    says, counts = stance.of(general), [0] * len(parts)
    for one in context.measured(general):
        shows = stance.of(one)
        if one.id in conflict.members or says is None or shows is None:
            continue
        if stance.within(shows.regions, says.regions) == shows.regions:
            for number, part in enumerate(parts):
                counts[number] += within(one.scope, part)
    best = max(range(len(parts)), key=lambda number: counts[number])
    named = {*general.scope.ranges, *general.scope.values}
    explained = counts[best] or set(differing(general.scope, parts[best])) <= named
    return parts[best] if explained else None


def _sides(general: Assertion, hole: Scope) -> Iterator[Scope | None]:
    """What lies below a hole and what lies above it, along each of its ranges."""
    for name, cut in sorted(hole.ranges.items()):
        for side in ({"high": None, "open_high": False}, {"low": None, "open_low": False}):
            yield without(general.scope, Scope(ranges={name: cut.model_copy(update=side)}))


def _narrowing(
    general: Assertion, left: Scope, hole: Scope, others: list[Assertion], context: Context
) -> str:
    told = _list([_who(one, context) for one in others])
    verb = "says" if len(others) == 1 else "say"
    return (
        f"{general.id} was said to hold {describe(general.scope)}; {told} {verb} otherwise "
        f"{describe(hole)}. {general.id} now holds {describe(left)}."
    )


def _demote(
    conflict: Conflict,
    members: Mapping[str, Assertion],
    selection: Selection,
    context: Context,
) -> Change | None:
    """The member with clearly weaker evidence, if the selection drops it, and the numbers."""
    if conflict.chance < SURE:
        return None
    if conflict.rule in (rules.OWN_DATA, rules.MISQUOTED):
        return _at_fault(conflict, members, context)
    dropped = [
        name
        for name in conflict.members
        if name in selection.dropped and name not in context.pinned
    ]
    if not dropped:
        return None
    target = min(reversed(dropped), key=lambda name: context.weights[name])
    others = [members[name] for name in conflict.members if name != target]
    lost = context.regret(target)
    needed = MEASURED if members[target].source.kind == "finding" else CLEARLY
    if lost < math.log(needed):
        return None
    times = f"{math.exp(min(lost, 700)):.3g} times likelier" if lost < math.inf else "the only way"
    reason = (
        f"{_who(members[target], context)} has weaker evidence than "
        f"{_list([_who(one, context) for one in others])}"
    )
    if lost < math.inf:
        reason += (
            f": with all that bears on it, giving up {target} is {times} to be right than keeping "
            f"it (needed: {needed:g} times)."
        )
    else:
        reason += f": giving up {target} is {times} to keep what is pinned."
    if not conflict.hard:
        reason += f" The contradiction is judged, with a chance of {conflict.chance:.2f}."
    return Change(assertion=target, scope=None, reason=reason)


def _at_fault(
    conflict: Conflict, members: Mapping[str, Assertion], context: Context
) -> Change | None:
    """The claim that is wrong about itself or about what a finding shows, however sure it is."""
    found = [
        name
        for name in conflict.members
        if conflict.rule == rules.OWN_DATA or members[name].source.kind != "finding"
    ]
    if len(found) != 1 or found[0] in context.pinned:
        return None
    if conflict.rule == rules.OWN_DATA:
        reason = f"What {found[0]} says does not fit the numbers that it gives itself."
    else:
        finding = next(name for name in conflict.members if name != found[0])
        reason = f"{found[0]} says of {finding} what {finding} does not show."
    return Change(assertion=found[0], scope=None, reason=reason)


def _discriminate(
    conflict: Conflict, members: Mapping[str, Assertion], context: Context
) -> Resolution | None:
    """The replication that would tell, of the measured member with the least evidence."""
    if all(name in context.pinned for name in conflict.members):
        return None
    tested = {
        name: hypothesis
        for name in conflict.members
        if (hypothesis := _tested(members[name], context)) and not context.exhausted(hypothesis)
    }
    if not tested:
        return None
    weakest = min(reversed(tested), key=lambda name: context.weights[name])
    weighed = _list([_who(members[name], context) for name in conflict.members])
    return Resolution(
        conflict=conflict.id,
        how="discriminate",
        reason=(
            f"None of {weighed} has clearly weaker evidence. To tell them apart, "
            f"{tested[weakest]} is to be tested again {describe(members[weakest].scope)}."
        ),
        replicate=tested[weakest],
    )


def _tested(one: Assertion, context: Context) -> str:
    """The hypothesis whose test an assertion reports or rests on; empty if none."""
    if one.source.kind == "hypothesis":
        return one.source.address
    return next((context.hypotheses.get(name, "") for name in rests_on(one)), "")


def _shared(members: Iterable[Assertion]) -> Scope | None:
    """Where all of them hold; None if nowhere."""
    shared: Scope | None = Scope()
    for one in members:
        shared = overlap(shared, one.scope) if shared is not None else None
    return shared


def _who(one: Assertion, context: Context) -> str:
    weight = "pinned" if one.id in context.pinned else f"weight {context.weights[one.id]:.2f}"
    return f"{one.id} ({one.source.kind}, {weight})"


def _list(words: list[str]) -> str:
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"
