"""Kits on the command line: found by meaning, shown, swept, copied, run and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaigns import scientist

from scientist.audit.drawing import trial_plot
from scientist.journal import Journal
from scientist.lab.kits import all_kits, load
from scientist.science.protocol import SMOKE_FROM


def test_a_sentence_finds_the_kit_that_it_is_about() -> None:
    done = scientist(
        *("kit", "list", "--json", "--about"),
        "learners that keep features whose relation is stable do better when the cue is reversed",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found[0]["name"] == "causal_features"
    near = [kit["nearness"] for kit in found]
    assert near == sorted(near, reverse=True)
    assert {kit["name"] for kit in found} == {kit.name for kit in all_kits()}


def test_what_a_kit_cannot_show_is_shown_with_the_commands_that_use_it() -> None:
    done = scientist("kit", "show", "causal_features")
    assert done.returncode == 0, done.stderr
    assert "It cannot show" in " ".join(done.stdout.split())
    assert "turns at    shift = 0" in done.stdout
    for following in ("kit run causal_features", "kit sweep causal_features"):
        assert f"scientist {following}" in done.stderr


def test_a_mistyped_kit_gets_the_nearest_name() -> None:
    done = scientist("kit", "show", "causal_feature")
    assert done.returncode == 2
    assert "hint: scientist kit show causal_features" in done.stderr


def test_a_sweep_measures_every_arm_at_every_level_on_seeds_that_never_count(
    tmp_path: Path,
) -> None:
    sweep = ("kit", "sweep", "causal_features", "--seeds", 2, "--param", "samples=50")
    done = scientist(*sweep, "-w", tmp_path / "w", "--json", "--plot", tmp_path / "s.svg")
    assert done.returncode == 0, done.stderr
    kit, found = load("causal_features"), json.loads(done.stdout)
    levels = sorted({*kit.parameters["shift"].levels(), kit.parameters["shift"].default})
    assert set(found["curves"]) == set(kit.arms)
    assert all([point[0] for point in points] == levels for points in found["curves"].values())
    pooled = [value for _, value, _ in found["curves"]["pooled"]]
    assert pooled[-1] > pooled[0] + 0.2
    assert "shifted_error over shift" in (tmp_path / "s.svg").read_text()
    with Journal(tmp_path / "w" / "journal") as journal:
        (entry,) = journal.entries("swept")
        lines = b"".join(journal.get(blob) for blob in entry.data["trials_blobs"]).splitlines()
    assert all(seed >= SMOKE_FROM for seed in entry.data["seeds"])
    assert len(lines) == len(levels) * len(kit.arms) * 2
    assert entry.data["parameters"]["samples"] == 50
    again = scientist(*sweep, "-w", tmp_path / "w", "--json")
    assert json.loads(again.stdout) == found


@pytest.mark.parametrize(
    "wrong",
    [
        ("--over", "luck"),
        ("--metric", "luck"),
        ("--seeds", "1"),
        ("--param", "shift=0"),
        ("--plot", "picture.png"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused_before_any_trial(
    tmp_path: Path, wrong: tuple[str, str]
) -> None:
    done = scientist("kit", "sweep", "causal_features", *wrong, "-w", tmp_path / "w")
    assert done.returncode == 2, done.stderr
    assert "error: " in done.stderr
    assert not (tmp_path / "w" / "runs").exists() or not any((tmp_path / "w" / "runs").iterdir())


def test_a_copied_kit_runs_as_an_experiment_of_ones_own_and_is_drawn(tmp_path: Path) -> None:
    copied = scientist("kit", "copy", "causal_features", tmp_path / "own", "--param", "shift=0")
    assert copied.returncode == 0, copied.stderr
    again = scientist("kit", "copy", "causal_features", tmp_path / "own")
    assert again.returncode == 2
    done = scientist(
        *("experiment", "run", tmp_path / "own", "--pairs", 8, "-w", tmp_path / "w"),
        *("--plot", tmp_path / "x.svg"),
    )
    assert done.returncode == 0, done.stderr
    assert "REFUTED" in done.stdout
    assert "shift = 0" in done.stdout
    assert "each mark is a seed" in done.stdout
    svg = (tmp_path / "x.svg").read_text()
    assert "stable minus pooled" in svg
    assert svg.count("<circle") >= 8 * 2 + 8


def test_a_mean_lies_where_its_numbers_say() -> None:
    value, error = trial_plot.summary([1.0, 2.0, 3.0])
    assert value == 2.0
    assert error == pytest.approx(1 / 3**0.5)
    assert trial_plot.summary([4.0]) == (4.0, 0.0)
