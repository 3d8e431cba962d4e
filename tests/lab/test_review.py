"""Outcomes that are written down are found; experiments that measure something are let pass."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from scientist.lab import checks, kits, review, runner

from .programs import (
    first_honest,
    first_invented,
    program,
    second_honest,
    second_invented,
    third,
)

INVENTED = {**first_invented.INVENTED, **second_invented.INVENTED, **third.INVENTED}
HONEST = {**first_honest.HONEST, **second_honest.HONEST, **third.HONEST}
UNSEEN = {"ema", "named tuple"}  # a loop that feeds back into itself; a call it does not follow


def reasons(body: str) -> tuple[str, ...]:
    return review.invented(ast.parse(program(body)))


@pytest.mark.parametrize("name", sorted(set(INVENTED) - UNSEEN))
def test_an_invented_result_is_found(name: str) -> None:
    found = reasons(INVENTED[name])
    assert found
    assert all("let the arm choose what is run" in reason for reason in found)
    assert all(reason.startswith("line ") for reason in found)


@pytest.mark.parametrize("name", sorted(HONEST))
def test_an_honest_experiment_is_let_pass(name: str) -> None:
    assert reasons(HONEST[name]) == ()


def test_what_it_does_not_see_is_known() -> None:
    assert {name for name, body in INVENTED.items() if not reasons(body)} == UNSEEN


def test_every_program_runs_so_that_none_is_honest_by_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "experiment", None)
    absent = {name for name, version in checks.available().items() if version is None}
    for name, body in {**HONEST, **INVENTED}.items():
        if absent & set(body.replace(".", " ").split()):
            continue
        file = tmp_path / "experiment.py"
        file.write_text(program(body))
        trial = runner.load(runner.prepare(str(file)))
        assert all("score" in trial(arm, 7) for arm in ("new", "old")), name


def test_the_bundled_kits_are_let_pass() -> None:
    for kit in kits.all_kits():
        assert review.invented(ast.parse(kit.code)) == (), kit.name


def test_a_reason_names_the_metric_the_line_and_where_the_arm_picked() -> None:
    (reason,) = reasons(
        """
        def trial(arm, seed):
            rng = random.Random(seed)
            base = {"new": 0.9, "old": 0.5}[arm]
            x = [rng.gauss(0, 1) for _ in range(9)]
            return {"spread": max(x) - min(x), "score": base + rng.gauss(0, 0.1)}
        """
    )
    lines = program("").count("\n")
    assert reason.startswith(f"line {lines + 6}: metric score is a constant picked by the arm")
    assert f"(line {lines + 4})" in reason


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("{'new': 1.0, 'old': 2.0}[arm]", "a constant picked by the arm;"),
        ("float(arm == 'new')", "a constant picked by the arm;"),
        ("rng.gauss(0, 1) + (arm == 'new')", "a constant picked by the arm, with random noise"),
        ("measured + 0.1 * (arm == 'new')", "a measured number plus a constant"),
        ("measured * {'new': 1.1, 'old': 1.0}[arm]", "a measured number times a constant"),
        ("measured if arm == 'new' else 0.5", "or in place of one"),
        ("measured + 0.1", ""),
        ("measured ** {'new': 1, 'old': 2}[arm]", ""),
        ("rng.gauss(0, 1)", ""),
    ],
)
def test_what_arithmetic_makes_of_a_constant_is_named(metric: str, kind: str) -> None:
    found = reasons(
        f"""
        def trial(arm, seed):
            rng = random.Random(seed)
            draws = [rng.gauss(0, 1) for _ in range(9)]
            measured = math.dist(draws, sorted(draws))
            return {{"score": {metric}}}
        """
    )
    assert kind in found[0] if kind else not found


def test_the_same_constant_for_every_arm_is_no_choice() -> None:
    assert not reasons(
        """
        def trial(arm, seed):
            rng = random.Random(seed)
            if arm == "new":
                tries = 10
                total = 0.0
            else:
                tries = 10
                total = 0.0
            for _ in range(tries):
                total += rng.gauss(0, 1) ** 2
            return {"score": total, "tries": tries}
        """
    )


def test_code_that_is_too_intricate_is_refused_and_not_waited_for() -> None:
    nested = "\n".join(f"def f{n}(x): return f{n + 1}(x) + f{n + 1}(x + 1)" for n in range(40))
    code = f"{nested}\ndef f40(x): return x\ndef trial(arm, seed): return {{'m': f0(seed)}}"
    assert review.invented(ast.parse(code)) == ()  # calls are followed to a depth and no deeper
    wide = " + ".join(["f(x)"] * 60)
    code = "def f5(x): return x\n" + "\n".join(
        f"def f{n}(x): return {wide.replace('f(', f'f{n + 1}(')}" for n in range(5)
    )
    code += "\ndef trial(arm, seed): return {'m': f0(seed)}"
    assert "too intricate" in review.invented(ast.parse(code))[0]
    deep = "def trial(arm, seed): return {'m': " + "-" * 5000 + "seed}"
    try:
        tree = ast.parse(deep)
    except (RecursionError, MemoryError):
        return
    assert "too intricate" in review.invented(tree)[0]


def test_code_without_a_trial_is_somebody_elses_problem() -> None:
    assert review.invented(ast.parse("trial = 3")) == ()
    assert review.invented(ast.parse("trial = lambda arm, seed: {'m': 1.0}")) == ()
