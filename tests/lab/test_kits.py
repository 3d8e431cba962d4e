"""Kits are read without being run, and their verdicts depend on what is set."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import pytest

from scientist.errors import ScientistError, UsageError
from scientist.lab import adapting, adapting_rules, checks, kits
from scientist.lab.experiments import Outcome
from scientist.lab.kits import Kit

KITS = kits.all_kits()
SEEDS = range(1, 7)


INTERVENE = """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    training = [sample(rng, 500, 0.8 * s, 0.1) for s in (0.4, 0.8, 1.2, 1.6)]
    weights, gaps = learn(arm, training), []
    for cause, value in [(c, v) for c in range(3) for v in (-1.0, 1.0) for _ in range(20)]:
        causes = rng.normal(size=3)
        causes[cause] = value
        clean = 1 / (1 + np.exp(-2 * (1.2 * causes[0] + 0.9 * causes[1] + 0.6 * causes[2])))
        outcome = np.where(rng.random(10_000) < clean, 1, -1)
        outcome = np.where(rng.random(10_000) < 0.1, -outcome, outcome)
        traces = 0.8 * outcome[:, None] + rng.normal(size=(10_000, 2))
        score = causes @ weights[:3] + traces @ weights[3:5] + weights[5]
        gaps.append(abs(np.mean(1 / (1 + np.exp(-score))) - (0.9 * clean + 0.1 * (1 - clean))))
    kit = intervention_error(weights, rng, 0.8, 0.1)
    return {"kit": kit, "replay": float(np.mean(gaps))}
"""
WORST = """
def worst(weights, training):
    return max(np.logaddexp(0, -y * (x @ weights[:-1] + weights[-1])).mean() for x, y in training)

def trial(arm, seed):
    rng = np.random.default_rng(seed)
    strengths = 0.8 * (1 + float(arm) * np.linspace(-1, 1, 4))
    training = [sample(rng, 500, s, 0.1) for s in strengths]
    counts = np.vstack([5 * np.eye(4, dtype=int), rng.multinomial(10, np.full(4, 0.25), size=30)])
    others = [[e for e, n in zip(training, c) for _ in range(n)] for c in counts]
    best = min(worst(learn("pooled", other), training) for other in others)
    reached = worst(learn("reweighted", training), training)
    pooled = worst(learn("pooled", training), training)
    return {"reached": reached, "pooled": pooled, "excess": reached - best}
"""
STABLE = """
def trial(arm, seed):
    kept = []
    for world in range(25):
        rng = np.random.default_rng([seed, world])
        training = [sample(rng, int(arm), 0.8 * s, 0.1) for s in (0.4, 0.8, 1.2, 1.6)]
        kept += [np.isin(EVERYTHING, stable_features(training))]
    shares = np.mean(kept, axis=0)
    return {"dropped_causes": 1 - shares[:3].mean(), "kept_traces": shares[3:].mean()}
"""


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


def probe(
    ran: Callable[..., Outcome], name: str, code: str, arms: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Means of what a trial of the test's own, put below a kit's code, measures of its parts."""
    pairs = [(arm, seed) for seed in SEEDS for arm in arms]
    outcome = ran(kits.load(name).code + code, pairs, name="probe")
    assert outcome.status == "done", outcome.reason
    return {
        metric: {
            arm: mean(t.metrics[metric] for t in outcome.trials if t.arm == arm) for arm in arms
        }
        for metric in outcome.trials[0].metrics
    }


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
    assert 80 <= len(kit.code.splitlines()) <= 270


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


def test_a_trial_repeats_itself(kit: Kit, ran: Callable[..., Outcome]) -> None:
    pairs = [(arm, seed) for seed in (1, 2) for arm in kit.arms]
    parameters = kit.validate_parameters({})
    first = ran(kit.code, pairs, name="one", parameters=parameters)
    second = ran(kit.code, pairs, name="two", parameters=parameters)
    assert [t.metrics for t in first.trials] == [t.metrics for t in second.trials]


