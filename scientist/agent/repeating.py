"""A test that did not decide is made again, once, with more pairs, where that can be afforded.

It is a test of its own: on fresh seeds, at the level that the error budget of all tests gives it,
confirmed like any other. How many pairs it takes follows from how many did not do, never from
what they showed. A refutation errs on one side of its interval, with half of alpha: two tests
err with alpha together, more would err more often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scientist.agent import affording
from scientist.journal import project
from scientist.records import Finding, Verdict

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

MORE = 4  # times the pairs that did not decide: half the width of the interval
LEAST_MORE = 2  # where more cannot be afforded
MOST_TESTS = 2
TIME_SHARE = 0.5  # of what is left, for one experiment and its confirmation


def undecided(bench: Bench, hypothesis: str) -> int:
    """How many pairs did not decide a hypothesis; 0 if it was decided, or not tested."""
    *_, last = (None, *_findings(bench, hypothesis))
    inconclusive = last and last.judgement.verdict is Verdict.INCONCLUSIVE
    return last.judgement.pairs if last and inconclusive else 0


def out_of_reach(bench: Bench, hypothesis: str) -> str:
    """Why an undecided test is not made again; empty if it is."""
    pairs = undecided(bench, hypothesis)
    found = _findings(bench, hypothesis)
    if len(found) >= MOST_TESTS:
        return f"it was tested {len(found)} times"
    if bench.settings.pairs is not None:
        return f"the number of pairs is set to {bench.settings.pairs}"
    wanted = LEAST_MORE * pairs
    asked = project.hypothesis(bench.journal, hypothesis).record
    left = bench.meter.trials_left
    trials = affording.needed(bench, asked, wanted)
    if left is not None and trials > left:
        return f"{wanted} pairs take {trials} trials and {left} are left"
    view = project.experiment(bench.journal, found[-1].experiment)
    spent = sum(trial.seconds for trial in project.trials(bench.journal, view))
    seconds = 2 * LEAST_MORE * spent
    if seconds > TIME_SHARE * bench.meter.seconds_left:
        return f"{wanted} pairs, and as many to confirm them, may take {seconds:.0f} s"
    return ""


def _findings(bench: Bench, hypothesis: str) -> list[Finding]:
    views = project.findings(bench.journal)
    return [view.record for view in views if view.record.hypothesis == hypothesis]
