"""Fixing: what an optimal selection of beliefs must do, found without search.

Choosing what to drop is a hitting set of least cost: every conflict loses at least one member.
The rules here settle most claims exactly, so that `hitting` searches only what is left. Costs
are integers, so no rule rests on rounding. A Program is changed in place while it is fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_NEIGHBOURS = 40  # a claim in more conflicts is not compared with its neighbours


class Program:
    """Claims by number with their costs, and the conflicts that are still to be hit."""

    def __init__(self, costs: Sequence[int], conflicts: Iterable[Iterable[int]]) -> None:
        self.costs = list(costs)
        self.conflicts: dict[int, set[int]] = {}
        self.at: list[set[int]] = [set() for _ in self.costs]
        self.kept: list[bool | None] = [None] * len(self.costs)
        self.folded: dict[int, int] = {}  # in the order of folding: to the one it opposes
        self._touched: list[int] = []
        self._waiting = [False] * len(self.costs)
        for number, members in enumerate(conflicts):
            self.conflicts[number] = set(members)
            for member in self.conflicts[number]:
                self.at[member].add(number)

    def fix(self) -> None:
        """Apply every rule until none applies any more."""
        for number in list(self.conflicts):
            self._absorb(number)
        self._touch(range(len(self.costs)))
        while self._touched:
            claim = self._touched.pop()
            self._waiting[claim] = False
            if self.kept[claim] is None and claim not in self.folded:
                self._settle(claim)

    def left(self) -> list[int]:
        """The claims that no rule settled."""
        return [c for c, kept in enumerate(self.kept) if kept is None and c not in self.folded]

    def finish(self) -> list[bool]:
        """Which claims are kept, once all that were left are decided."""
        for claim, neighbour in reversed(self.folded.items()):
            self.kept[claim] = not self.kept[neighbour]
        return [bool(kept) for kept in self.kept]

    def _settle(self, claim: int) -> None:
        """Keep, drop or fold a claim if a rule says so."""
        at = self.at[claim]
        if not at or self._cheaper(claim) or self._dominates(claim):
            self._keep(claim)
        elif len(at) == 1 and len(self.conflicts[next(iter(at))]) == 2:
            self._fold(claim)
        elif self._dominated(claim):
            self._drop(claim)

    def _cheaper(self, claim: int) -> bool:
        """Whether its conflicts can be hit by dropping others that cost no more than it."""
        most, total = self.costs[claim], 0
        chosen: set[int] = set()
        for number in self.at[claim]:
            others = self.conflicts[number] - {claim}
            if not others & chosen:
                least = min(others, key=lambda other: (self.costs[other], other))
                chosen.add(least)
                total += self.costs[least]
                if total > most:
                    return False
        return True

    def _dominates(self, claim: int) -> bool:
        """Whether one other, no more costly, is in all of its conflicts."""
        others = set.intersection(*(self.conflicts[number] for number in self.at[claim]))
        return any(o != claim and self.costs[o] <= self.costs[claim] for o in others)

    def _dominated(self, claim: int) -> bool:
        """Whether it opposes one that costs no less and that opposes nothing else than it does."""
        if len(self.at[claim]) > MOST_NEIGHBOURS:
            return False
        opposed = self._opposed(claim)
        for other in sorted(opposed):
            if self.costs[other] < self.costs[claim] or len(self.at[other]) > len(opposed):
                continue
            if any(len(self.conflicts[number]) != 2 for number in self.at[other]):
                continue
            if self._opposed(other) - {claim} <= opposed:
                return True
        return False

    def _opposed(self, claim: int) -> set[int]:
        """The claims that are in a conflict with it alone."""
        pairs = (self.conflicts[number] for number in self.at[claim])
        return {other for pair in pairs if len(pair) == 2 for other in pair if other != claim}

    def _fold(self, claim: int) -> None:
        """Its only conflict is with one costlier: it is dropped if and only if that is kept."""
        (number,) = self.at[claim]
        (neighbour,) = self.conflicts[number] - {claim}
        self.costs[neighbour] -= self.costs[claim]
        self.folded[claim] = neighbour
        self._remove(number)

    def _keep(self, claim: int) -> None:
        self.kept[claim] = True
        for number in list(self.at[claim]):
            members = self.conflicts.get(number)
            if members is None:
                continue
            members.discard(claim)
            if len(members) == 1:
                self._drop(next(iter(members)))
            else:
                self._touch(members)
                self._absorb(number)
        self.at[claim].clear()

    def _drop(self, claim: int) -> None:
        self.kept[claim] = False
        for number in list(self.at[claim]):
            self._remove(number)

    def _remove(self, number: int) -> None:
        """The conflict needs no more attention."""
        members = self.conflicts.pop(number)
        for member in members:
            self.at[member].discard(number)
        self._touch(members)

    def _absorb(self, number: int) -> None:
        """Whatever hits this conflict hits every larger one around it."""
        members = self.conflicts.get(number)
        if not members:
            return
        if len(members) == 1:
            self._drop(next(iter(members)))
            return
        rarest = min(members, key=lambda member: len(self.at[member]))
        for other in list(self.at[rarest]):
            if other != number and members <= self.conflicts[other]:
                self._remove(other)

    def _touch(self, claims: Iterable[int]) -> None:
        for claim in claims:
            if self.kept[claim] is None and not self._waiting[claim]:
                self._waiting[claim] = True
                self._touched.append(claim)
