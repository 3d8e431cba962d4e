"""Calibration: were the credences held before a verdict borne out by it?

A forecast is the credence in a hypothesis just before its own finding; the outcome is 1 for
supported and 0 for refuted, other verdicts decide nothing. `score` gives the Brier score with
Murphy's parts and a table by bins. How many forecasts there are is part of every answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

from scientist.records import Finding, Hypothesis, Verdict
from scientist.science.belief import Belief

BINS = 5
FEW = 30  # fewer forecasts tell next to nothing about calibration
CONFIDENCE = 0.95
OUTCOMES = {Verdict.SUPPORTED: True, Verdict.REFUTED: False}


@dataclass(frozen=True)
class Forecast:
    """What was believed just before a verdict; `stated` is the model's own prior, if any."""

    finding: str
    hypothesis: str
    credence: float
    stated: float | None
    supported: bool


@dataclass(frozen=True)
class Bin:
    """The forecasts from `low` to `high`: their mean, and the share that was supported."""

    low: float
    high: float
    count: int
    credence: float
    supported: float
    range: tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """The Brier score, which is reliability - resolution + uncertainty + within."""

    forecasts: int
    brier: float
    base_rate: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float
    stated: int
    stated_brier: float | None
    bins: tuple[Bin, ...]

    @property
    def few(self) -> bool:
        return self.forecasts < FEW


def forecasts(
    hypotheses: Sequence[Hypothesis], findings: Sequence[Finding], beliefs: Sequence[Belief]
) -> list[Forecast]:
    """Every finding that decided its hypothesis on data of its own, with what was believed before.

    A verdict on data that had moved the belief already would be no test of it.
    """
    believed = {belief.hypothesis: belief for belief in beliefs}
    stated = {hypothesis.id: hypothesis.prior for hypothesis in hypotheses}
    found: list[Forecast] = []
    for finding in findings:
        belief = believed[finding.hypothesis]
        first, last = belief.course.places[finding.id]
        if finding.judgement.verdict not in OUTCOMES or not belief.steps[last].counted:
            continue
        before = belief.steps[first - 1].credence if first else belief.prior
        found.append(
            Forecast(
                finding=finding.id,
                hypothesis=finding.hypothesis,
                credence=before,
                stated=stated[finding.hypothesis],
                supported=OUTCOMES[finding.judgement.verdict],
            )
        )
    return found


def score(given: Sequence[Forecast]) -> Calibration | None:
    """How good the forecasts were; None if there are none.

    The parts are Murphy's (1973). Since forecasts that differ share a bin, what varies within
    bins is a part of its own (Stephenson, Coelho and Jolliffe 2008), so that the sum is exact.
    Uncertainty is the score of always saying the share that was supported, known in hindsight.
    """
    if not given:
        return None
    base = fmean(one.supported for one in given)
    groups = [group for group in _groups(given) if group]
    bins = [_bin(group) for group in groups]
    total = len(given)
    within = sum(
        (one.credence - bin.credence) ** 2
        - 2 * (one.credence - bin.credence) * (one.supported - bin.supported)
        for group, bin in zip(groups, bins, strict=True)
        for one in group
    )
    said = [(one.stated, one.supported) for one in given if one.stated is not None]
    return Calibration(
        forecasts=total,
        brier=brier([(one.credence, one.supported) for one in given]),
        base_rate=base,
        reliability=sum(b.count * (b.credence - b.supported) ** 2 for b in bins) / total,
        resolution=sum(b.count * (b.supported - base) ** 2 for b in bins) / total,
        uncertainty=base * (1 - base),
        within=within / total,
        stated=len(said),
        stated_brier=brier(said) if said else None,
        bins=tuple(bins),
    )


def brier(pairs: Sequence[tuple[float, bool]]) -> float:
    """The mean squared distance of forecasts from outcomes (Brier 1950): 0 is perfect."""
    return fmean((said - came) ** 2 for said, came in pairs)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The range of shares that fit so many hits (Wilson 1927); wide where there are few."""
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    share = hits / count
    center = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    half /= 1 + z * z / count
    return max(0.0, center - half), min(1.0, center + half)


def _groups(given: Sequence[Forecast]) -> list[list[Forecast]]:
    groups: list[list[Forecast]] = [[] for _ in range(BINS)]
    for one in given:
        groups[_number(one.credence)].append(one)
    return groups


def _number(credence: float) -> int:
    return min(int(credence * BINS), BINS - 1)


def _bin(group: Sequence[Forecast]) -> Bin:
    number = _number(group[0].credence)
    hits = sum(one.supported for one in group)
    return Bin(
        low=number / BINS,
        high=(number + 1) / BINS,
        count=len(group),
        credence=fmean(one.credence for one in group),
        supported=hits / len(group),
        range=wilson(hits, len(group)),
    )
