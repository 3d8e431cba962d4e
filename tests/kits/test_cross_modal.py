"""Matching two senses finds what they share, which helps if that is what is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT = "cross_modal"
ARMS = ("matched", "single")
SEEDS = 12


def test_a_second_sense_saves_labels_unless_one_fault_disturbs_both() -> None:
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **kits.load(KIT).turning) is not Verdict.SUPPORTED
    assert gap(KIT, ARMS, "labels_needed", SEEDS) < -10
    assert gap(KIT, ARMS, "clutter", SEEDS) < -0.4
    assert abs(gap(KIT, ARMS, "clutter", SEEDS, shared_noise=1.0)) < 0.1


def test_matching_harms_where_one_sense_alone_knows_the_answer() -> None:
    assert gap(KIT, ARMS, "error", SEEDS, private_share=0.5) > 0.03
    assert gap(KIT, ARMS, "final_error", SEEDS, private_share=0.5) > 0.1
    assert abs(gap(KIT, ARMS, "final_error", SEEDS)) < 0.03


def test_it_is_the_pairing_that_helps_and_not_the_second_sense_by_itself() -> None:
    assert gap(KIT, ("unmatched", "matched"), "error", SEEDS) > 0.15
    assert gap(KIT, ("unmatched", "single"), "error", SEEDS) > 0.1


def test_a_neighbouring_domain_helps_as_far_as_it_is_alike() -> None:
    arms = ("borrowed", "raw")
    assert gap(KIT, arms, "error", 8, kinship=1.0) < -0.1
    assert gap(KIT, arms, "error", 8, kinship=0.0) > 0.02


def test_matches_are_the_canonical_correlations_and_components_those_above_noise() -> None:
    space = functions(KIT)
    rng = np.random.default_rng(3)
    hidden = rng.normal(size=(20_000, 6))
    noise = rng.normal(size=(2, 20_000, space["CHANNELS"]))
    mixtures = rng.normal(size=(2, 6, space["CHANNELS"]))
    sounds, images = (hidden @ mix + each for mix, each in zip(mixtures, noise, strict=True))
    joint = [each.T @ other / 20_000 for each, other in
             ((sounds, sounds), (sounds, images), (images, images))]  # fmt: skip
    squares = np.linalg.eigvals(
        np.linalg.solve(joint[0], joint[1]) @ np.linalg.solve(joint[2], joint[1].T)
    )
    exact = np.sort(squares.real)[:-7:-1]
    for found, sizes in (
        (space["match"](rng, sounds, images), exact),
        (space["components"](sounds)[:, ::-1], np.ones(6)),
    ):
        assert found.shape[1] == 6
        described = sounds @ found
        assert described.T @ described / len(sounds) == pytest.approx(np.diag(sizes), abs=1e-6)
        left = hidden - described @ np.linalg.lstsq(described, hidden, rcond=None)[0]
        assert np.mean(left**2) < 0.15


def test_leaving_each_label_out_is_done_exactly() -> None:
    space = functions(KIT)
    rng = np.random.default_rng(4)
    inputs, answers = rng.normal(size=(12, 5)), np.sign(rng.normal(size=12))
    weights = space["fit"](inputs, answers, inputs[:0], answers[:0])
    design = np.column_stack([inputs, np.ones(12)])

    def ridge(decay: float, kept: np.ndarray) -> np.ndarray:
        bent = design[kept].T @ design[kept] + decay * np.eye(6)
        return np.linalg.solve(bent, design[kept].T @ answers[kept])

    everyone = np.arange(12)
    misses = [
        np.mean([(answers[i] - design[i] @ ridge(decay, everyone != i)) ** 2 for i in everyone])
        for decay in space["DECAYS"]
    ]
    best = space["DECAYS"][int(np.argmin(misses))]
    assert weights == pytest.approx(ridge(best, everyone >= 0))


def test_matching_needs_many_pairs() -> None:
    assert gap(KIT, ARMS, "error", 8, unlabelled=50) > 0.05


def test_more_labels_lower_every_error() -> None:
    for arm in ARMS:
        assert average(KIT, arm, "error", 8, labels=100) < average(KIT, arm, "error", 8) - 0.03
