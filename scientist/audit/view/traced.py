"""A trace for a page: every step with its event, its files, the words of model calls, and
quotations in their surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scientist.audit.tracing import Node, Trace, trace, trace_of
from scientist.audit.tracing.exchange import Exchange, exchange
from scientist.audit.tracing.trail import Trail
from scientist.audit.view import things
from scientist.audit.view.record import Opened

CALLS = 12  # whose words stand on the page; of others, a link leads to them
MOST = 20  # of several things that give a number
OPEN = 3  # steps down that are unfolded at first


@dataclass(frozen=True)
class Step:
    """A step with what a reader sees of it."""

    node: Node
    place: str
    unfolded: bool
    alarm: bool
    call: Exchange | None
    around: tuple[tuple[str, ...], tuple[str, ...]]
    children: tuple[Step, ...]


@dataclass(frozen=True)
class Shown:
    """A trace and its steps."""

    trace: Trace
    steps: tuple[Step, ...]


def of(opened: Opened, asked: str) -> Shown:
    """Everything behind a number, an id, a digest or a sentence."""
    return _shown(opened, trace(opened.journal, opened.index, asked, MOST))


def of_number(opened: Opened, finding: str, name: str) -> Shown:
    """Everything behind one number of a finding's sentence."""
    return _shown(opened, trace_of(opened.journal, opened.index, finding, name))


def _shown(opened: Opened, found: Trace) -> Shown:
    left = [CALLS]
    return Shown(found, _steps(opened.trail(), found.nodes, 0, left))


def _steps(trail: Trail, nodes: Sequence[Node], depth: int, left: list[int]) -> tuple[Step, ...]:
    return tuple(_step(trail, node, depth, left) for node in nodes)


def _step(trail: Trail, node: Node, depth: int, left: list[int]) -> Step:
    call = None
    if node.what == "model call" and node.entry is not None and left[0] > 0:
        left[0] -= 1
        call = exchange(trail.journal, node.entry)
    file, offset = trail.index.place(node.entry) if node.entry else ("", 0)
    return Step(
        node=node,
        place=f"{file} at byte {offset}" if file else "",
        unfolded=depth < OPEN and node.what != "code",
        alarm=any(line.startswith(("DOES NOT", "ITS TRIALS ARE NOT")) for line in node.lines),
        call=call,
        around=things.around(trail, node.address) if node.address else ((), ()),
        children=_steps(trail, node.children, depth + 1, left),
    )
