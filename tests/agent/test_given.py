"""Hypotheses that a user gives: a kit with settings, or a folder of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from campaigns import scientist

from scientist.agent import given
from scientist.errors import UsageError
from scientist.journal import Journal, project, verify
from scientist.lab import kits
from scientist.records import Direction

CODE = """
import numpy as np

ARMS = {"averaged": "the mean of several looks", "single": "one look"}
METRICS = {"error": "distance to the truth"}


def trial(arm, seed, looks=9):
    rng = np.random.default_rng(seed)
    truth = rng.normal()
    seen = truth + rng.normal(size=int(looks))
    guess = seen.mean() if arm == "averaged" else seen[0]
    return {"error": float(abs(guess - truth))}
"""
PLAN = {
    "treatment": "averaged",
    "control": "single",
    "metric": "error",
    "direction": "decrease",
    "smallest_effect": 0.1,
}


def own(folder: Path, code: str = CODE, parameters: Any = None, **plan: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.py").write_text(code)
    (folder / "protocol.json").write_text(json.dumps({**PLAN, **plan}))
    if parameters is not None:
        (folder / "params.json").write_text(json.dumps(parameters))
    return folder


def test_a_kit_compares_what_it_does_by_default_but_for_what_is_named() -> None:
    kit = kits.load("causal_features")
    usual = given.of_kit(kit, {})
    assert (usual.treatment, usual.control) == (kit.default.treatment, kit.default.control)
    assert usual.direction == kit.default.direction
    name = next(iter(kit.parameters))
    value = kit.parameters[name].high
    swapped = given.of_kit(kit, {name: value}, usual.control, usual.treatment, direction="increase")
    assert swapped.statement.startswith(f"With {kits.setting(name, value)}, {usual.control} raises")
    assert swapped.conditions == (name,)
    assert swapped.direction is Direction.INCREASE
    for wrong in (
        {"treatment": "nobody"},
        {"metric": "nothing"},
        {"treatment": kit.default.control},
    ):
        with pytest.raises(UsageError) as refused:
            given.of_kit(kit, {}, **wrong)
        assert refused.value.hint == "scientist kit show causal_features"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"treatment": "nobody"}, "has no arm 'nobody'"),
        ({"direction": "up"}, "direction"),
        ({"smallest_effect": 0}, "smallest_effect"),
        ({"surprise": 1}, "surprise"),
        ({"parameters": [1]}, "must be an object of numbers"),
        ({"parameters": {"looks": [1]}}, "must be an object of numbers"),
    ],
)
def test_a_folder_that_does_not_say_what_it_compares_is_refused(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        given.of_folder(own(tmp_path / "own", **change))


def test_a_folder_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        given.of_folder(tmp_path / "none")
    for name in ("experiment.py", "protocol.json"):
        folder = own(tmp_path / name)
        (folder / name).unlink()
        with pytest.raises(UsageError, match=f"there is no .*{name}"):
            given.of_folder(folder)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (CODE.replace("ARMS", "ARM"), "ARMS is not defined"),
        (CODE.replace("def trial", "def run"), "there is no function trial"),
        (CODE.replace("(arm, seed", "(seed, arm"), "trial must take (arm, seed, ...)"),
        (CODE.replace("def trial", "deff trial"), "does not parse: invalid syntax in line 8"),
    ],
)
def test_a_slip_of_the_pen_is_refused_before_anything_is_recorded(
    tmp_path: Path, code: str, problem: str
) -> None:
    folder = own(tmp_path / "own", code)
    done = scientist("experiment", "run", folder, "-w", tmp_path / "w")
    assert done.returncode == 2
    assert problem in done.stderr
    assert "hint: what it must define: scientist experiment run --help" in done.stderr
    assert not (tmp_path / "w").exists()


def test_a_link_that_leads_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not for an experiment")
    folder = own(tmp_path / "own", script={"command": ["cat", "data.txt"]})
    (folder / "data.txt").symlink_to(secret)
    with pytest.raises(UsageError, match=r"data.txt is a link"):
        given.of_folder(folder)


def test_a_kit_runs_from_the_command_line_to_a_finding_without_a_model(tmp_path: Path) -> None:
    done = scientist(
        *("kit", "run", "causal_features", "--param", "samples=200", "-w", tmp_path / "w"),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (finding,) = report["findings"]
    assert finding["judgement"]["verdict"] in ("supported", "refuted", "inconclusive")
    assert finding["deviations"] == []
    assert report["tokens"] == 0
    with Journal(tmp_path / "w" / "journal") as journal:
        kinds = {entry.kind for entry in journal.entries()}
        assert "model_called" not in kinds
        sealed = list(journal.entries("protocol_sealed"))
        assert project.hypotheses(journal)[0].record.parameters["samples"] == 200
    stages = [entry.data["protocol"]["stage"] for entry in sealed]
    assert stages == (["first", "confirmation"] if finding["first"] else ["first"])
    again = scientist("audit", "verify", "--deep", "-w", tmp_path / "w")
    assert again.returncode == 0, again.stderr
    assert "findings recomputed: 1" in again.stdout


def test_code_of_ones_own_is_sealed_confirmed_and_recorded(tmp_path: Path) -> None:
    folder = own(tmp_path / "own", parameters={"looks": 16})
    done = scientist("experiment", "run", folder, "-w", tmp_path / "w", "--json")
    assert done.returncode == 0, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["judgement"]["verdict"] == "supported"
    assert finding["first"]["judgement"]["verdict"] == "supported"
    assert finding["first"]["experiment"] == "X1"
    assert finding["experiment"] == "X2"
    assert finding["deviations"] == []
    listed = scientist("finding", "list", "-w", tmp_path / "w")
    assert "adjusted p" in listed.stdout
    assert verify(tmp_path / "w" / "journal").passed
    with Journal(tmp_path / "w" / "journal") as journal:
        first, second = (e.data["protocol"] for e in journal.entries("protocol_sealed"))
    assert set(first["seeds"]).isdisjoint(second["seeds"])
    assert first["smoke_seeds"] == second["smoke_seeds"]
    assert second["level"] > first["level"] / 2  # a discovery earns something back


def test_code_that_does_not_use_its_arm_is_infeasible_and_the_reason_says_so(
    tmp_path: Path,
) -> None:
    code = CODE.replace('if arm == "averaged" else seen[0]', "if arm else seen[0]")
    done = scientist(
        "experiment", "run", own(tmp_path / "own", code), "-w", tmp_path / "w", "--json"
    )
    assert done.returncode == 0, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["judgement"]["verdict"] == "infeasible"
    assert "gave the same numbers on every seed" in finding["judgement"]["reason"]
    assert finding["experiment"] == ""


SCRIPT = """
import json, os, random
plan = json.load(open(os.environ["SCIENTIST_PLAN"]))
base = float(open("base.txt").read())
for arm, seed in plan["trials"]:
    noise = random.Random(seed).gauss(0, 0.1)
    extra = random.Random(f"{arm}{seed}").gauss(0, 0.05)
    metrics = {"loss": base + noise + extra - (plan["parameters"]["gain"] if arm == "new" else 0)}
    with open(os.environ["SCIENTIST_RESULTS"], "a") as results:
        results.write(json.dumps({"arm": arm, "seed": seed, "metrics": metrics}) + "\\n")
