"""A recorded experiment can be run again from the record, and what disagrees is explained."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, scientist
from waiting import until

from scientist.audit import reproduce as audit
from scientist.audit.reproduce import Reproduction
from scientist.errors import JournalError, UsageError, WorkspaceError
from scientist.events import ExperimentFinished, ExperimentStarted, Judged, ProtocolSealed
from scientist.journal import Journal, blobs, project, verify
from scientist.lab import experiments, tiers
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier
from scientist.records import Direction, Hypothesis, Protocol, Trial, Verdict
from scientist.science import judge
from scientist.science import protocol as protocols

CODE = """
import random
ARMS = ("new", "old")
METRICS = ("m",)
def trial(arm, seed):
    draws = [random.Random(f"{seed} {n}").gauss(0, 1) for n in range(40)]
    n = 40 if arm == "new" else 10
    return {"m": abs(sum(draws[:n])) / n, "n": float(n)}
"""
LIMITS = Limits(30, 30, 512, 32, 64, 64)
PAIRS = 6


@pytest.fixture(scope="session")
def tier() -> Tier:
    return tiers.choose()


def sealed(code: str, **change: Any) -> Protocol:
    hypothesis = Hypothesis(
        id="H1",
        statement="new lowers m compared with old.",
        quotes=(),
        kit="",
        factor="n",
        treatment="new",
        control="old",
        metric="m",
        direction=Direction.DECREASE,
        smallest_effect=0.5,
        code_hash=hashlib.sha256(code.encode()).hexdigest(),
    )
    plan = protocols.plan(
        hypothesis,
        pairs=PAIRS,
        alpha=0.05,
        level=0.05,
        code_hash=hypothesis.code_hash,
        runner_hash=experiments.runner_hash(),
    )
    return plan.model_copy(update=change)


@pytest.fixture
def written(tmp_path: Path, tier: Tier) -> Callable[..., Path]:
    """Measures some code for real, and writes a record of it that may say something else."""

    def write(
        code: str = CODE,
        alter: Callable[[Sequence[Trial]], Sequence[Trial]] = tuple,
        plan: dict[str, Any] | None = None,
        **ended: Any,
    ) -> Path:
        protocol = sealed(code, **(plan or {}))
        pairs = [(arm, seed) for seed in protocol.seeds for arm in protocol.arms]
        run = experiments.prepare(tmp_path, "honest", code, {}, pairs, LIMITS, tier)
        outcome = experiments.conduct(run)
        trials = alter(outcome.trials)
        digest = protocols.digest(protocol)
        with Journal(tmp_path / "w" / "journal", write=True) as journal:
            lines = "".join(one.model_dump_json() + "\n" for one in trials)
            finished = {
                "experiment": "X1",
                "protocol_digest": digest,
                "status": "done",
                "reason": "",
                "trials": len(trials),
                "trials_blob": journal.put(lines) if lines else None,
                "output_blob": None,
                "environment": outcome.environment,
                "seconds": 1.0,
                "code_hash": protocol.code_hash,
                "runner_hash": protocol.runner_hash,
                "parameters": {},
                "tier": outcome.ran.tier,
                "limits": outcome.ran.limits,
            }
            started = ExperimentStarted(
                experiment="X1",
                hypothesis="H1",
                protocol_digest=digest,
                run_folder="honest",
                tier=tier.name,
                limits={},
            )
            journal.append_all(
                [
                    ProtocolSealed(protocol=protocol, digest=digest, code_blob=journal.put(code)),
                    started,
                    ExperimentFinished.model_validate(finished | ended),
                ],
                "C1",
            )
        return tmp_path / "w"

    return write


def again(workspace: Path, tier: Tier, limits: Limits = LIMITS) -> Reproduction:
    with Journal(workspace / "journal") as journal:
        record = audit.recorded(journal, "x1")
    return audit.reproduce(record, workspace / "runs", limits, tier)


def shifted(trials: Sequence[Trial]) -> list[Trial]:
    """A record in which the treatment does better than it did."""
    return [
        trial.model_copy(update={"metrics": trial.metrics | {"m": trial.metrics["m"] - 40.0}})
        if trial.arm == "new"
        else trial
        for trial in trials
    ]


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one finished campaign of a scripted model."""
    folder = tmp_path_factory.mktemp("campaign")
    with ScriptedServer(script=propose) as server:
        ran = scientist(
            *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 10),
            *("-w", folder / "w", "--endpoint", server.url),
        )
    assert ran.returncode == 0, ran.stderr
    return folder / "w"


