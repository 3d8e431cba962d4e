"""What was worked out about a record before, held for the next time.

A record only grows, and one more finding changes little of what follows from it. Nothing here is
trusted: whoever takes something out has compared what it was worked out from, so that the answer
is the one that working it out anew would give. Nothing is shared between two at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scientist.records import Assertion, Conflict, Finding
from scientist.science.consistency import cycles, rules
from scientist.science.consistency.derive import Reflected
from scientist.science.consistency.index import Index, order
from scientist.science.consistency.solve import Solved
from scientist.science.consistency.standing import Standing
from scientist.science.consistency.weigh import of_finding

Key = tuple[str, frozenset[str]]
_COMPARED = tuple(name for name in Assertion.model_fields if name not in ("id", "weight"))


def key(conflict: Conflict) -> Key:
    """What makes two conflicts the same."""
    return conflict.rule, frozenset(conflict.members)


class Shelf:
    """The index over what stands, with every exact clash that is in it."""

    def __init__(self) -> None:
        self._index = Index()
        self._clashes: dict[Key, Conflict] = {}
        self._order: dict[Key, tuple[object, ...]] = {}
        self._at: dict[str, set[Key]] = {}

    def bring(self, stands: Mapping[str, Assertion]) -> None:
        """Let exactly these stand, at the cost of those that are new or have changed."""
        for name in [one.id for one in self._index if one.id not in stands]:
            self._forget(name)
        for name, one in stands.items():
            before = self._index.get(name)
            if before is one or (before is not None and _alike(before, one)):
                continue
            self._forget(name)
            for clash in self._index.add(one):
                found = Conflict(id="K", rule=clash.rule, members=clash.members, proof=clash.proof)
                self._clashes[key(found)] = found
                self._order[key(found)] = order(clash)
                for member in clash.members:
                    self._at.setdefault(member, set()).add(key(found))

    def clashes(self, age: Mapping[str, int]) -> dict[Key, Conflict]:
        """What clashes, as if all had come in the order of their age."""
        youngest = {one: max(age[name] for name in one[1]) for one in self._clashes}
        ranked = sorted(self._clashes, key=lambda one: (youngest[one], self._order[one]))
        return {one: self._clashes[one] for one in ranked}

    def crowded(self, age: Mapping[str, int]) -> bool:
        """Whether one closes so many cycles that not all of them are looked for.

        Which ones are found then depends on what came first.
        """
        closed = Counter(
            max(age[name] for name in members)
            for rule, members in self._clashes
            if rule == rules.CYCLE
        )
        return any(count >= cycles.MOST_CYCLES for count in closed.values())

    def _forget(self, name: str) -> None:
        self._index.discard(name)
        for one in self._at.pop(name, set()):
            if one in self._clashes:
                del self._clashes[one], self._order[one]
                for member in one[1] - {name}:
                    self._at[member].discard(one)


def _alike(one: Assertion, other: Assertion) -> bool:
    """Whether two say the same; what they weigh is no matter of clashes."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in _COMPARED)
    return all(mine is yours or mine == yours for mine, yours in pairs)


@dataclass
class Held:
    """By what it is about: the last that was worked out, beside what it was worked out from."""

    bare: dict[str, Standing] = field(default_factory=dict)
    weighed: dict[str, tuple[Standing, float, str, Standing]] = field(default_factory=dict)
    solved: Solved = field(default_factory=dict)
    reflected: Reflected = field(default_factory=Reflected)
    _findings: dict[str, tuple[Finding, float]] = field(default_factory=dict)
    _keys: dict[str, tuple[Conflict, Key]] = field(default_factory=dict)
    _shelves: list[Shelf] = field(default_factory=list)

    def weight(self, finding: Finding) -> float:
        """How sure a finding is."""
        known = self._findings.get(finding.id)
        if known is None or known[0] is not finding:
            known = self._findings[finding.id] = (finding, of_finding(finding))
        return known[1]

    def weigh(self, bare: Standing, weight: float, part_of: str) -> Standing:
        """A standing with its weight."""
        name = bare.said.id
        known = self.weighed.get(name)
        if known is not None and known[0] is bare and known[1:3] == (weight, part_of):
            return known[3]
        assertion = bare.assertion.model_copy(update={"weight": weight})
        full = replace(bare, assertion=assertion, part_of=part_of)
        self.weighed[name] = (bare, weight, part_of, full)
        return full

    def key(self, conflict: Conflict) -> Key:
        """What makes it the same as another."""
        known = self._keys.get(conflict.id)
        if known is None or known[0] is not conflict:
            known = self._keys[conflict.id] = (conflict, key(conflict))
        return known[1]

    def take_shelf(self) -> Shelf:
        """The shelf of the last examination, unless another has it in hand; else an empty one."""
        try:
            return self._shelves.pop()
        except IndexError:
            return Shelf()

    def put_back(self, shelf: Shelf, solved: Solved) -> None:
        """Keep a shelf and what was solved for the next examination."""
        self._shelves[:] = [shelf]
        self.solved = solved
