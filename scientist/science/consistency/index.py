"""The index: one more assertion against all that stand, at the cost of those it may clash with.

Assertions are kept by what they are about, then by the names that their scopes restrict;
`axes` finds those that overlap and may be at odds, `cycles` what an order closes, and `rules`
decides. One that is at odds with itself is kept, but held against no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from scientist.records import Assertion, Says
from scientist.science.consistency import cycles, rules, stance
from scientist.science.consistency.axes import Entry, Group
from scientist.science.consistency.cycles import Graph, Node
from scientist.science.consistency.rules import Clash
from scientist.science.consistency.scope import Parts, parts

Topic = tuple[str, ...]


class Index:
    """Assertions that stand, ready to be held against one more."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._alone: dict[str, Clash] = {}
        self._topics: dict[Topic, dict[frozenset[str], Group]] = {}
        self._graph = Graph()
        self._about: dict[str, dict[str, Entry]] = {}
        self._shown: dict[str, dict[str, Entry]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[Assertion]:
        """All that stand, oldest first."""
        return (entry.assertion for entry in self._entries.values())

    def get(self, name: str) -> Assertion | None:
        entry = self._entries.get(name)
        return entry.assertion if entry else None

    def add(self, assertion: Assertion) -> list[Clash]:
        """Let an assertion stand, in place of one with its id; the clashes that it brings."""
        self.discard(assertion.id)
        entry, found = self._examine(assertion)
        self._entries[assertion.id] = entry
        if found and found[0].members == (assertion.id,):
            self._alone[assertion.id] = found[0]
        elif parts(assertion.scope) is not None:
            self._insert(entry)
        return found

    def check(self, assertion: Assertion) -> list[Clash]:
        """The clashes that an assertion would bring, without letting it stand."""
        if assertion.id not in self._entries:
            return self._examine(assertion)[1]
        before = self._entries[assertion.id]
        self._remove(before)
        try:
            return self._examine(assertion)[1]
        finally:
            self._restore(before)

    def discard(self, name: str) -> None:
        """Forget an assertion, if it stands."""
        entry = self._entries.pop(name, None)
        if entry is not None:
            self._remove(entry)
            self._alone.pop(name, None)

    def candidates(self, assertion: Assertion) -> list[Assertion]:
        """The assertions about the same that overlap with one and may be at odds with it."""
        return [found.assertion for found in self._opposing(self._entry(assertion))]

    def _entry(self, assertion: Assertion) -> Entry:
        self._count += 1
        return Entry(
            serial=self._count,
            assertion=assertion,
            parts=parts(assertion.scope) or {},
            stance=stance.of(assertion),
            word=rules.fold(assertion.attribute),
        )

    def _examine(self, assertion: Assertion) -> tuple[Entry, list[Clash]]:
        """An assertion taken apart, and all that it clashes with, each once."""
        entry = self._entry(assertion)
        if parts(assertion.scope) is None:
            return entry, []  # what holds nowhere is at odds with nothing
        if itself := rules.alone(assertion):
            return entry, [itself]
        found: dict[tuple[str, ...], Clash] = {}
        for other in self._opposing(entry):
            if clash := rules.pair(assertion, other.assertion):
                found[clash.members] = clash
        for clash in self._quotations(entry):
            found.setdefault(clash.members, clash)
        if cycles.takes_part(assertion):
            closed = self._graph.closed_by(entry, self._near)
            for clash in islice(closed, cycles.MOST_CYCLES):
                found[clash.members] = clash
        return entry, sorted(found.values(), key=order)

    def _opposing(self, entry: Entry) -> Iterator[Entry]:
        topic = rules.subject(entry.assertion)
        if topic is None or not _told(entry):
            return
        for group in self._topics.get(topic, {}).values():
            for other in group.opposing(entry):
                if other.assertion.id != entry.assertion.id:
                    yield other

    def _quotations(self, entry: Entry) -> Iterator[Clash]:
        """What is said of a finding against it, whichever came first."""
        one = entry.assertion
        for finding in self._shown.get(one.subject, {}).values():
            if clash := rules.quoted(one, finding.assertion):
                yield clash
        if one.source.kind == "finding":
            for claim in self._about.get(one.source.address, {}).values():
                if clash := rules.quoted(claim.assertion, one):
                    yield clash

    def _near(self, first: Entry, one: Node, other: Node, where: Parts) -> list[Entry]:
        """The entries about two nodes that hold somewhere in a scope, oldest first."""
        topic = cycles.topic(first.assertion.metric, one, other)
        groups = self._topics.get(topic, {}).values()
        found = [entry for group in groups for entry in group.overlapping(where)]
        return sorted(found, key=lambda entry: entry.serial)

    def _insert(self, entry: Entry) -> None:
        one = entry.assertion
        topic = rules.subject(one)
        if topic is not None and _told(entry):
            groups = self._topics.setdefault(topic, {})
            groups.setdefault(frozenset(entry.parts), Group()).add(entry)
            self._graph.add(entry)
        if one.subject:
            self._about.setdefault(one.subject, {})[one.id] = entry
        if one.source.kind == "finding":
            self._shown.setdefault(one.source.address, {})[one.id] = entry

    def _remove(self, entry: Entry) -> None:
        one = entry.assertion
        if one.id in self._alone or parts(one.scope) is None:
            return
        topic = rules.subject(one)
        if topic is not None and _told(entry):
            names = frozenset(entry.parts)
            group = self._topics[topic][names]
            group.remove(entry)
            if not group.entries:
                del self._topics[topic][names]
            if not self._topics[topic]:
                del self._topics[topic]
            self._graph.remove(entry)
        for table, name in ((self._about, one.subject), (self._shown, one.source.address)):
            kept = table.get(name, {})
            if kept.get(one.id) is entry:
                del kept[one.id]
            if name in table and not kept:
                del table[name]

    def _restore(self, entry: Entry) -> None:
        if entry.assertion.id not in self._alone and parts(entry.assertion.scope) is not None:
            self._insert(entry)


def _told(entry: Entry) -> bool:
    """Whether an assertion says enough to be held against others about the same."""
    wordy = entry.assertion.says in (Says.STATUS, Says.ATTRIBUTE)
    return wordy or entry.stance is not None


def order(clash: Clash) -> tuple[object, ...]:
    """How the clashes that one assertion brings are sorted."""
    return len(clash.members), [rules.natural(name) for name in clash.members], clash.rule
