"""Code that does not test its hypothesis is found; what is only likely is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scientist.lab import checks, kits, runner
from scientist.lab.review.method import Mismatch, mismatch

from .programs import first_honest, program, second_honest, third, unfair

HONEST = {**first_honest.HONEST, **second_honest.HONEST, **third.HONEST}


def found(body: str) -> Mismatch:
    return mismatch(program(body), "new", "old", "score")


@pytest.mark.parametrize("name", sorted(unfair.UNFAIR))
def test_an_unfair_program_is_found(name: str) -> None:
    body, words = unfair.UNFAIR[name]
    problems = found(body).problems
    assert any(words in problem for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize("name", sorted(unfair.DOUBTFUL))
def test_a_doubtful_program_passes_with_a_remark(name: str) -> None:
    body, words = unfair.DOUBTFUL[name]
    seen = found(body)
    assert seen.problems == ()
    assert any(words in remark for remark in seen.remarks), seen.remarks


@pytest.mark.parametrize("name", sorted(HONEST))
def test_an_honest_program_has_no_problem(name: str) -> None:
    assert found(HONEST[name]).problems == ()


def test_what_it_does_not_see_is_known() -> None:
    assert [name for name, body in unfair.UNSEEN.items() if found(body).problems] == []


def test_remarks_on_honest_programs_are_the_exception() -> None:
    assert sum(bool(found(body).remarks) for body in HONEST.values()) <= len(HONEST) // 4


@pytest.mark.parametrize(
    "test",
    ["seed < 2**30", "part // 3 == 0", "len(str(seed)) > 3", "max(seed, 9) == 9", "seed & 1"],
)
def test_a_seed_that_decides_what_is_run_is_told_and_one_that_is_drawn_from_is_not(
    test: str,
) -> None:
    body = f"""
        def trial(arm, seed, size=9):
            part = seed % 7
            rng = np.random.default_rng([seed, part])
            seen = rng.normal(size=size - (arm == "new"))
            if {test}:
                seen = seen[:5]
            return {{"score": float(seen.mean())}}
        """
    words = "the seed decides what is run"
    assert any(words in remark for remark in found(body).remarks)
    assert not any(words in remark for remark in found(body.replace(test, "size > 3")).remarks)
    assert not any(words in one for honest in HONEST.values() for one in found(honest).remarks)


@pytest.mark.parametrize(
    ("treatment", "control", "metric", "words"),
    [
        ("newer", "old", "score", "ARMS has no 'newer'"),
        ("new", "older", "score", "ARMS has no 'older'"),
        ("new", "old", "points", "METRICS has no 'points'"),
    ],
)
def test_arms_and_metrics_of_another_hypothesis_are_named(
    treatment: str, control: str, metric: str, words: str
) -> None:
    body = next(iter(HONEST.values()))
    assert words in mismatch(program(body), treatment, control, metric).problems[0]


def test_names_that_mean_something_else_inside_are_not_the_arm() -> None:
    body = """
        def trial(arm, seed):
            rng = np.random.default_rng(seed)
            draws = {arm: rng.normal() for arm in ARMS}
            order = sorted(ARMS, key=lambda arm: draws[arm])
            return {"score": float(order.index(arm))}
        """
    assert found(body).problems == ()


def test_code_that_is_nested_without_end_is_refused() -> None:
    body = "def trial(arm, seed):\n    return {'score': seed" + " + 1" * 500 + "}\n"
    assert "too deeply nested" in found(body).problems[0]


def test_code_that_is_no_experiment_is_said_so() -> None:
    assert "does not parse" in mismatch("def", "a", "b", "m").problems[0]
    assert "must be written out" in mismatch("ARMS = dict(a='')", "a", "b", "m").problems[0]
    assert any("one function trial" in p for p in mismatch("x = 1", "a", "b", "m").problems)


def test_no_kit_has_a_problem_in_its_own_comparison() -> None:
    for kit in kits.all_kits():
        default = kit.default
        seen = mismatch(kit.code, default.treatment, default.control, default.metric)
        assert seen.problems == (), kit.name


def test_ways_around_the_reader_are_refused_before() -> None:
    for line in (
        "exec('x = 1')",
        "eval('1')",
        "getattr(np, 'me' + 'an')",
        "globals()['trial'] = None",
        "vars(np)",
    ):
        code = program(f"def trial(arm, seed):\n    {line}\n    return {{'score': seed}}\n")
        assert any("is not allowed" in problem for problem in checks.check_code(code)), line


def test_every_program_runs_so_that_none_is_unfair_by_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "experiment", None)
    failing = ("bad luck", "metric of another name", "patched", "replaced", "no metric")
    bodies = {name: body for name, (body, _) in {**unfair.UNFAIR, **unfair.DOUBTFUL}.items()}
    for name, body in {**bodies, **unfair.UNSEEN}.items():
        if any(word in name for word in failing):
            continue
        file = tmp_path / "experiment.py"
        file.write_text(program(body))
        trial = runner.load(runner.prepare(str(file)))
        assert all("score" in trial(arm, 7) for arm in ("new", "old")), name
