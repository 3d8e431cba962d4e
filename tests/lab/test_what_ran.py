"""What really ran is recorded by whoever ran it, and held against the seal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import until

from scientist.agent.effects import Effects
from scientist.agent.nodes.judge import judge
from scientist.agent.nodes.record import record
from scientist.agent.nodes.seal import seal
from scientist.errors import ScientistError
from scientist.events import (
    ExperimentFinished,
    ExperimentStarted,
    HypothesisProposed,
    ProtocolSealed,
)
from scientist.journal import Journal, project
from scientist.lab import experiments, kits
from scientist.lab.experiments import Run
from scientist.lab.tiers import UNSAFE, Tier
from scientist.records import Direction, Hypothesis, Protocol, Trial, Verdict
from scientist.science import protocol as protocols
from scientist.science import stream
from scientist.settings import Settings

CODE = "def trial(arm, seed, scale=1): return {'m': float(seed)}\n"
CODE_DIFFERS = "the code that ran is not the code that was sealed"
NO_SANDBOX = Tier(UNSAFE, None)


def finish(run: Run) -> experiments.Outcome:
    experiments.launch(run)
    return experiments.wait(run)


def test_the_supervisor_says_what_it_ran_and_how(prepared: Callable[..., Run], tier: Tier) -> None:
    run = prepared(CODE, parameters={"scale": 2}, wall_seconds=19)
    ran = finish(run).ran
    assert ran.code_hash == hashlib.sha256(CODE.encode()).hexdigest()
    assert ran.runner_hash == experiments.runner_hash()
    assert ran.parameters == {"scale": 2}
    assert ran.tier == tier.name
    assert ran.limits["wall_seconds"] == 19


def test_code_and_parameters_changed_before_the_start_are_told_apart(
    prepared: Callable[..., Run],
) -> None:
    run = prepared(CODE, parameters={"scale": 2})
    other = CODE.replace("seed)}", "seed + 1)}")
    (run.folder / "input" / "experiment.py").write_text(other)
    plan = json.loads((run.folder / "input" / "params.json").read_text())
    plan["parameters"]["scale"] = 3
    (run.folder / "input" / "params.json").write_text(json.dumps(plan))
    outcome = finish(run)
    assert outcome.status == "done"
    assert outcome.ran.code_hash == hashlib.sha256(other.encode()).hexdigest()
    assert outcome.ran.parameters == {"scale": 3}


def test_a_run_prepared_without_a_sandbox_runs_in_one_if_the_resume_asks_for_one(
    prepared: Callable[..., Run], tier: Tier
) -> None:
    code = "import os\ndef trial(arm, seed): return {'pid': float(os.getppid())}\n"
    prepared(code, tier=NO_SANDBOX, wall_seconds=5)
    run = prepared(code, wall_seconds=19)
    outcome = finish(run)
    assert outcome.ran.tier == tier.name
    assert outcome.ran.limits["wall_seconds"] == 19
    assert outcome.trials[0].metrics["pid"] < 10  # a process space of its own


def test_a_run_prepared_in_a_sandbox_and_resumed_without_one_says_so(
    prepared: Callable[..., Run],
) -> None:
    prepared(CODE)
    assert finish(prepared(CODE, tier=NO_SANDBOX)).ran.tier == UNSAFE
    assert finish(prepared(CODE)).ran.tier == UNSAFE  # it is over: what was, was


def test_a_run_lost_before_its_end_still_says_what_it_ran(prepared: Callable[..., Run]) -> None:
    run = prepared(CODE)
    whole = finish(run)
    (run.folder / "status.json").unlink()
    lost = experiments.collect(run)
    assert lost.status == "lost"
    assert lost.ran == whole.ran
    (run.folder / "ran.jsonl").unlink()
    assert experiments.collect(run).ran == experiments.Ran()


def lose(run: Run) -> None:
    """As if the supervisor had been killed after the first trial."""
    (run.folder / "status.json").unlink()
    lines = (run.folder / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (run.folder / "trials.jsonl").write_bytes(b"".join(lines[:2]))


def test_what_differs_between_two_attempts_matches_no_seal(prepared: Callable[..., Run]) -> None:
    run = prepared(CODE, parameters={"scale": 2})
    before = finish(run).ran
    lose(run)
    other = CODE.replace("seed)}", "seed + 1)}")
    (run.folder / "input" / "experiment.py").write_text(other)
    plan = json.loads((run.folder / "input" / "params.json").read_text())
    plan["parameters"]["scale"] = 3
    (run.folder / "input" / "params.json").write_text(json.dumps(plan))
    outcome = finish(run)
    assert outcome.status == "done"
    hashes = [hashlib.sha256(code.encode()).hexdigest() for code in (CODE, other)]
    assert [ran.code_hash for ran in outcome.attempts] == hashes
    assert outcome.ran.code_hash == " or ".join(hashes)
    assert outcome.ran.parameters == {"in part 1": {"scale": 2}, "in part 2": {"scale": 3}}
    assert outcome.ran.tier == before.tier
    assert outcome.ran.limits == before.limits


def test_a_run_taken_up_again_keeps_its_limits_and_a_run_in_another_tier_is_made_anew(
    prepared: Callable[..., Run], tier: Tier
) -> None:
    run = prepared(CODE, wall_seconds=19)
    finish(run)
    lose(run)
    again = prepared(CODE, wall_seconds=12)
    assert finish(again).ran.limits["wall_seconds"] == 19
    lose(run)
    anew = prepared(CODE, tier=NO_SANDBOX)
    assert experiments.state(anew) == "ready"
    assert (run.folder.parent / "run.lost-1" / "trials.jsonl").exists()


def test_input_that_changes_while_it_runs_ends_the_experiment(prepared: Callable[..., Run]) -> None:
    code = """
        import os, time
        def trial(arm, seed):
            time.sleep(1)
            os.kill(os.getppid(), 9)
    """
    run = prepared(code)
    experiments.launch(run)
    noted = run.folder / "ran.jsonl"
    until(lambda: noted.exists() and noted.stat().st_size)
    (run.folder / "input" / "experiment.py").write_text(CODE)
    outcome = experiments.wait(run)
    assert outcome.status == "failed"
    assert outcome.reason == "the input was changed while the experiment ran"


def test_environments_of_several_workers_are_all_shown(prepared: Callable[..., Run]) -> None:
    run = prepared(CODE)
    one = finish(run)
    with (run.folder / "trials.jsonl").open("a") as file:
        file.write(json.dumps({"environment": one.environment | {"numpy": "1.0"}}) + "\n")
    both = experiments.collect(run)
    assert both.environment["numpy"] == f"{one.environment['numpy']} or 1.0"
    assert both.environment["python"] == one.environment["python"]
    assert both.trials == one.trials


@pytest.fixture
def hypothesis() -> Hypothesis:
    kit = kits.all_kits()[0]
    metric = kit.default.metric
    return Hypothesis(
        id="H1",
        statement="so it is",
        quotes=(),
        kit=kit.name,
        factor=kit.factor,
        treatment=kit.default.treatment,
        control=kit.default.control,
        metric=metric,
        direction=Direction(kit.default.direction),
        smallest_effect=kit.smallest_effect(metric),
        parameters=kit.validate_parameters({}),
    )


@pytest.fixture
def protocol(hypothesis: Hypothesis) -> Protocol:
    return protocols.plan(
        hypothesis,
        pairs=8,
        alpha=0.05,
        level=stream.next_level([], 0.05),
        code_hash=kits.load(hypothesis.kit).code_hash,
        runner_hash=experiments.runner_hash(),
    )


@pytest.fixture
def bench(tmp_path: Path, hypothesis: Hypothesis) -> Iterator[Any]:
    """As much of a campaign as a node that asks no model needs."""
    with Journal(tmp_path / "journal", write=True) as journal:
        journal.append(HypothesisProposed(hypothesis=hypothesis), "C1")
        yield SimpleNamespace(
            campaign="C1",
            journal=journal,
            effects=Effects(journal, "C1"),
            settings=Settings(pairs=8),
            code_of=lambda protocol: kits.load(protocol.kit).code,
            toolkit=SimpleNamespace(use=lambda *_, **__: None),
        )


def recorded(bench: Any, protocol: Protocol, **ended: Any) -> Any:
    """The finding of an experiment that ended so."""
    journal, digest = bench.journal, protocols.digest(protocol)
    runtime: Any = SimpleNamespace(context=bench)
    pairs = [(arm, seed) for seed in protocol.seeds for arm in protocol.arms]
    run = [
        Trial(arm=arm, seed=seed, metrics={protocol.metric: float(seed % 7)}, seconds=0.1)
        for arm, seed in pairs[: ended.pop("trials", len(pairs))]
    ]
    lines = "".join(trial.model_dump_json() + "\n" for trial in run)
    journal.append_all(
        [
            ProtocolSealed(
                protocol=protocol,
                digest=digest,
                code_blob=journal.put(kits.load(protocol.kit).code),
            ),
            ExperimentStarted(
                experiment="X1",
                hypothesis="H1",
                protocol_digest=digest,
                run_folder="x",
                tier="A",
                limits={},
            ),
            ExperimentFinished(
                **{
                    "experiment": "X1",
                    "protocol_digest": digest,
                    "status": "done",
                    "reason": "",
                    "trials": len(run),
                    "trials_blob": journal.put(lines),
                    "output_blob": None,
                    "environment": {},
                    "seconds": 1.0,
                    "code_hash": protocol.code_hash,
                    "runner_hash": protocol.runner_hash,
                    "parameters": protocol.parameters,
                    **ended,
                }
            ),
        ],
        "C1",
    )
    state: Any = {
        "round": 1,
        "digest": digest,
        "protocol": protocol.model_dump(mode="json"),
        "experiment": "X1",
        "first": None,
        "problems": [],
        "smoke": {"flags": []},
    }
    state |= judge(state, runtime)
    record(state, runtime)
    (view,) = project.findings(journal)
    return view.record


def test_a_run_of_what_was_sealed_has_no_deviations(bench: Any, protocol: Protocol) -> None:
    finding = recorded(bench, protocol)
    assert finding.deviations == ()
    assert finding.judgement.pairs == 8


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        ({"code_hash": "d" * 64}, CODE_DIFFERS),
        ({"code_hash": kits.all_kits()[0].code_hash + " or " + "d" * 64}, CODE_DIFFERS),
        ({"runner_hash": "d" * 64}, "the runner that ran is not the runner that was sealed"),
        ({"runner_hash": ""}, "there is no record of the runner that ran"),
        ({"parameters": {}}, "the parameters that were used are not those that were sealed"),
    ],
)
def test_a_run_of_something_else_is_a_deviation_of_the_finding(
    bench: Any, protocol: Protocol, ended: dict[str, Any], says: str
) -> None:
    assert recorded(bench, protocol, **ended).deviations == (says,)


def test_a_finding_without_all_its_pairs_says_how_the_experiment_ended(
    bench: Any, protocol: Protocol
) -> None:
    finding = recorded(bench, protocol, trials=12, status="timeout", reason="longer than 300 s")
    assert finding.judgement.verdict is Verdict.INFEASIBLE
    assert finding.judgement.reason == (
        "2 of 8 sealed pairs have no valid result; "
        "the experiment ended as timeout: longer than 300 s"
    )
    assert finding.deviations == ("4 of 16 planned trials are missing",)


def test_a_kit_that_changed_since_the_plan_is_not_sealed(bench: Any, protocol: Protocol) -> None:
    runtime: Any = SimpleNamespace(context=bench)
    changed = protocol.model_copy(update={"code_hash": "d" * 64})
    state: Any = {"round": 1, "protocol": changed.model_dump(mode="json")}
    with pytest.raises(ScientistError, match="has changed since the protocol was planned") as told:
        seal(state, runtime)
    assert f"tools/kits/{protocol.kit}.py" in told.value.hint
    assert not list(bench.journal.entries("protocol_sealed"))
    state["protocol"] = protocol.model_dump(mode="json")
    assert seal(state, runtime)["digest"] == protocols.digest(protocol)
