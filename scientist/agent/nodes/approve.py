"""Approve: before anything is measured, the user may see the plan and the code, and say no.

Only with `--approve`. The graph stops here by an interrupt of LangGraph; whoever drives it asks the
user and resumes with the answer, which is recorded like any effect, so it is given once. What is
declined is not proposed again; without its confirmation a first run is no finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from scientist.agent.bench import Bench
from scientist.agent.state import State
from scientist.events import Event, HypothesisDeclined, Reasoned
from scientist.journal import project
from scientist.records import Protocol

DECLINED = "a first run supported it, but the user declined the confirmation on fresh seeds"


def approve(state: State, runtime: Runtime[Bench]) -> State:
    """Wait for the user's word."""
    bench = runtime.context
    if not bench.settings.approve:
        return {"declined": False}
    draft = Protocol.model_validate(state["protocol"])
    confirms = bool(state.get("first"))
    name, inputs = draft.hypothesis, [state["protocol"], confirms]
    if not bench.effects.known("approve", state["round"], "ask", inputs):
        hypothesis = project.hypothesis(bench.journal, name).record
        answer = interrupt(
            {
                "hypothesis": hypothesis.model_dump(mode="json"),
                "protocol": state["protocol"],
                "confirms": confirms,
                "code": bench.code_of(draft),
                "differences": state["smoke"].get("differences", []),
            }
        )
    else:
        answer = {}

    def record(_: None) -> tuple[dict[str, Any], Sequence[Event]]:
        said = str(answer.get("reason", "")) or "no reason given"
        if answer.get("approved"):
            told = Reasoned(phase="approve", source="code", text=f"the user approved {name}")
            return {"approved": True}, [told]
        declined = HypothesisDeclined(hypothesis=name, reason=said)
        return {"approved": False}, [] if confirms else [declined]

    told = bench.effects.once(
        "approve", state["round"], "ask", lambda _: None, record, inputs=inputs
    )
    if told["approved"]:
        return {"declined": False}
    if confirms:
        return {"declined": False, "problems": [DECLINED], "first": {}}
    return {"declined": True}