def test_an_experiment_of_a_campaign_is_identical_and_its_run_is_not_touched(
    campaign: Path,
) -> None:
    before = files(campaign / "runs")
    done = scientist("experiment", "reproduce", "x1", "-w", campaign)
    assert done.returncode == 0, done.stderr
    with Journal(campaign / "journal") as journal:
        trials = project.trials(journal, project.experiment(journal, "X1"))
        (event,) = [entry.data for entry in journal.entries("experiment_reproduced")]
        numbers = sum(len(trial.metrics) for trial in trials)
        fresh = project.raw_trials(journal, event["trials_blob"])
    assert f"identical: {numbers} numbers of {len(trials)} trials" in done.stdout
    assert "as before" in done.stdout
    assert files(campaign / "runs") == before
    assert (event["experiment"], event["identical"], event["causes"]) == ("X1", True, [])
    assert (event["numbers"], event["drifted"]) == (numbers, 0)
    assert event["environment"]["numpy"]
    assert [t.metrics for t in fresh] == [t.metrics for t in trials]
    assert verify(campaign / "journal").passed


def test_a_reproduction_is_told_as_json_and_shown_in_the_timeline(campaign: Path) -> None:
    done = scientist("experiment", "reproduce", "X1", "-w", campaign, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["identical"]
    assert told["holds"]
    assert told["drifted"] == told["causes"] == []
    assert told["verdict_recorded"] == told["verdict_before"] == told["verdict_after"] != ""


def test_numbers_that_the_code_does_not_give_are_told_with_the_verdict_they_made(
    written: Callable[..., Path],
) -> None:
    workspace = written(alter=shifted)
    done = scientist("experiment", "reproduce", "X1", "-w", workspace)
    assert done.returncode == 5, done.stderr
    assert "differs: 6 of 24 numbers of 12 trials" in done.stdout
    assert "likely cause 1: record: nothing else explains it" in done.stdout
    assert "it would change from supported to refuted" in done.stdout
    table = next(line for line in done.stdout.splitlines() if line.startswith("m "))
    assert table.split()[1:3] == ["6", "40"]
    told = scientist("experiment", "reproduce", "X1", "-w", workspace, "--json")
    assert told.returncode == 5
    drifted = json.loads(told.stdout)["drifted"]
    assert {(d["arm"], d["metric"]) for d in drifted} == {("new", "m")}
    assert all(d["absolute"] == pytest.approx(40) for d in drifted)
    with Journal(workspace / "journal") as journal:
        events = [entry.data for entry in journal.entries("experiment_reproduced")]
    assert [event["drifted"] for event in events] == [6, 6]
    assert events[0]["verdict_before"] == "supported" != events[0]["verdict_after"]


def test_another_version_of_a_library_is_named(written: Callable[..., Path], tier: Tier) -> None:
    environment = {"python": "3.11.7", "numpy": "1.0.0"}
    found = again(written(alter=shifted, environment=environment), tier)
    assert found.causes[0].kind == "library"
    assert "numpy 1.0.0 then" in found.causes[0].text


def test_identical_numbers_under_another_version_are_identical(
    written: Callable[..., Path], tier: Tier
) -> None:
    found = again(written(environment={"numpy": "1.0.0"}, runner_hash="d" * 64), tier)
    assert found.holds
    assert [change.kind for change in found.changed] == ["runner", "library"]


def test_a_runner_that_changed_comes_first(written: Callable[..., Path], tier: Tier) -> None:
    found = again(written(alter=shifted, runner_hash="d" * 64), tier)
    assert found.causes[0].kind == "runner"
    assert "dddddddddddd then" in found.causes[0].text


@pytest.mark.parametrize(
    ("promise", "says"),
    [("", "the code does not repeat itself: two"), ("DETERMINISTIC = False\n", "as it declares")],
)
def test_code_that_does_not_repeat_itself_is_found_out(
    written: Callable[..., Path], tier: Tier, promise: str, says: str
) -> None:
    code = "import os\ndef trial(arm, seed): return {'m': os.urandom(8)[0] + seed / 7}\n"
    found = again(written(promise + code), tier)
    assert not found.holds
    (cause,) = found.causes
    assert cause.kind == "nondeterministic"
    assert says in cause.text


def test_trials_that_give_no_result_any_more_are_missing(
    written: Callable[..., Path], tier: Tier
) -> None:
    broken = (
        "def trial(arm, seed):\n    if arm == 'new': raise ValueError('no')\n    return {'m': 1}"
    )
    present = [
        Trial(arm="new", seed=s, metrics={"m": 1.0}, seconds=0) for s in sealed(broken).seeds
    ]
    found = again(written(broken, alter=lambda trials: [*trials, *present]), tier)
    assert len(found.comparison.missing) == PAIRS
    assert not found.comparison.drifts
    (cause,) = [cause for cause in found.causes if cause.kind == "trials"]
    assert "ended as failed (ValueError: no)" in cause.text
    assert found.verdict_after == Verdict.INFEASIBLE


def test_trials_that_were_left_out_of_the_record_appear(
    written: Callable[..., Path], tier: Tier
) -> None:
    found = again(written(alter=lambda trials: trials[:-1], status="failed", reason="no"), tier)
    assert len(found.comparison.appeared) == 1
    assert (found.verdict_before, found.comparison.drifts) == (Verdict.INFEASIBLE, ())
    assert found.verdict_after != Verdict.INFEASIBLE
    assert found.causes[0].text.startswith("1 trials gave a result now and none then")


def test_an_experiment_that_the_rule_stopped_early_is_run_as_far_as_it_went(
    written: Callable[..., Path], tier: Tier
) -> None:
    workspace = written(alter=lambda trials: trials[:6], plan={"looks": (3, PAIRS)})
    found = again(workspace, tier)
    assert len(found.recorded.planned) == 6
    assert found.holds


def test_a_record_that_contradicts_itself_does_not_hold(
    written: Callable[..., Path], tier: Tier
) -> None:
    workspace = written(code_hash="d" * 64, parameters={"n": 3})
    with Journal(workspace / "journal", write=True) as journal:
        record = audit.recorded(journal, "X1")
        given = judge.judge(record.protocol, record.trials)
        said = given.model_copy(update={"verdict": Verdict.INFEASIBLE})
        journal.append(Judged(experiment="X1", protocol_digest=record.digest, judgement=said))
    found = again(workspace, tier)
    assert found.comparison.identical
    assert not found.holds
    assert [cause.kind for cause in found.causes] == ["code", "parameters", "record"]
    assert (
        found.causes[-1].text == f"the record says infeasible, its own trials give {given.verdict}"
    )


def test_what_cannot_be_reproduced_is_refused_with_the_reason(
    written: Callable[..., Path], campaign: Path
) -> None:
    done = scientist("experiment", "reproduce", "X9", "-w", campaign)
    assert done.returncode == 2
    assert "there is no experiment X9" in done.stderr
    assert "hint: scientist experiment list" in done.stderr
    workspace = written(alter=lambda _: (), status="timeout", reason="longer than 30 s")
    done = scientist("experiment", "reproduce", "X1", "-w", workspace, "--json")
    assert done.returncode == 2
    message = json.loads(done.stdout)["error"]["message"]
    assert "measured nothing (timeout: longer than 30 s)" in message


def test_a_running_experiment_is_not_reproduced(written: Callable[..., Path]) -> None:
    workspace = written()
    with Journal(workspace / "journal", write=True) as journal:
        started = next(journal.entries("experiment_started")).data
        journal.append(ExperimentStarted.model_validate(started | {"experiment": "X2"}), "C1")
        with pytest.raises(UsageError, match="no end on record"):
            audit.recorded(journal, "X2")


def test_a_record_without_its_code_or_with_other_code_is_refused(
    written: Callable[..., Path],
) -> None:
    workspace = written()
    with Journal(workspace / "journal") as journal:
        blob = next(journal.entries("protocol_sealed")).data["code_blob"]
        blobs.path(journal.blob_folder, blob).unlink()
        with pytest.raises(JournalError, match="the code of experiment X1 is not in the record"):
            audit.recorded(journal, "X1")
    done = scientist("experiment", "reproduce", "X1", "-w", workspace)
    assert done.returncode == 5
    assert "hint: restore the journal folder" in done.stderr


@pytest.mark.parametrize("lines", ["", "no trial\n", '{"arm": "new"}\n'])
def test_trials_that_are_none_are_refused(written: Callable[..., Path], lines: str) -> None:
    workspace = written()
    with Journal(workspace / "journal", write=True) as journal:
        ended = next(journal.entries("experiment_finished")).data
        started = next(journal.entries("experiment_started")).data
        other = {"experiment": "X2"}
        journal.append(ExperimentStarted.model_validate(started | other), "C1")
        journal.append(
            ExperimentFinished.model_validate(ended | other | {"trials_blob": journal.put(lines)})
        )
        with pytest.raises(JournalError, match="the trials of experiment X2"):
            audit.recorded(journal, "X2")


def test_a_reproduction_that_was_killed_can_be_asked_for_again(
    written: Callable[..., Path],
) -> None:
    slow = CODE.replace("    n = 40", "    import time; time.sleep(0.3)\n    n = 40")
    workspace = written(slow)
    line = command("experiment", "reproduce", "X1", "-w", workspace)
    with subprocess.Popen(
        line, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as killed:
        place = workspace / "runs" / "reproduce-X1" / "run-1" / "trials.jsonl"
        until(lambda: place.exists() and place.read_text().count("\n") > 2, 120)
        with Journal(workspace / "journal") as journal:
            record = audit.recorded(journal, "X1")
        with pytest.raises(WorkspaceError, match="is being reproduced just now"):
            audit.reproduce(record, workspace / "runs", LIMITS, tiers.choose())
        os.kill(killed.pid, signal.SIGKILL)
    done = scientist("experiment", "reproduce", "X1", "-w", workspace)
    assert done.returncode == 0, done.stderr
    assert "identical: 24 numbers of 12 trials" in done.stdout
    assert not list((workspace / "runs").iterdir())
    with Journal(workspace / "journal") as journal:
        assert journal.count("experiment_reproduced") == 1
