"""Credences of hypotheses as the record grows: what one more finding moves is worked out anew.

A finding bears on the hypotheses that ask its question and on no others (`science/belief.py`),
so only theirs are folded again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scientist.records import Finding, Hypothesis
from scientist.science import belief
from scientist.science import protocol as protocols


@dataclass
class Credences:
    """Hypotheses, findings and sealed seeds, and the questions whose answers may have moved."""

    _questions: dict[str, str] = field(default_factory=dict)  # by hypothesis
    _asking: dict[str, dict[str, Hypothesis]] = field(default_factory=dict)  # by question
    _findings: dict[str, Finding] = field(default_factory=dict)
    _made: dict[str, dict[str, None]] = field(default_factory=dict)  # findings by hypothesis
    _age: dict[str, int] = field(default_factory=dict)  # of findings
    _seeds: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _citing: dict[str, dict[str, None]] = field(default_factory=dict)  # hypotheses by digest
    _moved: dict[str, None] = field(default_factory=dict)
    _now: dict[str, float] = field(default_factory=dict)

    def ask(self, hypothesis: Hypothesis) -> None:
        """A hypothesis was proposed, or is now known better."""
        name, question = hypothesis.id, protocols.question(hypothesis)
        before = self._questions.get(name)
        if before is not None:
            del self._asking[before][name]
            self._moved[before] = None
        self._questions[name] = question
        self._asking.setdefault(question, {})[name] = hypothesis
        self._moved[question] = None

    def seal(self, digest: str, seeds: tuple[int, ...]) -> None:
        """A protocol was sealed with these seeds."""
        self._seeds[digest] = seeds
        for name in self._citing.get(digest, ()):
            self._moved[self._questions[name]] = None

    def find(self, finding: Finding) -> None:
        """A finding was recorded; its hypothesis is known."""
        if (before := self._findings.get(finding.id)) is not None:
            del self._made[before.hypothesis][finding.id]
            self._moved[self._questions[before.hypothesis]] = None
        self._age.setdefault(finding.id, len(self._age))
        self._findings[finding.id] = finding
        self._made.setdefault(finding.hypothesis, {})[finding.id] = None
        self._moved[self._questions[finding.hypothesis]] = None
        for attempt in (finding, finding.first):
            if attempt is not None:
                self._citing.setdefault(attempt.protocol_digest, {})[finding.hypothesis] = None

    def now(self) -> dict[str, float]:
        """The credence in every hypothesis."""
        for question in self._moved:
            asking = self._asking[question]
            names = {name for one in asking for name in self._made.get(one, ())}
            found = [self._findings[name] for name in sorted(names, key=self._age.__getitem__)]
            for one in belief.fold(list(asking.values()), found, self._seeds):
                self._now[one.hypothesis] = one.credence
        self._moved.clear()
        return self._now.copy()
