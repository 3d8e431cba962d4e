"""Belief: the credence in a hypothesis. The model states it once, then only findings move it.

Nothing here is stored: `fold` derives every credence from hypotheses, findings and sealed
seeds. A finding bears on each hypothesis that asks its question, older or newer; where arms or
direction are swapped it moves the other way. Hypotheses that ask alike, from the same prior,
share one course. What one run may do is bounded, and runs count apart only if their sealed
seeds are. The likelihood model is stated at `bayes_factor`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist

from scientist.errors import ScientistError
from scientist.records import Attempt, Direction, Finding, Hypothesis, Judgement
from scientist.science import protocol as protocols

CONFIDENCE = {  # the words in which a model states a credence
    "very unlikely": 0.1,
    "unlikely": 0.3,
    "even": 0.5,
    "likely": 0.7,
    "very likely": 0.9,
}
ASSUMED_PRIOR = 0.5
LEAST_PRIOR, MOST_PRIOR = 0.1, 0.9
MOST_FACTOR = 10.0
SPREAD = 2.0  # how far beyond the smallest effect of interest effects usually lie
NEGLIGIBLE = 0.5  # standard deviation of effects not worth mentioning
OPPOSITE_SHARE = 0.5  # of what the hypothesis denies
_SHARPEST = 1e-9  # below it, a standard error is none


@dataclass(frozen=True)
class Step:
    """What one run did to a credence; `counted` says whether it was allowed to."""

    finding: str
    experiment: str
    factor: float
    credence: float
    counted: bool
    why: str
    asked_by: str  # the hypothesis that it was measured for
    elsewhere: str  # what is to be added to the reason for every other


@dataclass(frozen=True)
class Course:
    """How a credence went from run to run: one and the same for all that ask alike."""

    steps: tuple[Step, ...]

    @cached_property
    def findings(self) -> int:
        """How many findings moved it."""
        return len({step.finding for step in self.steps if step.counted})

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Where the first and the last run of each finding stand."""
        found: dict[str, tuple[int, int]] = {}
        for number, step in enumerate(self.steps):
            found[step.finding] = (found.get(step.finding, (number, 0))[0], number)
        return found


@dataclass(frozen=True)
class Belief:
    """A hypothesis with its credence before and after each run that bears on it."""

    hypothesis: str
    prior: float
    course: Course

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.course.steps

    @property
    def credence(self) -> float:
        return self.steps[-1].credence if self.steps else self.prior

    def reason(self, step: Step) -> str:
        """Why a run did what it did to this credence."""
        return step.why if step.asked_by == self.hypothesis else step.why + step.elsewhere


@dataclass(frozen=True)
class _Run:
    """One run of a finding, and why it cannot count; empty if it can."""

    finding: Finding
    attempt: Attempt
    excluded: str
    error: float = 0.0  # of what it measured


def fold(
    hypotheses: Sequence[Hypothesis],
    findings: Sequence[Finding],
    seeds: Mapping[str, Sequence[int]],
) -> list[Belief]:
    """The belief in every hypothesis after all findings, given in the order of the record.

    `seeds` are the sealed seeds by the digest of their protocol.
    """
    known = {hypothesis.id: hypothesis for hypothesis in hypotheses}
    asked: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.hypothesis not in known:
            raise ScientistError(
                f"finding {finding.id} is about {finding.hypothesis}, which was never proposed",
                "scientist audit verify",
            )
        asked.setdefault(protocols.question(known[finding.hypothesis]), []).append(finding)
    runs = {question: _runs(found, seeds) for question, found in asked.items()}
    courses: dict[tuple[object, ...], Course] = {}
    found: list[Belief] = []
    for one in hypotheses:
        question, start = protocols.question(one), prior(one)
        alike = (question, start, one.treatment, one.direction, one.smallest_effect)
        if alike not in courses:
            courses[alike] = Course(tuple(_steps(one, runs.get(question, ()))))
        found.append(Belief(one.id, start, courses[alike]))
    return found


def prior(hypothesis: Hypothesis) -> float:
    """The credence a hypothesis starts with: what the model said, kept away from certainty."""
    stated = ASSUMED_PRIOR if hypothesis.prior is None else hypothesis.prior
    return min(max(stated, LEAST_PRIOR), MOST_PRIOR)


