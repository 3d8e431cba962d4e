"""What the research graph carries from node to node: addresses, never contents.

Everything an address points to is in the journal; the checkpointer keeps only this. A round
has a queue of hypotheses to test and the tests that are in flight; one test is in hand.
"""

from __future__ import annotations

from typing import Any, TypedDict, cast


class Test(TypedDict, total=False):
    """What is known of a test between its launch and its end."""

    hypothesis: str
    protocol: dict[str, Any]
    problems: list[str]
    smoke: dict[str, Any]
    first: dict[str, Any]
    digest: str
    experiment: str


class State(Test, total=False):
    """One campaign's place in its work."""

    events: int  # how many the journal had; with fewer, it is not this checkpoint's journal
    round: int
    ahead: int  # the last round that was thought about while experiments ran
    asked: bool  # whether the campaign's question was read
    sought: str  # the hypothesis that is what was asked, until it is decided or out of reach
    kit: str
    passages: list[str]
    follows: str  # the finding whose surprise this round looks into
    followed: list[str]
    candidates: list[str]
    queue: list[str]
    flight: list[Test]
    code_hash: str
    declined: bool
    judgement: dict[str, Any]
    contradicted: list[str]
    findings: list[str]
    filed: int  # how many of the findings are in the vector store
    barren: int
    settled: str
    outcome: str
    reason: str


IN_HAND = tuple(Test.__annotations__)


def in_hand(state: State) -> Test:
    """The test that the nodes are at."""
    found: dict[str, Any] = {name: value for name, value in state.items() if name in IN_HAND}
    return cast(Test, found)
