"""Kits: sound headers, deterministic trials, and results that can come out either way."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scientist.errors import ScientistError, UsageError
from scientist.lab import checks, kits
from scientist.resources import bundled

NAMES = [kit.name for kit in kits.all_kits()]


@pytest.fixture
def causal() -> Iterator[ModuleType]:
    path = bundled("tools") / "kits" / "causal_features.py"
    spec = importlib.util.spec_from_file_location("kit_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["kit_under_test"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["kit_under_test"]


def mean(kit: ModuleType, arm: str, metric: str, **parameters: Any) -> float:
    return sum(kit.trial(arm, seed, **parameters)[metric] for seed in range(12)) / 12


@pytest.mark.parametrize("name", NAMES)
def test_a_kit_passes_the_checks_its_own_results_must_pass(name: str) -> None:
    kit = kits.load(name)
    assert checks.check_code(kit.code) == ()
    assert 80 <= kit.code.count("\n") <= 270
    assert set(kit.validate_parameters({})) == set(kit.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_a_header_is_read_without_running_the_kit(name: str) -> None:
    before = set(sys.modules)
    kits._read.cache_clear()
    kits.load(name)
    assert not any(name in module for module in set(sys.modules) - before)


def test_a_parameter_outside_its_range_is_refused_by_name() -> None:
    kit = kits.load("causal_features")
    for given, word in (
        ({"samples": 5}, "between 20 and 2000"),
        ({"samples": 50.5}, "whole number"),
        ({"noise": True}, "must be a number"),
        ({"nonsense": 1}, "no parameter nonsense"),
    ):
        with pytest.raises(UsageError, match=word):
            kit.validate_parameters(given)


def test_an_unknown_kit_names_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        kits.load("nonsense")
    assert caught.value.hint == "scientist kit list"


def test_a_header_with_a_hole_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text('TITLE = "x"\n')
    with pytest.raises(ScientistError, match="has no"):
        kits._read(file)


def test_a_trial_is_decided_by_its_seed_alone(causal: ModuleType) -> None:
    for arm in causal.ARMS:
        assert causal.trial(arm, 3) == causal.trial(arm, 3)
        assert causal.trial(arm, 3) != causal.trial(arm, 4)


def test_stability_pays_when_the_cue_turns_and_costs_when_it_does_not(causal: ModuleType) -> None:
    turned = {"shift": 1.0}
    same = {"shift": 0.0}
    assert mean(causal, "stable", "shifted_error", **turned) < 0.5 * mean(
        causal, "pooled", "shifted_error", **turned
    )
    assert mean(causal, "stable", "shifted_error", **same) > 1.5 * mean(
        causal, "pooled", "shifted_error", **same
    )


def test_with_few_samples_the_stability_test_has_no_power(causal: ModuleType) -> None:
    few = {"samples": 30, "environments": 2}
    gap = mean(causal, "pooled", "shifted_error", **few) - mean(
        causal, "stable", "shifted_error", **few
    )
    assert abs(gap) < 0.05


def test_the_informed_learner_is_the_floor_under_a_shift(causal: ModuleType) -> None:
    informed = mean(causal, "informed", "shifted_error")
    for arm in ("pooled", "reweighted"):
        assert informed < mean(causal, arm, "shifted_error")
    assert mean(causal, "informed", "spurious_reliance") == 0.0