def _runs(findings: Sequence[Finding], seeds: Mapping[str, Sequence[int]]) -> list[_Run]:
    """Every run behind the findings of one question; which may count is the same for all."""
    runs: list[_Run] = []
    taken: dict[int, str] = {}
    for finding in findings:
        own = Attempt(
            experiment=finding.experiment,
            protocol_digest=finding.protocol_digest,
            trials_blob=finding.trials_blob,
            judgement=finding.judgement,
        )
        for attempt in (own,) if finding.first is None else (finding.first, own):
            fresh = seeds.get(attempt.protocol_digest, ())
            excluded = _excluded(finding, attempt, fresh, taken)
            if not excluded:
                taken.update(dict.fromkeys(fresh, f"{finding.id} {attempt.experiment}"))
            error = 0.0 if excluded else standard_error(attempt.judgement)
            runs.append(_Run(finding, attempt, excluded, error))
    return runs


def _excluded(
    finding: Finding, attempt: Attempt, seeds: Sequence[int], taken: Mapping[int, str]
) -> str:
    """Why a run says nothing, or nothing new; empty if it counts."""
    judgement = attempt.judgement
    if judgement.effect is None or judgement.interval is None:
        return f"it measured nothing that counts: {judgement.reason}"
    if finding.deviations:
        return f"the run departed from what was sealed: {finding.deviations[0]}"
    if not seeds:
        return "its sealed seeds are not on record"
    if again := next((taken[seed] for seed in seeds if seed in taken), ""):
        return f"the same seeds give the same data: they were counted with {again}"
    return ""


def _steps(hypothesis: Hypothesis, runs: Iterable[_Run]) -> Iterator[Step]:
    """What each run does to the credence in a hypothesis, and in all that ask as it does."""
    start = prior(hypothesis)
    logs = _grown([], math.log(start / (1 - start)))
    for run in runs:
        factor, why, elsewhere = 1.0, run.excluded, ""
        if not why:
            factor, why = _weigh(hypothesis, run)
            elsewhere = f"; measured for {run.finding.hypothesis}, which asks the same question"
            elsewhere += " the other way round" if _opposite(hypothesis, run.finding) else ""
        logs = _grown(logs, math.log(factor))
        yield Step(
            finding=run.finding.id,
            experiment=run.attempt.experiment,
            factor=factor,
            credence=_credence(math.fsum(logs)),
            counted=not run.excluded,
            why=why,
            asked_by=run.finding.hypothesis,
            elsewhere=elsewhere,
        )


def _grown(parts: list[float], value: float) -> list[float]:
    """Parts that give exactly the sum of others and one more value, however many there were."""
    grown: list[float] = []
    for part in parts:
        large, small = (value, part) if abs(value) >= abs(part) else (part, value)
        value = large + small
        if rest := small - (value - large):
            grown.append(rest)
    return [*grown, value]


def _credence(log_odds: float) -> float:
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))


def _weigh(hypothesis: Hypothesis, run: _Run) -> tuple[float, str]:
    """The factor of a run for a hypothesis that asks its question, and why."""
    effect = run.attempt.judgement.effect or 0.0
    swapped = hypothesis.treatment != run.finding.treatment
    falling = hypothesis.direction is Direction.DECREASE
    toward = -effect if swapped != falling else effect
    error = run.error
    factor = bayes_factor(toward, error, hypothesis.smallest_effect)
    size, spread = toward / hypothesis.smallest_effect, error / hypothesis.smallest_effect
    reason = (
        f"{size:+.3g} times the smallest effect of interest in the predicted direction, "
        f"standard error {spread:.2g}"
    )
    if factor in (MOST_FACTOR, 1 / MOST_FACTOR):
        reason += f"; one run counts {MOST_FACTOR:g} times at most"
    return factor, reason


def _opposite(hypothesis: Hypothesis, finding: Finding) -> bool:
    swapped = hypothesis.treatment != finding.treatment
    return swapped == (hypothesis.direction is finding.direction)


