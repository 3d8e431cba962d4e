"""Seal: the protocol's digest enters the journal, on disk, before any measured trial."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, ProtocolSealed
from scientist.lab import kits
from scientist.records import Protocol
from scientist.science import protocol as protocols


def seal(state: State, runtime: Runtime[Bench]) -> State:
    """Hash the plan and its code into the record."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])

    def store(_: str) -> str:
        return bench.journal.put(kits.load(protocol.kit).code)

    def record(code_blob: str) -> tuple[str, Sequence[Event]]:
        digest = protocols.digest(protocol)
        return digest, [ProtocolSealed(protocol=protocol, digest=digest, code_blob=code_blob)]

    digest = bench.effects.once(
        "seal", state["round"], "seal", store, record, inputs=state["protocol"]
    )
    return {"digest": digest}
