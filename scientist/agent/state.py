"""What the research graph carries from node to node: addresses, never contents.

Everything an address points to is in the journal; the checkpointer keeps only this.
"""

from __future__ import annotations

from typing import Any, TypedDict


class State(TypedDict, total=False):
    """One campaign's place in its work."""

    events: int  # how many the journal had; with fewer, it is not this checkpoint's journal
    round: int
    kit: str
    passages: list[str]
    candidates: list[str]
    hypothesis: str
    protocol: dict[str, Any]
    problems: list[str]
    smoke: dict[str, Any]
    first: dict[str, Any]
    digest: str
    experiment: str
    judgement: dict[str, Any]
    contradicted: list[str]
    findings: list[str]
    replicates: bool
    barren: int
    outcome: str
    reason: str
