"""Seal: the protocol's digest enters the journal, on disk, before any measured trial.

What only now can be known is fixed here: how many pairs the smoke run asks for, and what
this test may spend of the error budget that all tests of the workspace share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent import repeating
from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import ScientistError
from scientist.events import Event, ProtocolSealed, Reasoned
from scientist.journal import project
from scientist.lab.experiments import runner_hash
from scientist.records import Protocol
from scientist.science import power, stream
from scientist.science import protocol as protocols


def seal(state: State, runtime: Runtime[Bench]) -> State:
    """Hash the plan and its code into the record; refuse code that was not planned with."""
    bench = runtime.context
    draft = Protocol.model_validate(state["protocol"])
    hypothesis = project.hypothesis(bench.journal, draft.hypothesis).record
    confirms = state["first"]["protocol_digest"] if state.get("first") else ""
    wanted = len(draft.seeds) if confirms else _size(state, bench, draft)

    def store(_: str) -> str:
        code = bench.code_of(draft)
        found = bench.journal.put(code, exact=True)
        if found != draft.code_hash:
            raise ScientistError(
                f"kit {draft.kit} has changed since the protocol was planned: its code is no "
                f"longer the code {draft.code_hash[:12]} that the smoke run checked",
                f"put tools/kits/{draft.kit}.py back as it was",
            )
        if runner_hash() != draft.runner_hash:
            raise ScientistError(
                "the runner has changed since the smoke run checked the code with it",
                "use the version of scientist that began this campaign",
            )
        return found

    def record(code_blob: str) -> tuple[dict[str, Any], Sequence[Event]]:
        events: list[Event] = []
        known = stream.sealed(bench.journal)
        level = stream.next_level(known, draft.alpha)
        asked = protocols.question(hypothesis)
        least = protocols.least_pairs(level)
        if wanted < least:
            said = f"{wanted} pairs could never reach the level {level:.2g}: {least} are measured"
            events.append(Reasoned(phase="seal", source="code", text=said))
        protocol = protocols.plan(
            hypothesis,
            pairs=max(wanted, least),
            alpha=draft.alpha,
            level=level,
            code_hash=draft.code_hash,
            runner_hash=draft.runner_hash,
            data_hash=draft.data_hash,
            arms=draft.arms,
            earlier=sum(test.question == asked for test in known),
            confirms=confirms,
        )
        digest = protocols.digest(protocol)
        sealed = {"digest": digest, "protocol": protocol.model_dump(mode="json")}
        events.append(ProtocolSealed(protocol=protocol, digest=digest, code_blob=code_blob))
        return sealed, events

    sealed = bench.effects.once(
        "seal",
        state["round"],
        "seal",
        store,
        record,
        inputs=[state["protocol"], confirms],
        on_disk="result",
    )
    return {"digest": sealed["digest"], "protocol": sealed["protocol"]}


def _size(state: State, bench: Bench, draft: Protocol) -> int:
    """How many pairs to measure: as many as were asked for, else as the smoke run suggests.

    Where so many did not decide, it takes more.
    """
    if bench.settings.pairs is not None:
        return bench.settings.pairs

    def estimate(_: str) -> int:
        level = stream.next_level(stream.sealed(bench.journal), draft.alpha)
        least = protocols.least_pairs(level)
        smoke = state["smoke"]
        before = repeating.undecided(bench, draft.hypothesis)
        wanted = repeating.MORE * before
        affordable = max(bench.settings.most_pairs, wanted)
        if smoke["pair_seconds"]:
            seconds = min(
                bench.meter.seconds_left * repeating.TIME_SHARE / 2,
                bench.settings.sandbox_wall_seconds / 2,
            )
            seconds /= bench.settings.at_once  # experiments of one round share the machine
            affordable = min(affordable, int(seconds / smoke["pair_seconds"]))
        if (left := bench.meter.trials_left) is not None:
            affordable = min(affordable, left // (2 * len(draft.arms)))  # a confirmation as well
        bench.meter.afford(2 * least * len(draft.arms), "the smallest test with its confirmation")
        least = max(least, min(wanted, affordable))
        sizing = power.pairs_needed(
            smoke["differences"],
            draft.smallest_effect,
            level * (1 - protocols.EARLY_SHARE),
            least=least,
            most=max(least, affordable),
            confidence=1 - draft.alpha,
        )
        more = f"; {least} is the least, since {before} did not decide" if before else ""
        bench.explain("seal", sizing.reason + more)
        return sizing.pairs

    size: int = bench.effects.once(
        "seal", state["round"], "size", estimate, inputs=state["protocol"], on_disk="later"
    )
    return size