def standard_error(judgement: Judgement) -> float:
    """The standard error of a measured effect; 0 if it was the same in every pair.

    The larger one of what the interval and what the standardized effect imply, widened for
    few pairs as Student's t is wider than the normal distribution.
    """
    effect, interval = judgement.effect, judgement.interval
    if effect is None or interval is None:
        raise ValueError("nothing was measured")
    quantile = NormalDist().inv_cdf(0.5 + interval.confidence / 2)
    implied = [(interval.high / 2 - interval.low / 2) / quantile]
    if judgement.standardized_effect and judgement.pairs:
        implied.append(abs(effect / judgement.standardized_effect) / math.sqrt(judgement.pairs))
    freedom = max(judgement.pairs - 1, 3)
    return max(implied) * math.sqrt(freedom / (freedom - 2))


@lru_cache(maxsize=4096)
def bayes_factor(effect: float, error: float, smallest: float) -> float:
    """How much likelier a measured effect is if the hypothesis holds than if it does not.

    `effect` is counted in the predicted direction, `error` is its standard error, `smallest`
    the smallest effect of interest, which is the unit in what follows. The measured effect is
    normal about the true one, and the true one is one of three things:

    as predicted   1 + |N(0, SPREAD)|               the hypothesis holds
    negligible     N(0, NEGLIGIBLE), cut off at 1   it does not
    opposite       -1 - |N(0, SPREAD)|              it does not: OPPOSITE_SHARE of these

    Each gives the measured effect a density in closed form; the factor is the first over the
    mixture of the others, within 1 / MOST_FACTOR and MOST_FACTOR, so that no run decides all.
    It rises with the effect, because every true effect under the hypothesis is larger than
    every one without it, and it does not depend on the unit of the metric.
    """
    if math.isinf(error):
        return 1.0
    unit = max(smallest, _SHARPEST * max(abs(effect), error))  # else the ratio may overflow
    size, spread = effect / unit, error / unit
    if spread < _SHARPEST:
        return MOST_FACTOR if effect >= smallest else 1 / MOST_FACTOR
    holds = _beyond(size, spread)
    fails = _log_sum(
        math.log(1 - OPPOSITE_SHARE) + _between(size, spread),
        math.log(OPPOSITE_SHARE) + _beyond(-size, spread),
    )
    most = math.log(MOST_FACTOR)
    ratio = holds - fails
    if abs(ratio) >= most:
        return MOST_FACTOR if ratio > 0 else 1 / MOST_FACTOR
    return math.exp(ratio)


def _beyond(size: float, spread: float) -> float:
    """Log density of a measured effect whose true one is 1 + |N(0, SPREAD)|."""
    total = math.hypot(SPREAD, spread)
    above = size - 1
    return math.log(2) + _log_density(above, total) + _log_below(above / spread * (SPREAD / total))


def _between(size: float, spread: float) -> float:
    """Log density of a measured effect whose true one is N(0, NEGLIGIBLE) between -1 and 1."""
    total = math.hypot(NEGLIGIBLE, spread)
    center = size * (NEGLIGIBLE / total) ** 2
    width = NEGLIGIBLE * (spread / total)
    inside = _log_within((-1 - center) / width, (1 - center) / width)
    return _log_density(size, total) + inside - _log_within(-1 / NEGLIGIBLE, 1 / NEGLIGIBLE)


def _log_density(value: float, deviation: float) -> float:
    """Log of the normal density with mean 0."""
    return -0.5 * (value / deviation) ** 2 - math.log(deviation) - 0.5 * math.log(2 * math.pi)


def _log_below(z: float) -> float:
    """Log of the standard normal distribution function, however far out."""
    if z > -30:
        return math.log(math.erfc(-z / math.sqrt(2)) / 2)
    far = 1 / (z * z)  # the asymptotic series, Abramowitz and Stegun 26.2.12
    series = math.log1p(far * (-1 + far * (3 - 15 * far)))
    return _log_density(z, 1.0) - math.log(-z) + series


def _log_within(low: float, high: float) -> float:
    """Log of the chance that a standard normal value lies between the two."""
    if low > 0:
        low, high = -high, -low
    upper = _log_below(high)
    return upper + math.log1p(-math.exp(_log_below(low) - upper))


def _log_sum(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return high + math.log1p(math.exp(low - high))
