"""What a claim may rest on: runs with their sealed protocols, raw trials and judgements.

Pure data, built by whoever reads the journal (`scientist.audit.evidence`). `operations`
computes from it, `bind` resolves text to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scientist.records import Judgement, Protocol, Trial, Verdict

Value = float | int | str


@dataclass(frozen=True)
class Measure:
    """What is known of a metric besides its values: from the header of the sealed code."""

    better: str = ""  # "lower", "higher", or empty: nobody said
    unit: str = ""
    share: bool = False  # a share of a whole, so that 0.31 may be written as 31%
    description: str = ""


@dataclass(frozen=True, eq=False)
class Run:
    """One experiment with the finding that rests on it.

    A first attempt that a second run was to confirm belongs to the same finding but is not
    its `final` one: its numbers are told only with the experiment's id.
    """

    experiment: str  # empty for a finding that was refused before anything was sealed
    protocol: Protocol
    trials: tuple[Trial, ...]
    judgement: Judgement
    finding: str
    campaign: str = ""
    final: bool = True
    adjusted_p: float | None = None  # the least rate at which the workspace would discover it
    first: Judgement | None = None  # what the attempt showed that this run was to confirm
    conditions: tuple[str, ...] = ()  # the parameters that were chosen; others are defaults
    measures: Mapping[str, Measure] = field(default_factory=dict)

    @cached_property
    def metrics(self) -> frozenset[str]:
        """Everything that a trial gave a number for, and what was to be measured."""
        return frozenset({self.protocol.metric}.union(*(trial.metrics for trial in self.trials)))

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """The sealed seeds that count, up to the look at which the rule stopped."""
        if self.judgement.verdict is Verdict.INFEASIBLE:
            return ()
        return self.protocol.seeds[: self.judgement.pairs]

    @cached_property
    def _values(self) -> dict[tuple[str, str, int], set[float]]:
        found: dict[tuple[str, str, int], set[float]] = {}
        for trial in self.trials:
            for metric, value in trial.metrics.items():
                found.setdefault((trial.arm, metric, trial.seed), set()).add(value)
        return found

    def value(self, arm: str, metric: str, seed: int) -> float | None:
        """The one finite number that an arm gave on a seed."""
        given = self._values.get((arm, metric, seed), set())
        only = next(iter(given)) if len(given) == 1 else math.nan
        return only if math.isfinite(only) else None

    def values(self, arm: str, metric: str) -> list[float] | None:
        """What an arm gave on every seed that counts; None if any is missing."""
        found = [self.value(arm, metric, seed) for seed in self.seeds]
        whole = [value for value in found if value is not None]
        return whole if whole and len(whole) == len(found) else None

    def measure(self, metric: str) -> Measure:
        """What is known of a metric."""
        return self.measures.get(metric, Measure())


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything of a workspace that a claim may name."""

    runs: tuple[Run, ...]
    quotes: Mapping[str, str] = field(default_factory=dict)  # sentences of the essays by address
    ids: frozenset[str] = frozenset()  # hypotheses, campaigns, essays that are on record
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # written down, by id
    facts: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # by id and name

    @cached_property
    def known(self) -> frozenset[str]:
        """Every id that a text may name."""
        found = {*self.ids, *self.quotes, *self.words, *self.facts}
        for run in self.runs:
            found |= {run.experiment, run.finding, run.protocol.hypothesis, run.campaign}
        return frozenset(found - {""})

    def run(self, experiment: str) -> Run | None:
        """The run of that experiment."""
        return self._by_experiment.get(experiment)

    def of_finding(self, finding: str) -> Run | None:
        """The run whose numbers a finding gives."""
        return self._by_finding.get(finding)

    @cached_property
    def _by_experiment(self) -> dict[str, Run]:
        return {run.experiment: run for run in reversed(self.runs)}

    @cached_property
    def _by_finding(self) -> dict[str, Run]:
        return {run.finding: run for run in reversed(self.runs) if run.final}
