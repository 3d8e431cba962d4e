"""How likely each hypothesis is held to be and what moved it, as the record has it now.

`science.belief` computes it; `scientist belief` and conversations show the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.journal.project import FindingView, HypothesisView
    from scientist.science.belief import Belief


def believed(
    journal: Journal,
) -> tuple[list[HypothesisView], list[FindingView], list[Belief]]:
    """Every hypothesis, every finding, and the belief in each hypothesis, in order."""
    from scientist.journal import project
    from scientist.science import belief

    hypotheses, findings = project.hypotheses(journal), project.findings(journal)
    seeds = {
        entry.data["digest"]: tuple(entry.data["protocol"]["seeds"])
        for entry in journal.entries("protocol_sealed")
    }
    records = [view.record for view in hypotheses]
    return hypotheses, findings, belief.fold(records, [f.record for f in findings], seeds)


def chance(credence: float) -> str:
    """A credence with two digits that never says certain."""
    if credence < 0.01:
        return "<0.01"
    return ">0.99" if credence > 0.99 else f"{credence:.2f}"


def told(view: HypothesisView, belief: Belief, statements: Mapping[str, str]) -> list[str]:
    """A credence with its history: finding by finding, run by run."""
    origin = "assumed" if view.record.prior is None else "the model's, when it proposed it"
    lines = [
        f"{belief.hypothesis}  credence {chance(belief.credence)}  ({view.status})",
        f"  {view.record.statement}",
        f"  prior       {belief.prior:g} ({origin})",
    ]
    last = ""
    for step in belief.steps:
        if step.finding != last:
            last = step.finding
            lines.append(f"  {last:<11} {statements[last]}")
        moved = f"times {step.factor:.3g}" if step.counted else "not counted"
        lines.append(f"    {step.experiment:<9} {moved}: credence {chance(step.credence)}")
        lines.append(f"              {belief.reason(step)}")
    return lines
