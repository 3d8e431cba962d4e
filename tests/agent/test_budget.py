"""What a campaign may spend: counted once, warned of once, never exceeded, raised by a resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scientist.agent.budget import Meter, folder_bytes, raised
from scientist.errors import BudgetError, UsageError
from scientist.events import (
    BudgetWarned,
    CampaignOpened,
    CampaignResumed,
    Event,
    ExperimentFinished,
    ExperimentStarted,
    Judged,
    ModelCalled,
    PhaseStarted,
    ProtocolSealed,
    ToolCalled,
)
from scientist.journal import Journal
from scientist.journal.costs import cost, spent
from scientist.records import (
    Budget,
    Direction,
    Hypothesis,
    Judgement,
    Protocol,
    Usage,
    Verdict,
)
from scientist.science import protocol as protocols
from scientist.settings import Resolved, load

BUDGET = Budget(rounds=5, minutes=60, tokens=1000, trials=300, disk_mb=2)


def opened(journal: Journal, budget: Budget = BUDGET) -> Meter:
    opening = CampaignOpened(
        question=None,
        essays=(),
        budget=budget,
        seed=1,
        settings={},
        versions={},
        disk_bytes=folder_bytes(journal.folder.parent),
    )
    journal.append(opening, "C1")
    return Meter(journal, "C1")


def called(journal: Journal, tokens: int, cached: int = 0) -> ModelCalled:
    return ModelCalled(
        prompt="p",
        prompt_version=1,
        prompt_hash="h",
        model="m",
        endpoint="e",
        attempt=0,
        outcome="valid",
        seed=1,
        temperature=0,
        usage=Usage(prompt=tokens, cached=cached),
        seconds=0.0,
        request_blob=journal.put("{}"),
        response_blob=journal.put("{}"),
    )


def launched(folder: str, trials: int, outcome: Any = "done") -> ToolCalled:
    arguments = {"folder": folder, "trials": trials}
    return ToolCalled(
        tool="launch_experiment", arguments=arguments, outcome=outcome, summary="", seconds=0
    )


def sealed(pairs: int, confirms: str = "") -> tuple[str, Protocol]:
    hypothesis = Hypothesis(
        id="H1",
        statement="a lowers m",
        quotes=(),
        factor="arm",
        kit="causal_features",
        treatment="a",
        control="b",
        metric="m",
        direction=Direction.DECREASE,
        smallest_effect=0.1,
    )
    protocol = protocols.plan(
        hypothesis,
        pairs=pairs,
        alpha=0.05,
        level=0.05,
        code_hash="c",
        runner_hash="r",
        confirms=confirms,
    )
    return protocols.digest(protocol), protocol


def finished(digest: str, trials: int) -> ExperimentFinished:
    return ExperimentFinished(
        experiment="X1",
        protocol_digest=digest,
        status="done",
        reason="",
        trials=trials,
        trials_blob=None,
        output_blob=None,
        environment={},
        seconds=0,
    )


def judged(digest: str, verdict: Verdict) -> Judged:
    judgement = Judgement(verdict=verdict, reason="")
    return Judged(experiment="X1", protocol_digest=digest, judgement=judgement)


def started(digest: str, folder: str) -> ExperimentStarted:
    return ExperimentStarted(
        experiment="X1",
        hypothesis="H1",
        protocol_digest=digest,
        run_folder=folder,
        tier="A",
        limits={},
    )


def test_trials_are_counted_where_they_are_launched_and_a_folder_once(journal: Journal) -> None:
    meter = opened(journal)
    journal.append(launched("key-smoke", 14), "C1")
    journal.append(launched("key-smoke", 14), "C1")  # taken up again after a crash
    journal.append(launched("key-again", 10, "failed"), "C1")
    journal.append(launched("other", 99), "C2")
    assert (meter.trials, meter.trials_left) == (14, 286)
    assert Meter(journal, "C1").trials == 14


@pytest.mark.parametrize("verdict", [Verdict.SUPPORTED, Verdict.REFUTED])
def test_a_sealed_test_sets_its_trials_and_its_confirmation_aside(
    journal: Journal, verdict: Verdict
) -> None:
    meter = opened(journal)
    digest, protocol = sealed(20)
    steps: list[tuple[Event, int]] = [
        (ProtocolSealed(protocol=protocol, digest=digest, code_blob="c"), 300 - 80),
        (started(digest, "run"), 300 - 80),
        (launched("run-1", 20), 300 - 80),  # the first look
        (launched("run-1", 20), 300 - 80),  # waited for
        (finished(digest, 20), 300 - 20 - 40),  # stopped early
        (judged(digest, verdict), 300 - 20 - (40 if verdict == Verdict.SUPPORTED else 0)),
    ]
    if verdict is Verdict.SUPPORTED:
        second, again = sealed(20, confirms=digest)
        steps += [
            (ProtocolSealed(protocol=again, digest=second, code_blob="c"), 300 - 20 - 40),
            (started(second, "again"), 300 - 20 - 40),
            (launched("again-1", 20), 300 - 20 - 40),
            (launched("again-2", 20), 300 - 60),
            (finished(second, 40), 300 - 60),
            (judged(second, verdict), 300 - 60),
        ]
    for event, left in steps:
        journal.append(event, "C1")
        assert meter.trials_left == left, event.kind
        assert Meter(journal, "C1").trials_left == left, event.kind


def test_what_is_not_left_is_refused_with_the_command_that_goes_on(journal: Journal) -> None:
    meter = opened(journal)
    meter.afford(300, "a test")
    with pytest.raises(BudgetError) as refused:
        meter.afford(301, "a test of H1")
    assert "a test of H1 takes 301 trials, and 300 of" in refused.value.message
    assert refused.value.hint == "scientist run --resume C1 --trials 600"
    opened(journal, Budget(rounds=1, minutes=1, tokens=1)).afford(10**9, "without a limit")


def test_each_budget_ends_the_work_and_says_how_to_go_on(journal: Journal) -> None:
    meter = opened(journal)
    assert meter.spent() == ""
    meter.check()
    journal.append(called(journal, 1000), "C1")
    with pytest.raises(BudgetError) as refused:
        meter.check()
    assert refused.value.message == "the token budget is spent (1000 of 1000 tokens)"
    assert refused.value.hint == "scientist run --resume C1 --tokens 2000"
    for other, said in (
        (Budget(rounds=1, minutes=1e-9, tokens=9999), "the time budget is spent"),
        (Budget(rounds=1, minutes=9, tokens=9999, trials=1), "the trial budget is spent (14 of 1"),
        (Budget(rounds=1, minutes=9, tokens=9999, disk_mb=1), "the disk budget is spent (2"),
    ):
        meter = opened(journal, other)
        journal.append(launched("a-smoke", 14), "C1")
        (journal.folder / "large").write_bytes(b"x" * 2 * 2**20)
        meter._look_at = 0.0  # as if the last look was a while ago
        assert meter.spent().startswith(said)
        (journal.folder / "large").unlink()


def test_a_budget_is_warned_of_once_and_again_only_when_it_was_raised(journal: Journal) -> None:
    meter = opened(journal)
    assert meter.warnings() == []
    journal.append(called(journal, 900), "C1")
    journal.append(launched("a-smoke", 241), "C1")
    for round_ in range(1, 6):
        journal.append(PhaseStarted(phase="survey", round=round_), "C1")
    warnings = {warning.what: warning for warning in meter.warnings()}
    assert warnings == {
        "tokens": BudgetWarned(what="tokens", spent=900, limit=1000),
        "trials": BudgetWarned(what="trials", spent=241, limit=300),
        "rounds": BudgetWarned(what="rounds", spent=4, limit=5),
    }
    for warning in warnings.values():
        journal.append(warning, "C1")
    assert meter.warnings() == Meter(journal, "C1").warnings() == []
    larger = BUDGET.model_copy(update={"tokens": 1001})
    journal.append(CampaignResumed(next_phase="run", seconds_used=0, budget=larger), "C1")
    assert [warning.what for warning in meter.warnings()] == ["tokens"]
    assert meter.budget == Meter(journal, "C1").budget == larger


def test_time_passes_only_while_the_campaign_is_driven(journal: Journal) -> None:
    meter = opened(journal)
    meter._began -= 100  # as if it had been driven for so long
    assert meter.seconds == pytest.approx(100, abs=5)
    journal.append(CampaignResumed(next_phase="approve", seconds_used=0), "C1")
    assert meter.seconds < 5, "by the record, the user was waited for"


def resolved(tmp_path: Path, **flags: Any) -> Resolved:
    return load(None, flags, {"SCIENTIST_ROUNDS": "1", "SCIENTIST_TRIALS": "2"}, tmp_path / "none")


def test_a_resume_raises_what_a_flag_names_and_nothing_else(tmp_path: Path) -> None:
    assert raised(BUDGET, resolved(tmp_path)) is None
    assert raised(BUDGET, resolved(tmp_path, tokens=1000)) is None
    now = raised(BUDGET, resolved(tmp_path, tokens=2000, minutes=61))
    assert now == BUDGET.model_copy(update={"tokens": 2000, "minutes": 61})
    for lower in ({"tokens": 999}, {"rounds": 4}, {"disk_mb": 1}):
        with pytest.raises(UsageError, match="a resume can only raise"):
            raised(BUDGET, resolved(tmp_path, **lower))
    unlimited = BUDGET.model_copy(update={"trials": None})
    with pytest.raises(UsageError, match="no such limit"):
        raised(unlimited, resolved(tmp_path, trials=500))
    with pytest.raises(UsageError, match="one round"):
        raised(BUDGET, resolved(tmp_path, rounds=6), given=True)


def test_the_cost_is_what_the_record_says(journal: Journal) -> None:
    opened(journal)
    journal.append(called(journal, 300, cached=225), "C1")
    journal.append(called(journal, 100, cached=75), "C1")
    journal.append(called(journal, 999), "C2")
    found = cost(journal, "C1")
    assert (found.calls, found.usage.prompt, found.cached_share) == (2, 400, 0.75)
    assert found.seconds == pytest.approx(spent(journal.entries(campaign="C1")).seconds, abs=1e-3)
    assert found.plain()["cached_share"] == 0.75
    assert cost(journal, "C3").cached_share is None


def test_a_folder_that_changes_while_one_looks_can_be_measured(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x" * 1000)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert 1000 <= folder_bytes(tmp_path) < 1000 + 2 * 4096
    assert folder_bytes(tmp_path / "nowhere") == 0
