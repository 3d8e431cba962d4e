"""Check code: a smoke run on reserved seeds that can never count.

What is checked is in scientist.lab.checks; a problem ends the attempt as infeasible.
"""

from __future__ import annotations

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.lab import checks, kits
from scientist.records import Protocol


def check_code(state: State, runtime: Runtime[Bench]) -> State:
    """Run the smoke seeds, two of them again in another order, and look for what must not be."""
    bench = runtime.context
    protocol = Protocol.model_validate(state["protocol"])
    code = kits.load(protocol.kit).code

    def smoke(key: str) -> list[str]:
        problems = list(checks.check_code(code))
        if problems:
            return problems
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
            )
            if outcome.status != "done":
                return [f"the smoke run ended as {outcome.status}: {outcome.reason}"]
            runs.append(outcome.trials)
        # the tests show that a kit's arms differ; where they agree, that is what there is to find
        first, again = runs
        return list(checks.check_trials(first, again, protocol.arms, protocol.metric, tested=True))

    problems = bench.effects.once(
        "check_code", state["round"], "smoke", smoke, inputs=state["protocol"]
    )
    for problem in problems:
        bench.explain("check_code", problem)
    return {"problems": problems}