"""


def test_a_script_with_its_files_is_sealed_run_recorded_and_reproduced(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    (folder / "base.txt").write_text("2.0")
    (folder / "params.json").write_text('{"gain": 0.5}')
    plan = {
        "treatment": "new",
        "control": "old",
        "metric": "loss",
        "direction": "decrease",
        "smallest_effect": 0.1,
        "script": {"command": ["python3", "train.py"]},
    }
    (folder / "protocol.json").write_text(json.dumps(plan))
    done = scientist("experiment", "run", folder, "-w", tmp_path / "w", "--json")
    assert done.returncode == 0, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert finding["judgement"]["verdict"] == "supported", finding
    assert finding["deviations"] == []
    with Journal(tmp_path / "w" / "journal") as journal:
        sealed = next(journal.entries("protocol_sealed")).data["protocol"]
    assert sealed["data_hash"]
    (folder / "base.txt").write_text("3.0")  # the record keeps what was run
    again = scientist("experiment", "reproduce", "X1", "-w", tmp_path / "w")
    assert again.returncode == 0, again.stderr
    assert "identical" in again.stdout


def test_the_same_question_again_is_another_test_on_other_seeds(tmp_path: Path) -> None:
    folder = own(tmp_path / "own", smallest_effect=5.0)
    for _ in range(2):
        done = scientist(
            "experiment", "run", folder, "-w", tmp_path / "w", "--pairs", "10", "--json"
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["findings"][0]["judgement"]["verdict"] == "refuted"
    with Journal(tmp_path / "w" / "journal") as journal:
        first, second = (e.data["protocol"] for e in journal.entries("protocol_sealed"))
    assert set(first["seeds"]).isdisjoint(second["seeds"])
    assert second["level"] < first["level"]


def test_a_parameter_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    for word, says in (("samples", "is not NAME=VALUE"), ("nothing=1", "has no parameter")):
        done = scientist("kit", "run", "causal_features", "--param", word, "-w", tmp_path / "w")
        assert done.returncode == 2
        assert says in done.stderr
    assert not (tmp_path / "w").exists()
