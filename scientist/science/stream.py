"""Error control over a workspace: every sealed protocol is one test of one stream.

Failed, abandoned and confirming ones count, in the order in which they were sealed. What
the next test may spend is known before it runs, and is sealed into its protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scientist.journal import Journal
from scientist.science import online


@dataclass(frozen=True)
class Tested:
    """One sealed protocol: what it might spend, and the overall p it came to, if it did."""

    digest: str
    question: str
    level: float
    p_value: float | None


def sealed(journal: Journal, before: int | None = None) -> list[Tested]:
    """Every protocol that was sealed before an event of that number, else all of them.

    An outcome counts only if it was known by then.
    """
    from scientist.records import Protocol
    from scientist.science.protocol import question

    found: dict[str, Tested] = {}
    for entry in journal.entries("protocol_sealed", "judged"):
        if before is not None and entry.seq >= before:
            break
        data = entry.data
        if entry.kind == "protocol_sealed":
            protocol = Protocol.model_validate(data["protocol"])
            found[data["digest"]] = Tested(data["digest"], question(protocol), protocol.level, None)
        elif known := found.get(data["protocol_digest"]):
            p_value = data["judgement"]["overall_p"]
            found[known.digest] = Tested(known.digest, known.question, known.level, p_value)
    return list(found.values())


def next_level(known: Sequence[Tested], alpha: float) -> float:
    """What the next test may spend; outcomes that are not known count as no discovery."""
    return online.next_level([_rejected(test) for test in known], alpha)


def adjusted(journal: Journal) -> dict[str, float]:
    """For every protocol the smallest rate at which it would be a discovery of the stream.

    The stream is replayed with every outcome known in its turn. A test that was sealed while
    another ran had less to spend than here: its own level decides.
    """
    known = sealed(journal)
    values = online.adjusted([1.0 if t.p_value is None else t.p_value for t in known])
    return {test.digest: value for test, value in zip(known, values, strict=True)}


def _rejected(test: Tested) -> bool:
    return test.p_value is not None and test.p_value <= test.level
