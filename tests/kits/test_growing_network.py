"""Growth pays in long sequences of unlike jobs where nothing may be kept, and not elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT = "growing_network"
ARMS = ("growing", "fixed")
ERROR = "final_error"


def test_growth_pays_for_unlike_jobs_and_not_for_jobs_that_share_their_features() -> None:
    assert verdict(KIT, 10) is Verdict.SUPPORTED
    assert verdict(KIT, 10, **kits.load(KIT).turning) is not Verdict.SUPPORTED


def test_growth_without_protection_forgets_at_least_as_much_as_a_fixed_network() -> None:
    assert gap(KIT, ("unprotected", "fixed"), "forgetting", 8) > -0.03
    assert gap(KIT, ("unprotected", "growing"), ERROR, 8) > 0.06


def test_enough_stored_examples_make_growth_needless_and_too_few_do_not() -> None:
    assert gap(KIT, ("replay", "growing"), ERROR, 8) < 0.03
    assert gap(KIT, ("replay", "growing"), ERROR, 6, memory=10) > 0.06


def test_holding_weights_by_an_elastic_penalty_does_as_well_as_growth() -> None:
    assert abs(gap(KIT, ("tied", "growing"), ERROR, 8)) < 0.04
    assert gap(KIT, ("tied", "fixed"), "forgetting", 8) < -0.06


def test_a_fixed_network_learns_the_last_job_better_for_it_may_use_all_its_units() -> None:
    assert gap(KIT, ARMS, "last_job_error", 8, likeness=1.0) > 0.03
    assert gap(KIT, ARMS, "learning_error", 6, examples=300) > 0.1


def test_forgetting_repairs_itself_when_jobs_return() -> None:
    assert gap(KIT, ARMS, ERROR, 4, returns=2) > gap(KIT, ARMS, ERROR, 4) + 0.04
    assert average(KIT, "fixed", "forgetting", 4, returns=2) < 0.05


def test_protected_units_stay_as_they_are_and_what_they_know_is_never_lost() -> None:
    assert average(KIT, "growing", "forgetting", 4) == 0.0
    space = functions(KIT)
    rng = np.random.default_rng(5)
    job = space["make_jobs"](rng, 2, 0.0)[0]
    lesson = space["draw"](rng, job, 200, 0.0)
    inward, outward = rng.normal(size=(9, 10)), np.zeros((2, 10))
    usable, free = np.arange(10) < 8, (np.arange(10) >= 4) & (np.arange(10) < 8)
    anchor = (np.zeros_like(inward), inward)
    after, heads, _ = space["study"](
        "growing", rng, inward, outward, 1, lesson, usable, free, None, anchor
    )  # fmt: skip
    assert np.array_equal(after[:, ~free], inward[:, ~free])
    assert not np.isclose(after[:, free], inward[:, free]).any()
    assert not heads[0].any()
    assert not heads[1][~usable].any()
    assert heads[1][usable].all()


def test_a_network_that_is_the_job_itself_makes_no_error() -> None:
    space = functions(KIT)
    rng = np.random.default_rng(6)
    directions, sums = space["make_jobs"](rng, 3, 0.5)[2]
    inputs, answers = space["draw"](rng, (directions, sums), 100, 0.0)
    inward = np.vstack([directions, np.zeros(len(sums))])
    head = sums / np.linalg.norm(sums) / 0.75
    assert space["error"](inward, head, inputs, answers) == pytest.approx(0.0, abs=1e-12)
    assert space["error"](inward, 0 * head, inputs, answers) == pytest.approx(1.0, abs=0.1)


def test_the_store_is_filled_evenly_over_all_stretches() -> None:
    space = functions(KIT)
    rng = np.random.default_rng(7)
    past = [(job, rng.normal(size=(50, 9)), np.full(50, float(job))) for job in range(4)]
    whose, inputs, answers = space["stored"](past, 40)
    assert [int((whose == job).sum()) for job in range(4)] == [10] * 4
    assert np.array_equal(whose.astype(float), answers)
    assert len(inputs) == 40
    later = {tuple(row) for row in space["stored"](past, 20)[1]}
    assert later < {tuple(row) for row in inputs}  # nothing comes back that was given up
