"""A kit gets a new arm by one function, and nothing else of it changes."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from scientist.lab import adapting, checks, kits
from scientist.lab.adapting import Refused
from scientist.lab.experiments import Outcome
from scientist.lab.kits import Kit
from scientist.lab.review.method import mismatch

from .variants import CHEATING, HONEST, adapted, function

CAUSAL = kits.load("causal_features")
SAME = "return learn('stable', training)"


def measured(
    ran: Callable[..., Outcome], kit: Kit, code: str, arms: tuple[str, ...], name: str
) -> Outcome:
    pairs = [(arm, seed) for seed in (1, 2) for arm in arms]
    outcome = ran(code, pairs, name=name, parameters=kit.validate_parameters({}))
    assert outcome.status == "done", outcome.reason
    return outcome


@pytest.mark.parametrize("name", sorted(HONEST))
def test_an_honest_new_arm_runs_and_leaves_the_old_ones_as_they_were(
    name: str, ran: Callable[..., Outcome]
) -> None:
    kit, (like, body) = kits.load(name), HONEST[name]
    code = adapted(name, like, body)
    assert kits.read(name, code).arms == {**kit.arms, "new_way": "does it another way"}
    assert checks.check_code(code) == ()
    assert mismatch(code, "new_way", like, kit.default.metric).problems == ()
    after = measured(ran, kit, code, ("new_way", like), "after").trials
    before = measured(ran, kit, kit.code, (like,), "before").trials
    assert adapting.unchanged(before, after, [like]) == ()
    assert checks.check_trials(after, [], ("new_way", like), kit.default.metric) == ()


@pytest.mark.parametrize("name", sorted(CHEATING))
def test_a_function_that_reaches_past_what_it_gets_is_refused(name: str) -> None:
    body, words = CHEATING[name]
    with pytest.raises(Refused) as refused:
        adapted("causal_features", "stable", body)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def new_way(training:\n", "does not parse"),
        ("def new_way(training): return 'a\udc80'", "does not parse"),
        ("x = 1", "write exactly one function"),
        ("", "write exactly one function"),
        ("def new_way(training):\n    return a\na = 1\n", "write exactly one function"),
        ("import math\ndef new_way(training):\n    return 1\n", "imports are not allowed"),
        ("print(1)", "write exactly one function"),
        ("async def new_way(training):\n    return 1\n", "write exactly one function"),
        ("def other(training):\n    return training\n", "must begin with def new_way(training):"),
        ("def new_way(arm, training):\n    return training\n", "must begin with def new_way(trai"),
        ("def new_way(training=()):\n    return training\n", "without defaults or decorators"),
        ("def new_way(training, found=[]):\n    return found\n", "without defaults or decorators"),
        ("def new_way(*training):\n    return training\n", "without defaults or decorators"),
        ("@len\ndef new_way(training):\n    return training\n", "without defaults or decorators"),
        ("def new_way(training):\n" + "    training\n" * 90 + "    return training", "too long"),
        ("def new_way(training):\n    return " + "1 + " * 50 + "training", "nested too deeply"),
    ],
)
def test_a_text_that_is_not_the_function_asked_for_is_refused(code: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        adapting.adapt(CAUSAL, "learn", "stable", "new_way", "another way", code)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("name", "description", "words"),
    [
        ("Stable", "another way", "is no name for an arm"),
        ("new way", "another way", "is no name for an arm"),
        ("_new", "another way", "is no name for an arm"),
        ("a" * 25, "another way", "is no name for an arm"),
        ('x": 1, "y', "another way", "is no name for an arm"),
        ("stable", "another way", "is taken"),
        ("fit", "another way", "is taken"),
        ("training", "another way", "is taken"),
        ("lambda", "another way", "is taken"),
        ("list", "another way", "is taken"),
        ("np", "another way", "is taken"),
        ("new_way", "", "one line of plain text"),
        ("new_way", 'x",\n}\nimport os', "one line of plain text"),
        ("new_way", "long " * 30, "at most 120 characters"),
    ],
)
def test_a_name_or_a_description_that_cannot_stand_in_a_header_is_refused(
    name: str, description: str, words: str
) -> None:
    code = f"def {name}(training):\n    {SAME}\n"
    with pytest.raises(Refused) as refused:
        adapting.adapt(CAUSAL, "learn", "stable", name, description, code)
    assert words in str(refused.value)


def test_quotes_and_other_letters_in_a_description_stay_a_text() -> None:
    told = 'says "yes" \\ né'
    code = adapting.adapt(
        CAUSAL, "learn", "stable", "new_way", told, function("causal_features", SAME)
    )
    assert kits.read("causal_features", code).arms["new_way"] == told


def test_a_new_arm_differs_only_where_the_kit_is_open_and_like_an_arm_that_comes_there() -> None:
    code = function("deployment_economy", "return lot * safe")
    kit = kits.load("deployment_economy")
    with pytest.raises(Refused, match="can only differ in taken"):
        adapting.adapt(kit, "honesty", "slow", "new_way", "another way", code)
    with pytest.raises(Refused, match="can only be like one of unguarded, slow"):
        adapting.adapt(kit, "taken", "frozen", "new_way", "another way", code)


def test_nothing_but_the_new_arm_differs_in_the_text() -> None:
    code = adapted("affective_values", "interacting", HONEST["affective_values"][1])
    before = kits.load("affective_values").code.splitlines()
    gone = [line for line in before if line not in code.splitlines()]
    assert gone == ['    if arm == "embodied":'] or gone == []
    assert "# fears more the less energy is left" in code
    new = [line for line in code.splitlines() if line not in before]
    assert 'if arm == "new_way":' in " ".join(new)
    assert '    base_arm = "interacting" if arm == "new_way" else arm' in new
    assert '    if base_arm == "embodied":' in new


def test_what_a_function_does_to_its_arguments_and_constants_stays_its_own(
    ran: Callable[..., Outcome],
) -> None:
    """Else it could make its questions easy, which are judged after it has seen them."""
    kit = kits.load("knowing_limits")
    plain = "found = chances.std(axis=0)\n"
    harm = "chances[:] = 1.0\ncases[:] = 0.0\nseen[:] = 0.0\nstakes[:] = 0.0\n"
    results = []
    for number, body in enumerate((plain, plain + harm)):
        code = adapted("knowing_limits", "stated", body + "return found")
        found = measured(ran, kit, code, ("new_way", "disagreement"), f"run-{number}")
        results.append([trial.metrics for trial in found.trials])
    assert results[0] == results[1]
    code = adapted("causal_features", "stable", f"EVERYTHING[:] = 0\n{SAME}")
    assert "def new_way(training, EVERYTHING):" in code
    assert "new_way(deepcopy(training), deepcopy(EVERYTHING))" in code


def test_a_new_arm_that_does_what_another_does_is_told_so(ran: Callable[..., Outcome]) -> None:
    code = adapted("causal_features", "stable", SAME)
    trials = measured(ran, CAUSAL, code, ("new_way", "stable"), "same").trials
    (problem,) = checks.check_trials(trials, [], ("new_way", "stable"), "shifted_error")
    assert "new_way and stable gave the same numbers on every seed" in problem


def test_an_old_arm_that_changed_is_named(ran: Callable[..., Outcome]) -> None:
    before = measured(ran, CAUSAL, CAUSAL.code, ("stable", "pooled"), "before").trials
    other = CAUSAL.code.replace("HETEROGENEITY = 1.7", "HETEROGENEITY = 0.1")
    after = measured(ran, CAUSAL, other, ("stable", "pooled"), "after").trials
    assert adapting.unchanged(before, after, ["pooled"]) == ()
    (problem,) = adapting.unchanged(before, after, ["pooled", "stable"])
    assert "changed what arm stable measures" in problem
    assert "was not measured" in adapting.unchanged([], [], ["stable"])[0]
    assert adapting.unchanged(before, after[:1], ["stable"]) != ()


def test_an_adapted_kit_can_be_adapted_again(ran: Callable[..., Outcome]) -> None:
    first = adapted("self_directed", "disagreement", HONEST["self_directed"][1])
    kit = kits.read("self_directed", first)
    point = adapting.points(kit)[0]
    assert "new_way" in point.likes
    body = function("self_directed", 'return 2.0 * drive("new_way", memory)', "newer_way")
    second = adapting.adapt(kit, "drive", "new_way", "newer_way", "twice as eager", body)
    after = measured(ran, kit, second, ("new_way", "newer_way", "mixed"), "second").trials
    before = measured(ran, kit, first, ("new_way", "mixed"), "first").trials
    assert adapting.unchanged(before, after, ["new_way", "mixed"]) == ()
    assert "base_arm_2" in second


def test_annotations_and_odd_forms_of_a_function_are_put_in_order() -> None:
    for code in (
        "def new_way(training: list) -> np.ndarray:\n    return learn('stable', training)",
        "def new_way(training): return learn('stable', training)",
        "\n\ndef new_way(\n    training,\n):\n\treturn learn('stable', training)\r\n",
        "import numpy as np\ndef new_way(training):\n    return learn('stable', training)\n",
        "def new_way(training):\n    return learn('stable', training)\nprint(new_way([]))\n",
        'def new_way(training):\n  """Says."""\n  # why\n  return learn("stable", training)\n',
    ):
        text = adapting.adapt(CAUSAL, "learn", "stable", "new_way", "another way", code)
        assert "def new_way(training):\n" in text
        ast.parse(text)


def test_what_a_model_is_shown_is_short_and_whole() -> None:
    for kit in kits.all_kits():
        point = adapting.points(kit)[0]
        text = adapting.shown(kit, point, point.likes[0], "new_way")
        assert len(text) < 2800, kit.name
        assert f"def new_way({', '.join(point.parameters)}):" in text
        assert point.source in text
        functions = {n.name for n in ast.parse(kit.code).body if isinstance(n, ast.FunctionDef)}
        assert all(f"\n{name}(" in text for name in point.helpers if name in functions)


def test_code_begins_with_what_the_arms_of_an_idea_give() -> None:
    kit = kits.load("reward_density")
    point = adapting.points(kit)[0]
    idea = "the mean of what dense and abrupt give, denser than sparse"
    text = adapting.shown(kit, point, "sparse", "new_way", idea)
    begins = text.partition("def new_way(updates):\n")[2].splitlines()
    assert begins[:3] == [
        '    base = schedule("sparse", updates)',
        '    dense_gives = schedule("dense", updates)',
        '    abrupt_gives = schedule("abrupt", updates)',
    ]
    assert "gradual_gives" not in text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return dense * 2", 'dense is an arm: what it gives is schedule("dense", updates)'),
        ("return new_way(updates)", 'is this function itself: call schedule("sparse", updates)'),
    ],
)
def test_an_arm_that_is_taken_for_something_else_is_told_how_to_call_it(
    body: str, told: str
) -> None:
    with pytest.raises(Refused) as refused:
        adapted("reward_density", "sparse", body)
    assert told in str(refused.value)


def test_what_draws_the_world_or_measures_is_never_lent() -> None:
    known = {
        "causal_features": {"sample", "chance", "error", "intervention_error", "EFFECTS"},
        "search_or_training": {"right", "make", "verifier"},
        "value_negotiation": {"society", "gini", "blocking"},
        "reward_hacking": {"world", "examples"},
        "knowing_limits": {"right", "first"},
        "safe_deployment": {"wrong", "honest", "new_world"},
    }
    for name, kept in known.items():
        point = adapting.points(kits.load(name))[0]
        assert not kept & set(point.helpers), name
