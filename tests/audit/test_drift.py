"""Every number is compared exactly, and a difference is put down to what can make it."""

from __future__ import annotations

from typing import Any

import pytest

from scientist.audit import drift
from scientist.audit.drift import Comparison, Conditions, compare
from scientist.records import Trial

ENVIRONMENT = {
    "python": "3.11.7",
    "platform": "Linux-6.1",
    "machine": "x86_64",
    "processor": "A",
    "numpy": "2.4.6",
}
LIMITS = {"memory_mb": 2048, "wall_seconds": 300.0}
FINE = ("", "")


def trial(arm: str, seed: int, **metrics: float) -> Trial:
    return Trial(arm=arm, seed=seed, metrics=metrics, seconds=0.1)


def conditions(
    runner: str = "r" * 64, tier: str = "A", limits: Any = LIMITS, **changed: Any
) -> Conditions:
    environment = {name: value for name, value in (ENVIRONMENT | changed).items() if value}
    return Conditions(environment, runner, tier, limits)


THEN = (trial("new", 1, m=0.1, n=2.0), trial("old", 1, m=0.3, n=2.0))
SAME = compare(THEN, THEN)
OTHER = compare(THEN, (trial("new", 1, m=0.2, n=2.0), THEN[1]))


def kinds(
    found: Comparison,
    now: Conditions | None = None,
    again: Comparison | None = SAME,
    ended: tuple[str, str] = FINE,
    then: Conditions | None = None,
) -> list[str]:
    changed = drift.changes(then or conditions(), now or conditions())
    return [cause.kind for cause in drift.causes(found, changed, again, ended)]


def test_the_same_numbers_are_identical_whatever_their_order() -> None:
    found = compare(THEN, THEN[::-1])
    assert found.identical
    assert (found.numbers, found.trials) == (4, 2)
    assert kinds(found, conditions(numpy="1.0")) == []


def test_one_last_digit_is_a_difference() -> None:
    found = compare((trial("a", 1, m=0.3),), (trial("a", 1, m=0.1 + 0.2),))
    (one,) = found.drifts
    assert not found.identical
    assert one.absolute == pytest.approx(5.6e-17, rel=0.01)
    assert one.relative == pytest.approx(1.8e-16, rel=0.05)
    (cause,) = drift.causes(found, (), SAME, FINE)
    assert cause.kind == "machine"
    assert "last digits" in cause.text


def test_the_largest_differences_are_found_by_themselves_and_by_share() -> None:
    then = (trial("a", 1, m=100.0), trial("a", 2, m=0.5), trial("a", 3, m=1.0))
    now = (trial("a", 1, m=101.0), trial("a", 2, m=1.0), trial("a", 3, m=1.0))
    absolute, relative = compare(then, now).largest()
    assert absolute is not None
    assert relative is not None
    assert (absolute.seed, absolute.absolute) == (1, 1.0)
    assert (relative.seed, relative.relative) == (2, 0.5)
    assert compare(then, then).largest() == (None, None)


def test_a_number_or_a_trial_that_only_one_run_has_is_a_difference() -> None:
    less = compare(THEN, (trial("new", 1, m=0.1), THEN[1]))
    assert [(d.metric, d.then, d.now) for d in less.drifts] == [("n", 2.0, None)]
    assert less.drifts[0].absolute is less.drifts[0].relative is None
    more = compare(THEN, (trial("new", 1, m=0.1, n=2.0, k=3.0), THEN[1]))
    assert [(d.metric, d.then, d.now) for d in more.drifts] == [("k", None, 3.0)]
    assert compare(THEN, THEN[:1]).missing == (("old", 1),)
    assert compare(THEN[:1], THEN).appeared == (("old", 1),)


def test_every_recorded_line_of_a_repeated_trial_is_compared() -> None:
    found = compare((*THEN, trial("new", 1, m=9.0, n=2.0)), THEN)
    assert [(d.then, d.now) for d in found.drifts] == [(9.0, 0.1)]
    assert found.numbers == 6


@pytest.mark.parametrize(
    ("then", "says"),
    [
        (conditions(runner="s" * 64), "runner: the runner that calls the trials has changed"),
        (conditions(runner=""), "runner: there is no record of the runner"),
        (conditions(numpy="1.0"), "library: other versions: numpy 1.0 then, 2.4.6 now"),
        (conditions(python="3.9"), "library: other versions: python 3.9 then, 3.11.7 now"),
        (conditions(torch="2.0"), "library: other versions: torch 2.0 then, none now"),
        (Conditions({}, "r" * 64, "A", LIMITS), "library: there is no record of the versions"),
        (conditions(processor="B"), "machine: another machine: processor B then, A now"),
        (conditions(tier="B (reduced)"), "sandbox: sandbox B (reduced) then, A now"),
        (
            conditions(limits=LIMITS | {"memory_mb": 4096}),
            "limits: other limits: memory_mb 4096 then, 2048 now",
        ),
    ],
)
def test_a_condition_that_changed_is_named(then: Conditions, says: str) -> None:
    (cause,) = drift.changes(then, conditions())
    assert f"{cause.kind}: {cause.text}".startswith(says)


def test_what_nobody_recorded_is_no_change() -> None:
    before = conditions(processor="", limits={"memory_mb": 2048})
    assert drift.changes(before, conditions(networkx="3.3")) == ()


def test_causes_come_in_the_order_in_which_it_pays_to_look() -> None:
    changed = conditions(runner="s" * 64, tier="B (reduced)", numpy="1.0", machine="arm64")
    gone = compare(THEN, (trial("new", 1, m=0.2, n=2.0),))
    assert kinds(gone, changed, OTHER, ("", "ended as timeout")) == [
        *("runner", "library", "machine", "nondeterministic", "trials", "sandbox"),
    ]


def test_code_that_differs_from_itself_is_said_to() -> None:
    (cause,) = drift.causes(OTHER, (), OTHER, FINE)
    assert "does not repeat itself: two runs of just now differ in 1 places" in cause.text
    (cause,) = drift.causes(OTHER, (), OTHER, FINE, promised=False)
    assert "does not repeat itself, as it declares" in cause.text


def test_trials_that_are_gone_are_put_down_to_how_the_runs_ended() -> None:
    gone = compare(THEN, THEN[:1])
    tight = conditions(limits=LIMITS | {"memory_mb": 64})
    ended = ("", "ended as killed (more than 64 MB)")
    changed = drift.changes(conditions(), tight)
    trials, limits = drift.causes(gone, changed, SAME, ended)
    assert trials.text == (
        "1 recorded trials gave no result now; the run now ended as killed (more than 64 MB)"
    )
    assert limits.text == "other limits: memory_mb 2048 then, 64 now"
    (new,) = drift.causes(compare(THEN[:1], THEN), (), SAME, ("ended as timeout", ""))
    assert new.text.startswith("1 trials gave a result now and none then; the run then ended")


def test_what_nothing_explains_is_said_of_the_record() -> None:
    assert kinds(OTHER) == ["record"]
    assert kinds(OTHER, conditions(tier="B (reduced)")) == ["record"]
