"""Seal: the protocol's digest enters the journal, on disk, before any measured trial."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import ScientistError
from scientist.events import Event, ProtocolSealed
from scientist.lab import kits
from scientist.records import Protocol
from scientist.science import protocol as protocols


def seal(state: State, runtime: Runtime[Bench]) -> State:
    """Hash the plan and its code into the record; refuse code that was not planned with."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])

    def store(_: str) -> str:
        kit = kits.load(protocol.kit)
        if kit.code_hash != protocol.code_hash:
            raise ScientistError(
                f"kit {kit.name} has changed since the protocol was planned: its code is no longer "
                f"the code {protocol.code_hash[:12]} that the smoke run checked",
                f"put tools/kits/{kit.name}.py back as it was",
            )
        return bench.journal.put(kit.code)

    def record(code_blob: str) -> tuple[str, Sequence[Event]]:
        digest = protocols.digest(protocol)
        return digest, [ProtocolSealed(protocol=protocol, digest=digest, code_blob=code_blob)]

    digest = bench.effects.once(
        "seal", state["round"], "seal", store, record, inputs=state["protocol"]
    )
    return {"digest": digest}
