"""A claim is its addresses: it renders to its sentence, and to another one when the data change."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest

from scientist.errors import ScientistError
from scientist.records import Address, Claim, Form
from scientist.science import statement
from scientist.science.claims.evidence import Evidence, Run
from scientist.science.claims.operations import NotBound, compute
from scientist.science.claims.render import fill, form_of, render, spell, verify, write

from .evidence import hypothesis, record

RECORD = record()
ASKED = {
    "F1": hypothesis(1),
    "F2": hypothesis(2, parameters={"samples": 20, "noise": 0.1}),
    "F3": hypothesis(3, treatment="reweighted", metric="novel_surprise", smallest_effect=0.1),
}


def sentence(run: Run) -> tuple[Claim, str]:
    asked = ASKED[run.finding]
    claim = statement.claim(asked, run.protocol, run.judgement, run.experiment)
    return claim, statement.render(asked, run.judgement, run.protocol.level)


def finals() -> list[Run]:
    return [run for run in RECORD.runs if run.final]


@pytest.mark.parametrize("run", finals(), ids=lambda run: run.finding)
def test_the_claim_of_a_finding_renders_to_its_statement_and_verifies(run: Run) -> None:
    claim, text = sentence(run)
    assert render(claim, RECORD) == text
    assert verify(claim, text, RECORD) == []
    assert not any(character.isdigit() for character in claim.template.replace("condition_0", ""))


def test_a_claim_of_many_random_runs_renders_to_its_statement() -> None:
    from scientist.science import judge as rules

    from .evidence import measured, plan
    from .evidence import run as made

    chance = random.Random(3)
    asked = hypothesis(1)
    sealed = plan(asked)
    for seed in range(25):
        shift = chance.choice((0.0, -1e-9, 0.05, -0.05, -0.4, 3000.0, -1e-4))
        trials = measured(sealed, {"stable": shift}, chance.choice((0.0, 1e-3, 0.1)), seed)
        run = made(1, 1, asked, sealed, trials)
        assert run.judgement == rules.judge(sealed, trials)
        claim, text = sentence(run)
        assert render(claim, Evidence((run,))) == text


@pytest.mark.parametrize("run", finals(), ids=lambda run: run.finding)
def test_no_raw_trial_that_counts_can_change_unnoticed(run: Run) -> None:
    claim, text = sentence(run)
    arms = (run.protocol.treatment, run.protocol.control)
    for place, trial in enumerate(run.trials):
        metrics = {**trial.metrics, run.protocol.metric: trial.metrics[run.protocol.metric] + 0.01}
        trials = list(run.trials)
        trials[place] = trial.model_copy(update={"metrics": metrics})
        other = Evidence((replace(run, trials=tuple(trials)),))
        assert bool(verify(claim, text, other)) == (trial.arm in arms), trial


def test_each_operation_gives_what_the_raw_trials_give() -> None:
    run = RECORD.runs[1]
    one = [t.metrics["shifted_error"] for t in run.trials if t.arm == "stable"]
    other = [t.metrics["shifted_error"] for t in run.trials if t.arm == "pooled"]
    differences = [a - b for a, b in zip(one, other, strict=True)]
    expected = {
        "mean": statistics.fmean(one),
        "median": statistics.median(one),
        "minimum": min(one),
        "maximum": max(one),
        "standard deviation": statistics.stdev(one),
        "effect": statistics.fmean(differences),
        "relative effect": 100 * statistics.fmean(differences) / statistics.fmean(other),
        "ratio": statistics.fmean(one) / statistics.fmean(other),
        "standardized effect": statistics.fmean(differences) / statistics.stdev(differences),
        "pairs": 12,
        "planned pairs": 12,
        "trials": 24,
        "arms": 2,
        "lower in": sum(d < 0 for d in differences),
        "higher in": sum(d > 0 for d in differences),
        "smallest effect": 0.05,
        "alpha": 0.05,
        "level": 0.02,
        "confidence": 0.95,
        "p": run.judgement.p_value,
        "e": run.judgement.e_value,
        "overall p": run.judgement.overall_p,
    }
    for operation, value in expected.items():
        at = Address(
            experiment="X2",
            operation=operation,
            arms=("stable", "pooled"),
            metric="shifted_error",
        )
        assert compute(RECORD, at) == pytest.approx(value, rel=1e-12), operation


def test_an_interval_turns_with_its_comparison() -> None:
    def end(operation: str, *arms: str) -> float:
        at = Address(experiment="X2", operation=operation, arms=arms, metric="shifted_error")
        return float(compute(RECORD, at))

    assert end("interval low", "stable", "pooled") == -end("interval high", "pooled", "stable")
    assert end("interval low", "stable", "pooled") < end("interval high", "stable", "pooled") < 0


@pytest.mark.parametrize(
    "change",
    [
        {"experiment": "X9"},
        {"operation": "wisdom"},
        {"arms": ("stable", "hybrid")},
        {"metric": "novel_error"},
        {"operation": "parameter", "argument": "learning_rate"},
        {"operation": "trial", "argument": "5"},
    ],
    ids=str,
)
def test_an_address_that_leads_nowhere_is_refused_with_a_hint(change: dict[str, object]) -> None:
    good = Address(
        experiment="X2", operation="effect", arms=("stable", "pooled"), metric="shifted_error"
    )
    with pytest.raises(NotBound):
        compute(RECORD, good.model_copy(update=change))
    with pytest.raises(ScientistError, match="no ground") as fault:
        render(Claim(template="{x}", addresses={"x": good.model_copy(update=change)}), RECORD)
    assert fault.value.hint == "scientist finding list"


def test_a_template_reaches_nothing_but_its_own_places() -> None:
    hostile = "{x} {x.__class__} {y} {0} {x!r} {{x}}"
    assert fill(hostile, {"x": "{y}", "z": "1"}) == "{y} {x.__class__} {y} {0} {x!r} {{y}}"


def test_a_number_is_written_in_the_form_it_had() -> None:
    chance = random.Random(5)
    for _ in range(500):
        value = chance.choice((-1, 1)) * 10 ** chance.uniform(-8, 6)
        for text in (f"{value:.{chance.randint(0, 9)}f}", f"{value:.{chance.randint(0, 9)}e}"):
            expected = text.lstrip("-") if float(text) == 0 else text
            assert write(value, form_of(text)) == expected
    assert write(-0.0, Form(style="fixed", digits=2)) == "0.00"
    assert write(-0.2, Form(style="fixed", digits=1, turned=True)) == "0.2"
    assert write(0.95, Form(digits=6, scale=100)) == "95"


def test_an_address_reads_as_a_person_would_say_it() -> None:
    at = Address(experiment="X2", operation="effect", arms=("stable", "pooled"), metric="error")
    assert spell(at) == "X2: effect of stable against pooled on error"
