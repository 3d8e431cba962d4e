"""Where a walk stands after a kill between two writes of its checkpoints."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from scientist.agent import checkpoints

CONFIG: Any = {"configurable": {"thread_id": "C1"}}


class Steps(TypedDict, total=False):
    done: list[str]


def one(steps: Steps) -> Steps:
    return {"done": [*steps.get("done", []), "one"]}


def two(steps: Steps) -> Steps:
    return {"done": [*steps["done"], "two"]}


def graph(saver: Any) -> Any:
    found = StateGraph(Steps)
    found.add_node("one", one)
    found.add_node("two", two)
    found.add_edge(START, "one")
    found.add_edge("one", "two")
    found.add_edge("two", END)
    return found.compile(checkpointer=saver)


def test_a_node_that_ended_before_its_checkpoint_is_neither_repeated_nor_the_last(
    tmp_path: Path,
) -> None:
    file = tmp_path / "checkpoints.sqlite"
    with checkpoints.File(file, "nothing is lost").opened() as saver:
        walk = graph(saver)
        walk.invoke({"done": []}, CONFIG, durability="sync")
        assert not checkpoints.waiting(walk.get_state(CONFIG))
    with sqlite3.connect(file) as record:  # as a kill leaves it, right after the first node
        ids = [row[0] for row in record.execute("SELECT checkpoint_id FROM checkpoints ORDER BY 1")]
        for table in ("checkpoints", "writes"):
            record.execute(f"DELETE FROM {table} WHERE checkpoint_id > ?", (ids[1],))
    record.close()
    with checkpoints.File(file, "nothing is lost").opened() as saver:
        walk = graph(saver)
        standing = walk.get_state(CONFIG)
        assert standing.next == ()
        assert checkpoints.waiting(standing)
        assert walk.invoke(None, CONFIG, durability="sync") == {"done": ["one", "two"]}
        assert not checkpoints.waiting(walk.get_state(CONFIG))
