"""Kits are read without being run, and their verdicts depend on what is set."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from statistics import mean

import pytest

from scientist.errors import ScientistError, UsageError
from scientist.lab import checks, kits
from scientist.lab.experiments import Outcome
from scientist.lab.kits import Kit

KITS = kits.all_kits()
SEEDS = range(1, 7)


@pytest.fixture(params=KITS, ids=[kit.name for kit in KITS])
def kit(request: pytest.FixtureRequest) -> Kit:
    found: Kit = request.param
    return found


def difference(
    ran: Callable[..., Outcome], name: str, arms: tuple[str, str], metric: str, **given: float
) -> float:
    """Mean of the first arm minus that of the second, in the real sandbox."""
    kit = kits.load(name)
    pairs = [(arm, seed) for seed in SEEDS for arm in arms]
    parameters = kit.validate_parameters(given)
    label = "-".join(map(str, (name, *arms, metric, *given, *given.values()))).replace(".", "_")
    outcome = ran(kit.code, pairs, name=label, parameters=parameters)
    assert outcome.status == "done", outcome.reason
    values = {arm: [t.metrics[metric] for t in outcome.trials if t.arm == arm] for arm in arms}
    return mean(values[arms[0]]) - mean(values[arms[1]])


def test_a_kit_is_whole(kit: Kit) -> None:
    assert len(kit.arms) >= 4
    assert len(kit.metrics) >= 4
    assert len(kit.parameters) >= 4
    assert kit.directions
    assert kit.limits
    module = ast.parse(kit.code)
    assert "cannot show" in " ".join((ast.get_docstring(module) or "").split())
    trial = next(n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == "trial")
    names = [argument.arg for argument in trial.args.args]
    assert names == ["arm", "seed", *kit.parameters]
    defaults = [ast.literal_eval(default) for default in trial.args.defaults]
    assert defaults == [parameter.default for parameter in kit.parameters.values()]
    assert 80 <= len(kit.code.splitlines()) <= 250


def test_every_setting_that_is_offered_is_admissible_and_not_the_default(kit: Kit) -> None:
    offered = kit.settings()
    assert {name for name, _ in offered.values()} == set(kit.parameters)
    for words, (name, value) in offered.items():
        parameter = kit.parameters[name]
        assert kit.validate_parameters({name: value})[name] == value != parameter.default
        assert float(words.partition(" = ")[2]) == value
    for name, parameter in kit.parameters.items():
        assert 3 <= len(parameter.levels()) <= kits.LEVELS
        ends = {parameter.low, parameter.high} - {parameter.default}
        assert ends <= set(parameter.levels()), name


def test_a_comparison_never_names_one_arm_twice(kit: Kit) -> None:
    pairs = set(kit.comparisons().values())
    assert all(one != other for one, other in pairs)
    assert len(pairs) == len(kit.arms) * (len(kit.arms) - 1)


def test_all_arms_and_seeds_of_a_kit_make_a_difference(
    kit: Kit, ran: Callable[..., Outcome]
) -> None:
    pairs = [(arm, seed) for seed in SEEDS for arm in kit.arms]
    trials = ran(kit.code, pairs, name="all", parameters=kit.validate_parameters({})).trials
    assert len(trials) == len(pairs)
    assert checks.check_trials(trials, [], list(kit.arms), kit.default.metric) == ()


def test_every_arm_gives_every_metric_at_both_ends_of_every_range(
    kit: Kit, ran: Callable[..., Outcome]
) -> None:
    for number, end in enumerate(("low", "high")):
        given = {name: getattr(parameter, end) for name, parameter in kit.parameters.items()}
        given |= {"shift": 1.0} if "shift" in given else {}
        outcome = ran(
            kit.code,
            [(arm, 1) for arm in kit.arms],
            name=f"end-{number}",
            parameters=kit.validate_parameters(given),
        )
        assert outcome.status == "done", (given, outcome.reason)
        assert all(set(trial.metrics) == set(kit.metrics) for trial in outcome.trials)


def test_a_trial_is_quick_and_repeats_itself(kit: Kit, ran: Callable[..., Outcome]) -> None:
    pairs = [(arm, seed) for seed in (1, 2) for arm in kit.arms]
    parameters = kit.validate_parameters({})
    first = ran(kit.code, pairs, name="one", parameters=parameters)
    second = ran(kit.code, pairs, name="two", parameters=parameters)
    assert [t.metrics for t in first.trials] == [t.metrics for t in second.trials]
    assert min(t.seconds for t in first.trials) < 0.05


def test_stable_features_help_when_the_cue_flips_and_hurt_when_it_does_not(
    ran: Callable[..., Outcome],
) -> None:
    arms = ("stable", "pooled")
    name, metric = "causal_features", "shifted_error"
    assert difference(ran, name, arms, metric, shift=1.0) < -0.2
    assert difference(ran, name, arms, metric, shift=0.0) > 0.05
    assert abs(difference(ran, name, arms, metric, samples=20)) < 0.05
    assert abs(difference(ran, name, arms, metric, cue_variation=0.0)) < 0.05
    assert difference(ran, name, ("informed", "stable"), metric, cue_strength=3.0) < -0.5


def test_reweighting_is_milder_than_choosing_features(ran: Callable[..., Outcome]) -> None:
    name, metric = "causal_features", "shifted_error"
    assert difference(ran, name, ("reweighted", "pooled"), metric) < -0.05
    assert difference(ran, name, ("reweighted", "stable"), metric) > 0.1
    assert difference(ran, name, ("reweighted", "stable"), metric, samples=50) < 0


def test_parts_carry_over_to_new_pairs_only_as_far_as_they_do_not_interact(
    ran: Callable[..., Outcome],
) -> None:
    arms, name = ("factored", "holistic"), "compositional_recombination"
    assert difference(ran, name, arms, "novel_error") < -0.25
    assert abs(difference(ran, name, arms, "novel_error", interaction=1.0)) < 0.08
    assert difference(ran, name, arms, "familiar_error", interaction=1.0) > 0.2
    assert difference(ran, name, arms, "novel_surprise") < -0.3
    assert difference(ran, name, arms, "novel_surprise", interaction=1.0) > 0.3
    assert difference(ran, name, ("hybrid", "factored"), "familiar_error", interaction=0.6) < -0.1


def test_parameters_are_checked_and_filled_in() -> None:
    kit = kits.load("causal_features")
    filled = kit.validate_parameters({"samples": 100.0})
    assert filled["samples"] == 100
    assert isinstance(filled["samples"], int)
    assert set(filled) == set(kit.parameters)
    for wrong in (
        {"sample": 1},
        {"samples": 5},
        {"samples": 100.5},
        {"samples": "100"},
        {"samples": True},
        {"samples": float("nan")},
        {"samples": float("inf")},
        {"shift": 2},
        {"shift": None},
    ):
        with pytest.raises(UsageError):
            kit.validate_parameters(wrong)


def test_an_unknown_kit_names_the_command_that_lists_them() -> None:
    with pytest.raises(UsageError) as unknown:
        kits.load("alchemy")
    assert unknown.value.hint == "scientist kit list"


def test_reading_a_kit_does_not_run_it() -> None:
    code = "import sys\nsys.modules['kit_was_run'] = None\n" + KITS[0].code
    assert kits.read("tampered", code).title == KITS[0].title
    assert "kit_was_run" not in sys.modules


@pytest.mark.parametrize(
    ("find", "replacement", "complaint"),
    [
        ("TITLE = ", "TITLE_ = ", "has no TITLE"),
        ('TITLE = "', 'TITLE = open("/etc/passwd").read() + "', "is not plain data"),
        ('"better": "lower"', '"better": "smaller"', "header .* is wrong"),
        ('"default": 500', '"default": 5', "default must lie between"),
        ('"treatment": "stable"', '"treatment": "pooled"', "DEFAULT"),
        ('"treatment": "stable"', '"treatment": "magic"', "DEFAULT"),
        ('"""Do learners', '"Do learners', "is not plain data"),
    ],
)
def test_a_wrong_header_is_named(find: str, replacement: str, complaint: str) -> None:
    code = kits.load("causal_features").code
    assert find in code
    with pytest.raises(ScientistError, match=complaint):
        kits.read("wrong", code.replace(find, replacement, 1))
