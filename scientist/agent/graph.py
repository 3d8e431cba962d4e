"""The research graph: which node follows which.

survey → hypothesize → select → design → check_code → seal → run → judge →
check_consistency → record → revise, with a way back to survey, or on to close. What a first run
supports goes from judge by confirm back to seal once; a round that replicates an earlier test,
to decide a conflict, goes from survey to design. Each node is one file in nodes/.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from scientist.agent.bench import Bench
from scientist.agent.nodes.check_code import check_code
from scientist.agent.nodes.check_consistency import check_consistency
from scientist.agent.nodes.close import close, ending
from scientist.agent.nodes.confirm import confirm
from scientist.agent.nodes.design import design
from scientist.agent.nodes.hypothesize import hypothesize
from scientist.agent.nodes.judge import judge
from scientist.agent.nodes.record import record
from scientist.agent.nodes.revise import revise
from scientist.agent.nodes.run import run
from scientist.agent.nodes.seal import seal
from scientist.agent.nodes.select import select
from scientist.agent.nodes.survey import survey
from scientist.agent.state import State
from scientist.events import PhaseFinished, PhaseStarted
from scientist.records import Verdict

Node = Callable[[State, Runtime[Bench]], State]
NODES_A_ROUND = 16


def build(checkpointer: BaseCheckpointSaver[Any]) -> CompiledStateGraph[State, Bench, State, State]:
    """The compiled graph; its checkpoints are written before the next node starts."""
    graph = StateGraph(State, context_schema=Bench)
    nodes: tuple[Node, ...] = (
        survey,
        hypothesize,
        select,
        design,
        check_code,
        seal,
        run,
        judge,
        confirm,
        check_consistency,
        record,
        revise,
        close,
    )
    for node in nodes:
        graph.add_node(node.__name__, _journaled(node))  # type: ignore[call-overload]  # langgraph types a node by its keyword names
    graph.add_conditional_edges(START, _first, ["survey", "design"])
    graph.add_conditional_edges("survey", _after_survey, ["hypothesize", "design"])
    graph.add_conditional_edges("hypothesize", _after_hypothesize, ["select", "survey", "close"])
    graph.add_edge("select", "design")
    graph.add_edge("design", "check_code")
    graph.add_conditional_edges("check_code", _after_check, ["seal", "judge"])
    graph.add_edge("seal", "run")
    graph.add_edge("run", "judge")
    graph.add_conditional_edges("judge", _after_judge, ["confirm", "check_consistency"])
    graph.add_edge("confirm", "seal")
    graph.add_edge("check_consistency", "record")
    graph.add_edge("record", "revise")
    graph.add_conditional_edges("revise", _after_round, ["survey", "close"])
    graph.add_edge("close", END)
    return graph.compile(checkpointer=checkpointer)


def _first(state: State) -> str:
    """A campaign that was given its hypothesis begins with the design."""
    return "design" if state.get("hypothesis") else "survey"


def _after_survey(state: State) -> str:
    return "design" if state["replicates"] else "hypothesize"


def _after_hypothesize(state: State, runtime: Runtime[Bench]) -> str:
    return "select" if state["candidates"] else _after_round(state, runtime)


def _after_check(state: State) -> str:
    return "judge" if state["problems"] else "seal"


def _after_judge(state: State) -> str:
    """What a first run supports is no finding yet."""
    first = not state["problems"] and not state["first"]
    supported = state["judgement"]["verdict"] == Verdict.SUPPORTED
    return "confirm" if first and supported else "check_consistency"


def _after_round(state: State, runtime: Runtime[Bench]) -> str:
    return "close" if ending(state, runtime.context)[0] else "survey"


def _journaled(node: Node) -> Node:
    """A node whose beginning and end stand in the journal."""

    def work(state: State, runtime: Runtime[Bench]) -> State:
        bench = runtime.context
        round_ = state.get("round", 0) + (1 if node is survey else 0)
        bench.note(PhaseStarted(phase=node.__name__, round=round_))
        began = time.monotonic()
        update = node(state, runtime)
        seconds = round(time.monotonic() - began, 4)
        bench.note(PhaseFinished(phase=node.__name__, round=round_, seconds=seconds))
        return {**update, "events": bench.journal.head[0]}

    work.__name__ = node.__name__
    return work
