"""Settle: does the new finding answer what the campaign was asked?

The model reads it: one letter, with its chances. Only a decided finding can settle a question, and
a model that gives no chances leaves it open until the budget ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.errors import BudgetError, ContextError, EndpointError, ModelOutputError
from scientist.events import Event, QuestionAnswered
from scientist.journal import project
from scientist.llm import prompting
from scientist.llm.choice import choose

OPTIONS = {"A": "answers", "B": "bears on it", "C": "something else"}
SURE = 0.8


def settle(state: State, runtime: Runtime[Bench]) -> State:
    """Ask once for each finding that decided something."""
    bench = runtime.context
    name = state["findings"][-1]

    def ask(_: str) -> float:
        finding = project.finding(bench.journal, name).record
        if bench.client is None or not bench.question or not finding.judgement.verdict.decides:
            return 0.0
        prompt = prompting.load("answer").render(question=bench.question, finding=finding.statement)
        try:
            bench.meter.check()
            return choose(bench.client, prompt, OPTIONS).chances["answers"]
        except (BudgetError, ContextError, EndpointError, ModelOutputError) as fault:
            bench.degrade("whether the question is answered", fault.message)
            return 0.0

    def record(chance: float) -> tuple[bool, Sequence[Event]]:
        settled = chance >= SURE
        event = QuestionAnswered(finding=name, chance=round(chance, 4))
        return settled, [event] if settled else []

    if bench.effects.once(
        "settle", state["round"], "answer", ask, record, inputs=name, on_disk="result"
    ):
        return {"settled": name}
    return {}
