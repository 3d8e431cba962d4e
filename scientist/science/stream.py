"""Error control over a workspace: every sealed protocol is one test of one stream.

Failed, abandoned and confirming ones count, in the order in which they were sealed. What
the next test may spend is known before it runs, and is sealed into its protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from scientist.journal import Entry, Fold, Journal
from scientist.science import online


@dataclass(frozen=True)
class Tested:
    """One sealed protocol: what it might spend, and the overall p it came to, if it did."""

    digest: str
    question: str
    level: float
    p_value: float | None


@dataclass
class _Reading:
    """Every seal and every outcome in order, and the seeds of the tests of each question."""

    steps: list[tuple[int, Tested]] = field(default_factory=list)
    seeds: dict[str, list[tuple[int, frozenset[int]]]] = field(default_factory=dict)
    known: dict[str, Tested] = field(default_factory=dict)
    adjusted: list[tuple[float, float]] = field(default_factory=list)  # p, smallest rate

    def take(self, entry: Entry) -> None:
        from scientist.records import Protocol
        from scientist.science.protocol import question

        data = entry.data
        if entry.kind == "protocol_sealed":
            protocol = Protocol.model_validate(data["protocol"])
            asked = question(protocol)
            test = Tested(data["digest"], asked, protocol.level, None)
            self.seeds.setdefault(asked, []).append((entry.seq, frozenset(protocol.seeds)))
        elif data["protocol_digest"] in self.known:
            test = replace(
                self.known[data["protocol_digest"]], p_value=data["judgement"]["overall_p"]
            )
        else:
            return
        self.known[test.digest] = test
        self.steps.append((entry.seq, test))


_READING = Fold[_Reading](("protocol_sealed", "judged"), _Reading, _Reading.take)


def sealed(journal: Journal, before: int | None = None) -> list[Tested]:
    """Every protocol that was sealed before an event of that number, else all of them.

    An outcome counts only if it was known by then.
    """
    reading = journal.follow(_READING)
    if before is None:
        return list(reading.known.values())
    return list({test.digest: test for seq, test in reading.steps if seq < before}.values())


def seeds(journal: Journal, question: str, before: int) -> list[frozenset[int]]:
    """The seeds of each test of a question that was sealed before an event of that number."""
    return [
        found for seq, found in journal.follow(_READING).seeds.get(question, ()) if seq < before
    ]


def next_level(known: Sequence[Tested], alpha: float) -> float:
    """What the next test may spend; outcomes that are not known count as no discovery."""
    return online.next_level([_rejected(test) for test in known], alpha)


def adjusted(journal: Journal) -> dict[str, float]:
    """For every protocol the smallest rate at which it would be a discovery of the stream.

    The stream is replayed with every outcome known in its turn. A test that was sealed while
    another ran had less to spend than here: its own level decides.
    """
    reading = journal.follow(_READING)
    came = [1.0 if test.p_value is None else test.p_value for test in reading.known.values()]
    both = zip(came, reading.adjusted, strict=False)
    same = [rate for _, (_, rate) in takewhile(lambda one: one[0] == one[1][0], both)]
    rates = online.adjusted(came, same)
    reading.adjusted = list(zip(came, rates, strict=True))
    return dict(zip(reading.known, rates, strict=True))


def _rejected(test: Tested) -> bool:
    return test.p_value is not None and test.p_value <= test.level
