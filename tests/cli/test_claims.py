"""`scientist claim` and what it says: stated, pinned, opposed; no model and no experiment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaigns import scientist

GENERAL = "stable lowers shifted_error compared with pooled"


@pytest.fixture(scope="module")
def stated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one claim."""
    workspace = tmp_path_factory.mktemp("stated") / "w"
    assert scientist("claim", "add", GENERAL, "-w", workspace).returncode == 0
    return workspace


def test_a_hint_of_a_claim_names_the_workspace_and_that_of_a_kit_does_not(stated: Path) -> None:
    unknown = scientist("claim", "pin", "A9", "-w", stated)
    assert unknown.returncode == 2
    assert f"hint: scientist claim list -w {stated} --all" in unknown.stderr
    misnamed = scientist("claim", "add", f"{GENERAL} for luck = 1", "-w", stated)
    assert misnamed.returncode == 2
    assert misnamed.stderr.rstrip().endswith("hint: scientist kit show causal_features")


def test_pins_that_contradict_each_other_are_told_with_the_way_out(stated: Path) -> None:
    contrary = GENERAL.replace("lowers", "raises")
    assert scientist("claim", "add", contrary, "-w", stated).returncode == 0
    assert "A1 is pinned" in scientist("claim", "pin", "a1", "-w", stated).stdout
    both = scientist("claim", "pin", "A2", "-w", stated)
    told = f"open, all is pinned; to decide it: scientist claim unpin -w {stated} A1 (or A2)"
    assert told in both.stdout
    assert f"hint: scientist claim unpin -w {stated} A1" in both.stderr
    assert scientist("check", "-w", stated).returncode == 1
    undone = scientist("claim", "unpin", "A2", "-w", stated, "--json")
    found = json.loads(undone.stdout)
    assert found["claim"]["standing"] == "given up (K1)"
    assert [one["open"] for one in found["conflicts"]] == [False]
    assert scientist("check", "-w", stated).returncode == 0


def test_a_text_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    text = f"{GENERAL} for shift = 1. {GENERAL.replace('lowers', 'raises')}."
    ran = scientist("check", text, "-w", tmp_path)
    assert ran.returncode == 1
    assert "conflict: sign flip" in ran.stdout
    assert f"text.1    {GENERAL} for shift = 1" in ran.stdout


def test_what_a_terminal_would_obey_is_not_printed(tmp_path: Path) -> None:
    added = scientist("claim", "add", "red \x1b[31m alert \x07 end", "-w", tmp_path / "w")
    assert added.returncode == 0
    for command in ("list", "show A1"):
        shown = scientist("claim", *command.split(), "-w", tmp_path / "w").stdout
        assert "alert" in shown
        assert not {"\x1b", "\x07"} & set(shown)
