"""A prior replaces examples as far as it is right; doubting it is cheap where it is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scientist.lab import kits
from scientist.records import Verdict
from tests.kits.playing import average, functions, gap, verdict

KIT, SEEDS = "prior_or_scale", 6


def part(name: str) -> Any:
    """A function or constant of the kit."""
    return functions(KIT)[name]


def test_practice_beats_size_and_examples_in_the_family_and_loses_out_of_it() -> None:
    turning = kits.load(KIT).turning
    assert verdict(KIT, SEEDS) is Verdict.SUPPORTED
    assert verdict(KIT, SEEDS, **turning) is Verdict.REFUTED
    assert gap(KIT, ("practised", "large"), "error", SEEDS) < -0.04
    assert gap(KIT, ("practised", "large"), "error", SEEDS, **turning) > 0.25


def test_a_wrong_prior_is_worse_than_none_unless_it_is_doubted() -> None:
    assert gap(KIT, ("practised", "small"), "foreign_error", SEEDS) > 0.08
    assert gap(KIT, ("hedged", "practised"), "foreign_error", SEEDS) < -0.08
    assert abs(gap(KIT, ("hedged", "practised"), "error", SEEDS)) < 0.02
    foreign = average(KIT, "practised", "surprise", SEEDS, strangeness=1.0)
    assert foreign > average(KIT, "small", "surprise", SEEDS, strangeness=1.0) + 1.0


def test_expectations_help_beyond_the_features_found_in_practice() -> None:
    assert gap(KIT, ("units_only", "small"), "error", SEEDS) < -0.2
    assert gap(KIT, ("practised", "units_only"), "error", SEEDS) < -0.03


def test_little_practice_makes_a_poor_prior() -> None:
    few = average(KIT, "practised", "error", 4, practice=2)
    assert few > average(KIT, "practised", "error", 4) + 0.1


def test_learning_is_exact_bayesian_regression() -> None:
    """Against a Gaussian process that is worked out without any decomposition."""
    rng = np.random.default_rng(5)
    for many, count in ((15, 40), (15, 6)):
        units, root = part("curves")(rng, many), rng.normal(size=(many, many)) / 4
        mean, inputs, asked = rng.normal(size=many), *rng.normal(size=(2, count, 6))
        told, scale, noise = rng.normal(size=count), 0.7, 0.3
        prior = units, mean, root, np.array([scale]), np.array([noise])
        evidence, guess, doubt = part("posterior")(prior, inputs, told, asked)
        seen, new = part("shape")(inputs, units), part("shape")(asked, units)
        spread = scale * root @ root.T
        total = seen @ spread @ seen.T + noise * np.eye(count)
        gain = new @ spread @ seen.T @ np.linalg.inv(total)
        rest = told - seen @ mean
        assert guess[0] == pytest.approx(new @ mean + gain @ rest)
        expected = np.diag(new @ spread @ new.T - gain @ seen @ spread @ new.T) + noise
        assert doubt[0] == pytest.approx(expected)
        exact = -(np.linalg.slogdet(total)[1] + rest @ np.linalg.solve(total, rest)) / 2
        assert evidence[0] == pytest.approx(exact)
