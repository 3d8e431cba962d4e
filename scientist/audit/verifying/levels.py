"""What each test might spend of the error budget, worked out again from the tests before it.

One that was taken out of the record leaves those behind it with levels and seeds that nothing
explains.
"""

from __future__ import annotations

import math

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.records import Protocol
from scientist.science import protocol as protocols
from scientist.science import stream

SAME = 1e-9


def check(audit: Audit) -> None:
    """Each sealed level and each draw of seeds."""
    for entry in audit.journal.entries("protocol_sealed"):
        protocol = Protocol.model_validate(entry.data["protocol"])
        if protocol.test != protocols.TEST:
            continue  # the rule of another version
        names, place = {entry.data["digest"]}, f"event {entry.seq}"
        earlier = stream.sealed(audit.journal, before=entry.seq)
        allowed = stream.next_level(earlier, protocol.alpha)
        if not math.isclose(protocol.level, allowed, rel_tol=SAME):
            raise Broken(
                f"the level {protocol.level:.4g} of a test of {protocol.hypothesis} is not the "
                f"{allowed:.4g} that the tests before it leave",
                place,
                names,
            )
        asked = protocols.question(protocol)
        again = sum(test.question == asked for test in earlier)
        measured, smoke = protocols.seeds(len(protocol.seeds), asked, again)
        if (protocol.seeds, protocol.smoke_seeds) != (tuple(measured), tuple(smoke)):
            raise Broken(
                f"the seeds of a test of {protocol.hypothesis} are not those that its question, "
                f"asked {again} times before, gives",
                place,
                names,
            )
        audit.count("levels")
