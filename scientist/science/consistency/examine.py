"""Examine: all that stands against itself, and what follows from it.

The index finds what clashes, judged relations add what only readers can tell, the solver says
which claims to hold, `mend` what to do about each conflict; and again, until nothing changes.
Nothing is written here: the events that come back are for the caller to append.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scientist.events import ConflictFound, ConflictResolved, RelationJudged
from scientist.records import Assertion, Conflict, Resolution, Says, one_line
from scientist.science.consistency import rules, solve
from scientist.science.consistency.held import Key, Shelf, key
from scientist.science.consistency.knowledge import Knowledge
from scientist.science.consistency.mend import Context, mend
from scientist.science.consistency.scope import overlap
from scientist.science.consistency.solve import Selection
from scientist.science.consistency.standing import STATUS

JUDGED = "judged contradiction"
LIKELY = 0.5  # a contradiction no likelier than that is no conflict
MOST_CHANCE = 0.999  # a judgement is never a proof
MOST_ROUNDS = 20
MOST_RESOLVED = 200  # claims: the loss of keeping one of a larger part is taken from its pair
STRENGTH = ("finding", "user", "reflection", "hypothesis", "quote", "chat")


@dataclass(frozen=True)
class Examined:
    """What was found: new conflicts, proposed resolutions, and what stays open after them.

    `selection` is over the claims that take part in a conflict; `settled` is whether holding
    everything against itself once more would propose nothing further.
    """

    conflicts: tuple[Conflict, ...]
    resolutions: tuple[Resolution, ...]
    open: tuple[Conflict, ...]
    selection: Selection
    after: Knowledge
    settled: bool
    events: tuple[ConflictFound | ConflictResolved, ...]

    @property
    def impossible(self) -> tuple[tuple[str, ...], ...]:
        """Conflicts among pinned claims alone: the user has to take a pin back."""
        return self.selection.impossible

    def of(self, name: str) -> tuple[Conflict, ...]:
        """The new and the open conflicts that an assertion takes part in."""
        every = {one.id: one for one in (*self.conflicts, *self.open)}
        return tuple(one for one in every.values() if name in one.members)


def examine(
    knowledge: Knowledge,
    extra: Sequence[Assertion] = (),
    relations: Sequence[RelationJudged] = (),
) -> Examined:
    """Hold all that stands, and `extra` not yet on record, against itself and propose mends.

    `relations` are judgements not yet on record; sentences are named by assertion id or text.
    """
    work = _Work(knowledge, extra, relations)
    changed = True
    for _ in range(MOST_ROUNDS):
        clashes = work.clashes()
        work.register(clashes)
        selection = work.choose(clashes)
        before = len(work.events)
        for conflict in work.unsettled(clashes):
            work.mend(conflict, clashes, selection)
        changed = any(
            isinstance(event, ConflictResolved) and event.resolution.changes
            for event in work.events[before:]
        )
        work.fold()
        if not changed:
            break
    clashes = work.clashes()
    work.register(clashes)
    work.reopen(clashes)
    selection = work.choose(clashes)
    work.close()
    return Examined(
        conflicts=tuple(one.conflict for one in work.events if isinstance(one, ConflictFound)),
        resolutions=tuple(
            one.resolution for one in work.events if isinstance(one, ConflictResolved)
        ),
        open=tuple(work.alive(clashes)),
        selection=selection,
        after=work.now,
        settled=not changed,
        events=tuple(work.events),
    )


class _Work:
    """Knowledge under examination, with the resolutions proposed so far in force."""

    def __init__(
        self,
        knowledge: Knowledge,
        extra: Sequence[Assertion],
        relations: Sequence[RelationJudged],
    ) -> None:
        self.events: list[ConflictFound | ConflictResolved] = []
        self._now = max((seq for seq, _ in knowledge.resolved + knowledge.tested), default=0) + 1
        answers = [(self._now, knowledge.question(name)) for name in _tested(extra)]
        self.now = replace(
            knowledge,
            said={**knowledge.said, **{one.id: one for one in extra}},
            relations=(*knowledge.relations, *relations),
            tested=(*knowledge.tested, *answers),
        )
        self._resolved = list(knowledge.resolved)
        self._reopened = set(knowledge.reopened)
        self._latest = {
            one.conflict: one.how
            for _, one in knowledge.resolved
            if one.conflict not in knowledge.reopened
        }
        self._waiting = {
            name
            for name, how in self._latest.items()
            if how == "discriminate" and self._waits(name)
        }
        self._hypotheses = {
            **{one.source.address: one.subject for one in extra if one.says is Says.STATUS},
            **{name: one.hypothesis for name, one in knowledge.findings.items()},
        }
        self._ids: dict[Key, list[str]] = {}
        for name, one in knowledge.conflicts.items():
            self._ids.setdefault(knowledge.held.key(one), []).append(name)
        self._place = {name: number for number, name in enumerate(knowledge.conflicts)}
        self._unsettled = {
            name for name in self._place if self._latest.get(name, "discriminate") == "discriminate"
        }
        self._solved: ChainMap[solve.Problem, tuple[bool, ...]] = ChainMap(
            {}, knowledge.held.solved
        )
        self._shelf = knowledge.held.take_shelf()
        self.fold()

    def close(self) -> None:
        """Hold what was worked out for the next time."""
        self.now.held.put_back(self._shelf, self._solved.maps[0])

    def fold(self) -> None:
        """Bring what stands, and the index over it, up to date with the resolutions."""
        resolved, reopened = tuple(self._resolved), frozenset(self._reopened)
        if (resolved, reopened) != (self.now.resolved, self.now.reopened):
            self.now = replace(self.now, resolved=resolved, reopened=reopened)
        self.stands = self.now.assertions
        self._findings: dict[tuple[str, ...] | None, list[Assertion]] | None = None
        self._age = {name: number for number, name in enumerate(self.now.said)}
        self._shelf.bring(self.stands)
        if self._shelf.crowded(self._age):
            self._shelf = Shelf()
            self._shelf.bring(self.stands)

    def clashes(self) -> dict[Key, Conflict]:
        """All that clashes now, exact and judged."""
        hard = self._shelf.clashes(self._age)
        hard_pairs = {members for _, members in hard}
        judged = {
            key(one): one
            for one in _judged(self.now.relations, self.stands)
            if frozenset(one.members) not in hard_pairs
        }
        return {**hard, **judged}

    def alive(self, clashes: Mapping[Key, Conflict]) -> list[Conflict]:
        """The conflicts whose members clash now, in the order of the record."""
        return self._in_order(name for one in clashes for name in self._ids.get(one, ()))

    def unsettled(self, clashes: Mapping[Key, Conflict]) -> list[Conflict]:
        """The conflicts that may need mending: those alive, and those not mended yet."""
        return self._in_order({*self._unsettled, *(one.id for one in self.alive(clashes))})

    def _in_order(self, names: Iterable[str]) -> list[Conflict]:
        return [self.now.conflicts[name] for name in sorted(names, key=self._place.__getitem__)]

    def register(self, clashes: Mapping[Key, Conflict]) -> None:
        """Give every clash that is not on record an id, and record it."""
        new = [one for one in clashes if one not in self._ids]
        if not new:
            return
        first = int(self.now.next_conflict_id()[1:])
        found = {
            f"K{number}": clashes[one].model_copy(update={"id": f"K{number}"})
            for number, one in enumerate(new, first)
        }
        for one, name in zip(new, found, strict=True):
            self._ids[one] = [name]
            self._place[name] = len(self._place)
            self._unsettled.add(name)
        self.events += [ConflictFound(conflict=one) for one in found.values()]
        self.now = self.now.with_found(found)

    def reopen(self, clashes: Mapping[Key, Conflict]) -> None:
        """Find a conflict again that counts as mended and is not: what mended it is undone."""
        back = {
            one.id: clashes[key(one)].model_copy(update={"id": one.id})
            for one in self.alive(clashes)
            if self.now.is_mended(one)
        }
        self.events += [ConflictFound(conflict=one) for one in back.values()]
        if back:
            self.now = replace(
                self.now,
                conflicts={**self.now.conflicts, **back},
                reopened=self.now.reopened.union(back),
            )

    def choose(self, clashes: Mapping[Key, Conflict]) -> Selection:
        """The best selection of the claims that take part in a clash."""
        names = {name for clash in clashes.values() for name in clash.members}
        preferred = sorted(
            (self.stands[name] for name in names),
            key=lambda one: (STRENGTH.index(one.source.kind), self._age[one.id]),
        )
        self._weights = {one.id: one.weight for one in preferred}
        hard = [_at_stake(one, self.now.said) for one in clashes.values() if one.hard]
        soft = [(one.members, one.chance) for one in clashes.values() if not one.hard]
        pinned = self.now.pinned & names
        found = solve.select(self._weights, hard, soft, pinned, solved=self._solved)
        self._parts = {name: part for part in found.parts for name in part.claims}
        self._inside: dict[str, list[Conflict]] = {}
        for clash in clashes.values():
            part = self._parts[_at_stake(clash, self.now.said)[0]]
            self._inside.setdefault(part.claims[0], []).append(clash)
        return found

    def mend(
        self, conflict: Conflict, clashes: Mapping[Key, Conflict], selection: Selection
    ) -> None:
        """Propose what to do about one conflict, and let it be so for those that follow."""
        live = key(conflict) in clashes
        if live:  # as it is judged now, which may be surer than when it was found
            conflict = clashes[key(conflict)].model_copy(update={"id": conflict.id})
        elif self._latest.get(conflict.id, "discriminate") != "discriminate":
            return
        members = {name: self.stands[name] for name in conflict.members if name in self.stands}
        if live and conflict.id in self._waiting and len(members) == len(conflict.members):
            return
        context = Context(
            weights={name: one.weight for name, one in members.items()},
            pinned=self.now.pinned,
            measured=self._measured,
            hypotheses=self._hypotheses,
            exhausted=self.now.exhausted,
            regret=lambda name: self._regret(name, conflict),
            live=live,
        )
        resolution = mend(conflict, members, selection, context)
        if resolution is None:
            return
        self.events.append(ConflictResolved(resolution=resolution))
        self._resolved.append((self._now, resolution))
        self._latest[conflict.id] = resolution.how
        self._reopened.discard(conflict.id)
        if resolution.how == "discriminate":
            self._waiting.add(conflict.id)
        else:
            self._unsettled.discard(conflict.id)
        for change in resolution.changes:
            one = self.stands.pop(change.assertion)
            if change.scope is None:
                self.stands.pop(change.assertion + STATUS, None)
            else:
                self.stands[one.id] = one.model_copy(update={"scope": change.scope})

    def _measured(self, claim: Assertion) -> list[Assertion]:
        """The findings that stand, on what a claim is about and in its world."""
        if self._findings is None:
            self._findings = {}
            for one in self.stands.values():
                if one.source.kind == "finding" and (about := rules.subject(one)) is not None:
                    self._findings.setdefault(about, []).append(one)
        found = self._findings.get(rules.subject(claim), ())
        world = claim.scope.world
        return [one for one in found if world in ("", one.scope.world) and one.id in self.stands]

    def _regret(self, name: str, conflict: Conflict) -> float:
        """What the best selection of a claim's part loses if it must keep the claim.

        In a very large part: what its weakest opponent in the conflict gains more than it.
        """
        part = self._parts[name]
        if len(part.claims) > MOST_RESOLVED:
            others = [self._weights[other] for other in conflict.members if other != name]
            return max(solve.gain(min(others)) - solve.gain(self._weights[name]), 0.0)
        clashes = self._inside[part.claims[0]]
        forced = solve.select(
            {claim: self._weights[claim] for claim in part.claims},
            [_at_stake(one, self.now.said) for one in clashes if one.hard],
            [(one.members, one.chance) for one in clashes if not one.hard],
            {*self.now.pinned.intersection(part.claims), name},
            solved=self._solved,
        )
        if any(name in one for one in forced.impossible):
            return math.inf
        return max(part.value - forced.value, 0.0)

    def _waits(self, name: str) -> bool:
        return name in self.now.conflicts and self.now.waits(name)


def _at_stake(conflict: Conflict, said: Mapping[str, Assertion]) -> tuple[str, ...]:
    """Those of a conflict that dropping would settle: what misquotes a finding has to go."""
    if conflict.rule != rules.MISQUOTED:
        return conflict.members
    return tuple(name for name in conflict.members if said[name].source.kind != "finding")


def _tested(extra: Sequence[Assertion]) -> set[str]:
    """The hypotheses that findings not yet on record have tested."""
    return {
        one.subject for one in extra if one.says is Says.STATUS and one.source.kind == "finding"
    }


def _judged(
    relations: Sequence[RelationJudged], stands: Mapping[str, Assertion]
) -> Iterable[Conflict]:
    """The pairs that stand, hold somewhere together, and are likely to contradict each other."""
    wanted = {text for judged in relations for text in (judged.first, judged.second)}
    texts: dict[str, list[str]] = {}
    for name, one in stands.items():
        if wanted and (text := one_line(one.text)) in wanted:
            texts.setdefault(text, []).append(name)
    last: dict[frozenset[str], RelationJudged] = {}
    for judged in relations:
        for first in [judged.first] if judged.first in stands else texts.get(judged.first, ()):
            second = [judged.second] if judged.second in stands else texts.get(judged.second, ())
            for other in second:
                if other != first:
                    last[frozenset((first, other))] = judged
    for pair, judged in last.items():
        if judged.relation.contradicts <= LIKELY:
            continue
        left, right = (stands[name] for name in sorted(pair, key=rules.natural))
        if rules.subject(left) is not None and rules.subject(left) == rules.subject(right):
            continue  # about the same in typed fields: the exact rules have decided
        if overlap(left.scope, right.scope) is not None:
            yield Conflict(
                id="K",
                rule=JUDGED,
                members=(left.id, right.id),
                proof=_proof(left, right, judged),
                chance=min(judged.relation.contradicts, MOST_CHANCE),
            )


def _proof(one: Assertion, other: Assertion, judged: RelationJudged) -> tuple[str, ...]:
    chances = judged.relation
    return (
        f"{one.id} says: {one.text}",
        f"{other.id} says: {other.text}",
        f"{judged.model} read both, in both orders: they contradict each other with a chance of "
        f"{chances.contradicts:.2f}, support each other with {chances.supports:.2f}, have nothing "
        f"to do with each other with {chances.unrelated:.2f} (calibration: {judged.calibration}).",
    )
