"""Check code: a smoke run on reserved seeds that can never count.

What is checked is in scientist.lab.checks; a problem ends the attempt as infeasible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.lab import checks
from scientist.lab.review import method
from scientist.records import Protocol, Rung
from scientist.science import judge

FAILED = "the smoke run failed its checks: "


def check_code(state: State, runtime: Runtime[Bench]) -> State:
    """Run the smoke seeds, most of them again in another order; look for what must not be."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    code = bench.code_of(protocol)
    script = bool(protocol.data_hash)  # it may be in any language: only its results are checked

    def smoke(key: str) -> dict[str, Any]:
        read = () if script else checks.check_code(code, bench.settings.libraries)
        if problems := (*checks.check_seeds(protocol), *read):
            return _refused(problems)
        orders = {"smoke": protocol.smoke_seeds, "again": protocol.smoke_seeds[:0:-1]}
        runs = []
        for name, seeds in orders.items():
            outcome = bench.toolkit.use(
                "launch_experiment",
                bench,
                folder=f"{key}-{name}",
                code=code,
                parameters=protocol.parameters,
                trials=[(arm, seed) for seed in seeds for arm in protocol.arms],
                script=script,
            )
            if outcome.status != "done":
                return _refused([f"the smoke run ended as {outcome.status}: {outcome.reason}"])
            runs.append(outcome.trials)
        # the tests show that a kit's arms differ; where they agree, that is what there is to find
        first, again = runs
        of_a_kit, own = bool(protocol.kit), protocol.rung is not Rung.KIT
        arms = (protocol.treatment, protocol.control) if of_a_kit and own else protocol.arms
        checked = checks.measure(
            [trial for trial in first if trial.arm in arms],
            [trial for trial in again if trial.arm in arms],
            *(arms, protocol.metric),
            tested=of_a_kit and not own,
            deterministic=script or checks.deterministic(code),
        )
        pairs = judge.sealed_pairs(
            protocol.model_copy(update={"seeds": protocol.smoke_seeds}),
            first,
            protocol.treatment,
            protocol.control,
            protocol.metric,
        )
        doubts = () if of_a_kit or own or script else _doubts(protocol, code)
        return {
            "problems": list(checked.problems),
            "flags": [*checked.flags, *doubts],
            "differences": [one - other for one, other in filter(None, pairs)],
            "pair_seconds": sum(trial.seconds for trial in first) / len(protocol.smoke_seeds),
        }

    found = bench.effects.once(
        "check_code", state["round"], "smoke", smoke, inputs=state["protocol"]
    )
    for said in (*found["problems"], *found["flags"]):
        bench.explain("check_code", said)
    failed = [FAILED + "; ".join(found["problems"])] if found["problems"] else []
    return {"problems": failed, "smoke": found}


def _doubts(protocol: Protocol, code: str) -> tuple[str, ...]:
    """What reading a user's own code says against its comparison; he knows better, or not."""
    found = method.mismatch(code, protocol.treatment, protocol.control, protocol.metric)
    return (*found.problems, *found.remarks)


def _refused(problems: Sequence[str]) -> dict[str, Any]:
    return {"problems": list(problems), "flags": [], "differences": [], "pair_seconds": 0.0}