def test_a_kit_can_be_adapted_and_its_own_arms_stay_as_they_were(
    kit: Kit, ran: Callable[..., Outcome]
) -> None:
    point = adapting.points(kit)[0]
    assert point.function in kit.open
    like = kit.default.treatment
    like = like if like in point.likes else point.likes[0]
    given = ", ".join(point.parameters)
    code = f"def same_way({given}):\n    return {point.function}({like!r}, {given})\n"
    code = adapting.adapt(kit, point.function, like, "same_way", "does the same", code)
    parameters = kit.validate_parameters({})
    pairs = [(arm, 1) for arm in kit.arms]
    before = ran(kit.code, pairs, name="kit", parameters=parameters).trials
    after = ran(code, [*pairs, ("same_way", 1)], name="new", parameters=parameters).trials
    assert len(after) == len(before) + 1
    assert adapting.unchanged(before, after, kit.arms) == ()
    new = [trial.metrics for trial in after if trial.arm == "same_way"]
    assert new == [trial.metrics for trial in before if trial.arm == like]


def test_a_generator_has_one_name_where_a_kit_is_open(kit: Kit) -> None:
    """Everything else is copied for a new arm; a copied generator would repeat itself."""
    functions = {n.name: n for n in ast.parse(kit.code).body if isinstance(n, ast.FunctionDef)}
    for point in adapting.points(kit):
        drawn = {
            node.value.id
            for node in ast.walk(functions[point.function])
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if node.attr in adapting_rules.DRAWS
        }
        assert drawn & set(point.parameters) <= {adapting_rules.GENERATOR}
        others = {"dice", "luck", "own", "generator", "world"}
        assert not others & set(point.parameters)


def test_every_kit_has_tests_of_what_theory_says_of_it(kit: Kit) -> None:
    own = Path(__file__).parents[1] / "kits" / f"test_{kit.name}.py"
    assert own.exists() or kit.name in ("causal_features", "compositional_recombination")


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


def test_what_an_intervention_does_is_reckoned_as_it_happens_in_the_world(
    ran: Callable[..., Outcome],
) -> None:
    """Against a plain replay: set a cause, let it make the outcome, and that the traces."""
    found = probe(ran, "causal_features", INTERVENE, ("pooled", "stable", "reweighted", "informed"))
    for arm in found["kit"]:
        assert found["kit"][arm] == pytest.approx(found["replay"][arm], abs=0.006), arm
    assert found["replay"]["pooled"] < found["replay"]["informed"] - 0.01


def test_an_intervention_favours_neither_causes_nor_traces_by_design(
    ran: Callable[..., Outcome],
) -> None:
    arms, metric = ("pooled", "informed"), "intervention_error"
    exact = {"noise": 0.0, "samples": 2000, "cue_variation": 1.0}
    name = "causal_features"
    assert abs(difference(ran, name, arms, metric, cue_strength=0.0)) < 0.005
    assert difference(ran, name, arms, metric) < -0.01
    assert difference(ran, name, arms, metric, **exact) > 0.004


def test_no_other_weighting_of_environments_makes_the_worst_one_better_off(
    ran: Callable[..., Outcome],
) -> None:
    found = probe(ran, "causal_features", WORST, ("0.2", "0.6", "1.0"))
    for variation in found["reached"]:
        assert found["excess"][variation] < 0.002
        assert found["reached"][variation] < found["pooled"][variation] - 0.002


def test_more_data_stop_stability_from_keeping_traces_but_not_from_dropping_causes(
    ran: Callable[..., Outcome],
) -> None:
    found = probe(ran, "causal_features", STABLE, ("100", "2000"))
    assert found["kept_traces"]["100"] > 0.3
    assert found["kept_traces"]["2000"] < 0.02
    assert found["dropped_causes"]["100"] < found["dropped_causes"]["2000"]
    assert 0.05 < found["dropped_causes"]["2000"] < 0.3


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
        ('OPEN = {\n    "learn"', 'OPEN = {\n    "fit"', "the OPEN of kit wrong must name"),
        ('OPEN = {\n    "learn"', 'OPEN = {\n    "trial"', "the OPEN of kit wrong must name"),
        ('OPEN = {\n    "learn"', 'OPENED = {\n    "learn"', "has no OPEN"),
    ],
)
def test_a_wrong_header_is_named(find: str, replacement: str, complaint: str) -> None:
    code = kits.load("causal_features").code
    assert find in code
    with pytest.raises(ScientistError, match=complaint):
        kits.read("wrong", code.replace(find, replacement, 1))
