"""What became of the question that a campaign was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scientist.journal import Journal, project
from scientist.journal.project import HypothesisView
from scientist.records import Finding, Hypothesis


@dataclass(frozen=True)
class Answer:
    """A question, the hypothesis it was read as, and the finding that says most about it.

    With a `chance`, that the finding answers it is a model's reading.
    """

    question: str
    hypothesis: Hypothesis | None = None
    finding: Finding | None = None
    chance: float | None = None

    @property
    def decided(self) -> bool:
        """Whether the finding says yes or no."""
        return self.finding is not None and self.finding.judgement.verdict.decides

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        found = self.finding
        return {
            "asked": self.question,
            "read_as": self.hypothesis.id if self.hypothesis else None,
            "answer": found.id if found else None,
            "verdict": found.judgement.verdict.value if found else None,
            "decided": self.decided,
            "chance": self.chance,
        }


def of(journal: Journal, campaign: str) -> Answer | None:
    """The answer to a campaign's question; None if it had none.

    What was asked, tested, comes first, if that decided it: by whichever campaign.
    """
    question = _question(journal, campaign)
    if not question.strip():
        return None
    read = _read(journal, campaign)
    findings = {view.record.id: view.record for view in project.findings(journal)}
    tested = [one for one in findings.values() if read and one.hypothesis == read.id]
    direct = Answer(question, read, tested[-1] if tested else None)
    if not direct.decided:
        for entry in journal.entries("question_answered", campaign=campaign):
            if taken := findings.get(entry.data["finding"]):
                direct = Answer(question, read, taken, entry.data["chance"])
    return direct


def _read(journal: Journal, campaign: str) -> Hypothesis | None:
    """What a question was read as: by what is told of it, or a hypothesis that gives it as its
    reason, where the record is from before that was told."""
    views = project.hypotheses(journal)
    told = {entry.data.get("about") for entry in journal.entries("reasoned", campaign=campaign)}
    named = [one for one in views if one.record.id in told] or [
        one for one in views if one.campaign == campaign and is_what_was_asked(journal, one)
    ]
    return named[0].record if named else None


def is_what_was_asked(journal: Journal, view: HypothesisView) -> bool:
    """Whether a hypothesis gives a question as its reason: then these are no model's words."""
    return bool(view.record.rationale) and view.record.rationale == _question(
        journal, view.campaign
    )


def _question(journal: Journal, campaign: str) -> str:
    opened = next(journal.entries("campaign_opened", campaign=campaign)).data
    return "" if opened.get("hypothesis") else opened["question"] or ""
