"""Surprises: findings that came out otherwise than was firmly expected, each looked into once.

A scientist learns most where the world disagrees. What counts is the credence that was stated
before the test, and a verdict that decides.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from scientist.journal import project
from scientist.lab import kits
from scientist.lab.kits import Kit
from scientist.records import Finding, Hypothesis, Rung, Verdict

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

FIRM = 0.85  # a credence at least so far from the outcome: "very likely", and not so
UNLIKELY = 0.3  # what was called unlikely and was found all the same


def surprising(hypothesis: Hypothesis, finding: Finding) -> bool:
    """Whether a finding says the opposite of what was expected."""
    if hypothesis.prior is None:
        return False
    verdict = finding.judgement.verdict
    if verdict is Verdict.REFUTED:
        return hypothesis.prior >= FIRM
    return verdict is Verdict.SUPPORTED and hypothesis.prior <= UNLIKELY


def next_one(bench: Bench, followed: Collection[str]) -> str:
    """The first surprise of this campaign that nobody looked into yet; empty if none."""
    views = {view.record.id: view for view in project.hypotheses(bench.journal)}
    for view in project.findings(bench.journal):
        finding, hypothesis = view.record, views[view.record.hypothesis].record
        mine = view.campaign == bench.campaign and finding.id not in followed
        in_a_kit = bool(hypothesis.kit) and hypothesis.rung is Rung.KIT
        of_its_own = (
            hypothesis.parent_finding is not None
        )  # one step deep: chains crowd all else out
        if mine and in_a_kit and not of_its_own and surprising(hypothesis, finding):
            return finding.id
    return ""


def family(bench: Bench, finding: str) -> Kit:
    """The kit in which a finding was made."""
    record = project.finding(bench.journal, finding).record
    return kits.load(project.hypothesis(bench.journal, record.hypothesis).record.kit)
