"""The research graph: which node follows which.

survey → hypothesize → select → write_code → design → check_code → approve → seal → launch for
each hypothesis of the round; ahead while their experiments run; then, for each test in flight,
run → judge → check_consistency → record → revise → settle, and a way back to survey, or on to
close. What a first run supports goes from judge by confirm to a second seal and launch once; a
round that replicates an earlier test, to decide a conflict, goes from survey to write_code. Each
node is one file in nodes/.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from scientist import interrupts
from scientist.agent.bench import Bench
from scientist.agent.nodes.ahead import ahead
from scientist.agent.nodes.approve import approve
from scientist.agent.nodes.check_code import check_code
from scientist.agent.nodes.check_consistency import check_consistency
from scientist.agent.nodes.close import close, ending
from scientist.agent.nodes.confirm import confirm
from scientist.agent.nodes.design import design
from scientist.agent.nodes.hypothesize import hypothesize
from scientist.agent.nodes.judge import judge
from scientist.agent.nodes.launch import launch
from scientist.agent.nodes.record import record
from scientist.agent.nodes.revise import revise
from scientist.agent.nodes.run import run
from scientist.agent.nodes.seal import seal
from scientist.agent.nodes.select import select
from scientist.agent.nodes.settle import settle
from scientist.agent.nodes.survey import survey
from scientist.agent.nodes.write_code import write_code
from scientist.agent.state import State
from scientist.events import PhaseFinished, PhaseStarted
from scientist.records import Verdict

Node = Callable[[State, Runtime[Bench]], State]
NODES_A_ROUND = 8
NODES_A_TEST = 20


def most_steps(rounds: int, at_once: int) -> int:
    """More steps than a campaign can take: what LangGraph stops at."""
    return rounds * (NODES_A_ROUND + at_once * NODES_A_TEST) + 10


def build(checkpointer: BaseCheckpointSaver[Any]) -> CompiledStateGraph[State, Bench, State, State]:
    """The compiled graph; its checkpoints are written before the next node starts."""
    graph = StateGraph(State, context_schema=Bench)
    nodes: tuple[Node, ...] = (
        survey,
        hypothesize,
        select,
        write_code,
        design,
        check_code,
        approve,
        seal,
        launch,
        ahead,
        run,
        judge,
        confirm,
        check_consistency,
        record,
        revise,
        settle,
        close,
    )
    for node in nodes:
        graph.add_node(node.__name__, _journaled(node))  # type: ignore[call-overload]  # langgraph types a node by its keyword names
    going_on = ["write_code", "ahead", "run", "survey", "close"]
    graph.add_conditional_edges(START, _first, ["survey", "write_code"])
    graph.add_conditional_edges("survey", _after_survey, ["hypothesize", "write_code"])
    graph.add_conditional_edges("hypothesize", _after_hypothesize, ["select", "survey", "close"])
    graph.add_edge("select", "write_code")
    graph.add_conditional_edges("write_code", _after_code, ["design", *going_on])
    graph.add_conditional_edges("design", _after_check, ["check_code", "judge"])
    graph.add_conditional_edges("check_code", _after_check, ["approve", "judge"])
    graph.add_conditional_edges("approve", _after_approval, ["seal", "judge", *going_on])
    graph.add_edge("seal", "launch")
    graph.add_conditional_edges("launch", _next, going_on)
    graph.add_conditional_edges("ahead", _next, going_on)
    graph.add_edge("run", "judge")
    graph.add_conditional_edges("judge", _after_judge, ["confirm", "check_consistency"])
    graph.add_edge("confirm", "approve")
    graph.add_edge("check_consistency", "record")
    graph.add_edge("record", "revise")
    graph.add_edge("revise", "settle")
    graph.add_conditional_edges("settle", _next, going_on)
    graph.add_conditional_edges("close", _after_close, ["survey", END])
    return graph.compile(checkpointer=checkpointer)


def _first(state: State) -> str:
    """A campaign that was given its hypothesis begins with its code."""
    return "write_code" if state.get("queue") else "survey"


def _after_survey(state: State) -> str:
    return "write_code" if state["queue"] else "hypothesize"


def _after_hypothesize(state: State, runtime: Runtime[Bench]) -> str:
    return "select" if state["candidates"] else _after_round(state, runtime)


def _after_code(state: State, runtime: Runtime[Bench]) -> str:
    return _next(state, runtime) if state["declined"] else "design"


def _after_check(state: State) -> str:
    """What has a problem is infeasible; else from the design to the check, and on to the user."""
    if state["problems"]:
        return "judge"
    return "approve" if state["smoke"] else "check_code"


def _after_approval(state: State, runtime: Runtime[Bench]) -> str:
    if state["problems"]:
        return "judge"
    return _next(state, runtime) if state["declined"] else "seal"


def _after_judge(state: State) -> str:
    """What a first run supports is no finding yet."""
    first = not state["problems"] and not state["first"]
    supported = state["judgement"]["verdict"] == Verdict.SUPPORTED
    return "confirm" if first and supported else "check_consistency"


def _next(state: State, runtime: Runtime[Bench]) -> str:
    """The next of the round's queue, else thinking ahead while experiments run, else the first of
    those in flight; with nothing left, the round is over."""
    over = state.get("settled") or runtime.context.meter.spent()
    if state["queue"] and not over:
        return "write_code"
    if state.get("flight"):
        return "run" if over or state.get("ahead", 0) >= state["round"] else "ahead"
    return _after_round(state, runtime)


def _after_round(state: State, runtime: Runtime[Bench]) -> str:
    return "close" if ending(state, runtime.context)[0] else "survey"


def _after_close(state: State) -> str:
    return END if state["outcome"] else "survey"


def _journaled(node: Node) -> Node:
    """A node whose beginning and end stand in the journal."""

    def work(state: State, runtime: Runtime[Bench]) -> State:
        bench = runtime.context
        round_ = state.get("round", 0) + (1 if node is survey else 0)
        bench.note(PhaseStarted(phase=node.__name__, round=round_))
        for warning in bench.meter.warnings():
            bench.note(warning)
        began = time.monotonic()
        update = interrupts.through(node, state, runtime)
        seconds = round(time.monotonic() - began, 4)
        bench.note(PhaseFinished(phase=node.__name__, round=round_, seconds=seconds))
        return {**update, "events": bench.journal.head[0]}

    work.__name__ = node.__name__
    return work
