"""Weigh: the credence that an assertion has by itself, before it is held against the others.

One table for what is merely said, one function for what was measured. `knowledge` asks here
for every assertion it gathers; `solve` turns the weights into what dropping a claim costs.
No weight is 0 or 1: anything may turn out wrong, and anything may turn out right.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from statistics import NormalDist

from scientist.records import Assertion, Finding, Verdict
from scientist.science.belief import standard_error

LEAST, MOST = 0.02, 0.99
PINNED = 0.999  # the user decided; the solver keeps it anyway
# the most that saying so can weigh, by who says it; an assertion's own weight may lower it
CEILING = {
    "user": 0.7,  # knows more than the record, but did not measure
    "hypothesis": 0.6,  # its credence, while it is a conjecture
    "quote": 0.35,  # an essay's opinion
    "chat": 0.3,  # a model said it
    "reflection": 0.9,  # at most this share of the weakest finding it rests on
    "finding": MOST,  # computed by `of_finding`
}
UNFOUNDED = 0.1  # a reflection on something that was demoted or is not on record
INCONCLUSIVE = 0.7  # the interval is data, but the rule itself says that it settles nothing
DEVIATED = 0.5  # what departures from the seal leave of the log-odds ...
DEGRADED = 0.9  # ... and what anything weaker than intended leaves of them
UNSEEN = 0.75  # what is left of them for what one run may have got wrong unseen by its interval
MOST_OF_ONE = 0.97  # of a single run, whatever its interval
CONFIRMED = math.log(4)  # what a confirmation on fresh seeds adds to them


def weigh(
    assertion: Assertion,
    measured: Mapping[str, float],
    credences: Mapping[str, float] | None = None,
    demoted: Collection[str] = (),
    pinned: bool = False,
) -> float:
    """The weight of an assertion from its source, the findings behind it, and credences.

    `measured` are the weights of findings, `credences` those of hypotheses, each by id;
    `demoted` are the findings that do not stand.
    """
    if pinned:
        return PINNED
    source = assertion.source
    if source.kind == "finding":
        return bounded(measured.get(source.address, assertion.weight))
    if source.kind == "reflection":
        return _reflection(assertion, measured, demoted)
    stated = assertion.weight
    if source.kind == "hypothesis" and credences is not None:
        stated = credences.get(source.address, stated)
    return bounded(min(stated, CEILING[source.kind]))


def of_finding(finding: Finding) -> float:
    """How sure a finding is of what it asserts, by its interval, pairs, and what went wrong.

    The chance that the true effect lies on the side the verdict puts it: of zero if it is
    supported, of the smallest effect of interest if it is refuted, given the effect's standard
    error, widened for few pairs. Of its log-odds UNSEEN is left, at most MOST_OF_ONE for one run;
    a confirmation adds CONFIRMED; departures from the seal and degradations take a share away.
    """
    judgement = finding.judgement
    if judgement.effect is None or judgement.interval is None:
        return LEAST
    if judgement.verdict is Verdict.INCONCLUSIVE:
        odds = _log_odds(INCONCLUSIVE)
    else:
        toward = judgement.effect if finding.direction == "increase" else -judgement.effect
        refuted = judgement.verdict is Verdict.REFUTED
        distance = finding.smallest_effect - toward if refuted else toward
        odds = UNSEEN * _log_odds(_chance(distance, standard_error(judgement)))
        odds = min(odds, _log_odds(MOST_OF_ONE))
        if finding.first is not None and not refuted:
            odds += CONFIRMED
    odds *= DEVIATED if finding.deviations else 1.0
    odds *= DEGRADED if finding.degradations else 1.0
    return bounded(1 / (1 + math.exp(-odds)))


def rests_on(assertion: Assertion) -> tuple[str, ...]:
    """The findings that a reflection names as its source."""
    if assertion.source.kind not in ("reflection", "finding"):
        return ()
    return tuple(assertion.source.address.replace(",", " ").split())


def bounded(weight: float) -> float:
    """A weight kept away from certainty."""
    return min(max(weight, LEAST), MOST)


def _reflection(
    assertion: Assertion, measured: Mapping[str, float], demoted: Collection[str]
) -> float:
    """No chain is stronger than its weakest link."""
    rests = rests_on(assertion)
    if not rests or any(name not in measured or name in demoted for name in rests):
        return UNFOUNDED
    weakest = min(measured[name] for name in rests)
    return bounded(min(assertion.weight, CEILING["reflection"] * weakest))


def _chance(distance: float, error: float) -> float:
    """That a normal error with this deviation is smaller than the distance."""
    if error <= 0:
        return 1.0 if distance > 0 else 0.5 if distance == 0 else 0.0
    return NormalDist().cdf(distance / error)


def _log_odds(chance: float) -> float:
    chance = min(max(chance, 1e-12), 1 - 1e-12)
    return math.log(chance / (1 - chance))
