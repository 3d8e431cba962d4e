"""Tasks set by a partner, a schedule, or failures: who stays at the edge of ability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from tests.kits.playing import average, functions, gap, verdict

NAME, N = "emergent_curriculum", 6
ARMS = ("mixed", "fixed")


def space() -> dict[str, Any]:
    """What the kit defines."""
    return functions(NAME)


def test_a_partner_beats_the_schedule_where_it_is_nearly_an_equal_and_not_else() -> None:
    assert verdict(NAME, N) == "supported"
    assert kits.load(NAME).turning == {"variation": 1.2}
    assert verdict(NAME, N, variation=1.2) == "refuted"
    assert gap(NAME, ARMS, "exam", 3, variation=0.0) > 0.05


def test_partly_clashing_interests_teach_more_than_common_ones_and_mere_rivalry_nothing() -> None:
    assert gap(NAME, ("mixed", "cooperative"), "exam", N) > 0.03
    assert gap(NAME, ("rival", "random"), "exam", N) < -0.08
    assert average(NAME, "rival", "idle", N) > 0.8


def test_adapting_to_failures_does_without_company() -> None:
    assert gap(NAME, ("adaptive", "fixed"), "exam", N) > 0.05
    assert gap(NAME, ("adaptive", "mixed"), "exam", N) > 0.03


def test_a_schedule_leaves_the_untalented_behind_where_talents_vary() -> None:
    alike, apart = (average(NAME, "fixed", "weakest_subject", N, variation=v) for v in (0.0, 1.2))
    assert alike > apart + 0.08


def test_what_fades_is_forgotten_most_by_whoever_moves_on_by_schedule() -> None:
    assert gap(NAME, ("fixed", "adaptive"), "forgotten", 3, fading=0.01) > 0.012
    assert average(NAME, "fixed", "forgotten", 2, fading=0.0) == pytest.approx(0.0, abs=1e-9)


def test_the_exam_is_the_plain_product_of_the_steps_of_every_task() -> None:
    kit = space()
    skill = np.random.default_rng(2).normal(size=(1, 2, 3))
    known = 1 / (1 + np.exp(-skill[0]))
    tasks = [np.prod(known[s, : level + 1]) for s in range(2) for level in range(3)]
    assert kit["exam"](skill)[0] == pytest.approx(np.mean(tasks))


def test_a_setter_who_knows_its_partner_to_be_its_equal_asks_for_what_may_go_either_way() -> None:
    kit = space()
    skill = np.array([[[3.0, 2.0, 0.0, -3.0]]])
    for arm in ("cooperative", "mixed"):
        assert kit["appeal"](arm, skill, skill).argmax() == 2
    assert kit["appeal"]("rival", skill, skill).argmax() == 3


def test_the_rehearsal_stays_longer_at_the_lower_levels_where_there_is_too_much_to_learn() -> None:
    kit = space()
    for seed in (1, 2):
        little = kit["schedule"](np.random.default_rng(seed), 1, 3, 200, 0.6, 0.0)
        much = kit["schedule"](np.random.default_rng(seed), 8, 6, 200, 0.6, 0.0)
        assert little <= 1.5 < 2.0 <= much


def test_no_single_schedule_serves_much_better_than_the_rehearsed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rehearsed = average(NAME, "fixed", "exam", 3)
    for slope in (0.75, 1.5, 3.0, 8.0):
        monkeypatch.setitem(space(), "SLOPES", np.array([slope]))
        exams = [space()["trial"]("fixed", seed)["exam"] for seed in (1, 2, 3)]
        assert np.mean(exams) < rehearsed + 0.02
