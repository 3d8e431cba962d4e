"""A test is launched as a process of its own, followed, and gone on with after a crash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepared import Desk, opened, prepare
from waiting import until

from scientist.agent import launching
from scientist.errors import UsageError
from scientist.events import HypothesisProposed
from scientist.journal import project
from scientist.lab import kits
from scientist.records import Hypothesis, Rung


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with opened(prepare(tmp_path_factory.mktemp("launching") / "w")) as found:
        yield found


def to_its_end(desk: Desk, campaign: str) -> launching.Followed:
    def seen() -> launching.Followed:
        return launching.follow(desk.workspace, desk.journal, campaign)

    until(lambda: seen().state != "running", 300, 0.2)
    until(lambda: not launching.alive(desk.workspace, campaign), 60, 0.2)  # it writes its report
    return seen()


def process_of(campaign: str, desk: Desk) -> int:
    """The process that was started for a campaign of this workspace."""
    wanted = f"run --resume {campaign} -w {desk.workspace.root}"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode().replace("\0", " ").strip()
            except OSError:
                continue
            if words.endswith(wanted):
                return int(entry.name)
    raise AssertionError(f"nobody runs {campaign}")


def test_a_proposed_hypothesis_is_tested_under_its_own_number(desk: Desk) -> None:
    proposed = desk.tell(
        "propose_hypothesis", kit="causal_features", treatment="reweighted", settings="samples=50"
    )
    (name,) = proposed.cites
    before = desk.journal.count("hypothesis_proposed")
    told = desk.tell("launch_test", hypothesis=name.lower(), pairs=8)
    campaign, tested = told.cites
    assert tested == name
    assert f"{campaign} tests {name}" in told.text
    again = desk.tell("launch_test", hypothesis=name, pairs=8)
    assert f"{campaign} already tests {name}" in again.text
    running = desk.tell("follow_test", campaign=campaign).text
    assert running.startswith(f"{campaign} runs")
    seen = to_its_end(desk, campaign)
    assert seen.state == "ended"
    assert [project.finding(desk.journal, one).record.hypothesis for one in seen.findings] == [name]
    assert desk.journal.count("hypothesis_proposed") == before
    ended = desk.tell("follow_test", campaign=campaign)
    assert seen.findings[0] in ended.cites
    assert f"{campaign} has ended" in ended.text
    assert all(one.trials == one.planned for one in seen.measuring)
    assert "finding show" in launching.output_of(desk.workspace, campaign).read_text()
    assert (desk.workspace.reports / f"{campaign}.md").exists()


def test_a_test_whose_process_was_killed_says_so_and_is_gone_on_with(desk: Desk) -> None:
    wanted = {"kit": "causal_features", "settings": "samples=60", "pairs": 8}
    campaign, hypothesis = desk.tell("launch_test", **wanted).cites
    os.kill(process_of(campaign, desk), signal.SIGKILL)
    seen = to_its_end(desk, campaign)
    assert seen.state == "stopped"
    told = desk.tell("follow_test", campaign=campaign).text
    assert f"scientist run --resume {campaign}" in told
    opened_before = desk.journal.count("campaign_opened")
    again = desk.tell("launch_test", **wanted)
    assert again.cites == (campaign, hypothesis)
    assert f"{campaign} tests {hypothesis}" in again.text
    assert to_its_end(desk, campaign).state == "ended"
    assert desk.journal.count("campaign_opened") == opened_before


def test_a_test_that_cannot_run_says_why_where_it_is_followed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIENTIST_SANDBOX_MEMORY_MB", "1")
    told = desk.tell("launch_test", kit="causal_features", settings="samples=70", pairs=8)
    monkeypatch.delenv("SCIENTIST_SANDBOX_MEMORY_MB")
    seen = to_its_end(desk, told.cites[0])
    assert seen.state == "ended"
    (finding,) = seen.findings
    judged = project.finding(desk.journal, finding).record.judgement
    assert judged.verdict == "infeasible"
    assert "1 MB of memory" in judged.reason


def test_who_wants_each_launch_approved_gets_none_without_a_terminal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIENTIST_APPROVE", "true")
    before = desk.journal.count("campaign_opened")
    with pytest.raises(UsageError, match="approve") as refused:
        desk.tell("launch_test", kit="causal_features", settings="samples=80")
    assert "scientist kit run causal_features" in refused.value.hint
    assert "--param samples=80" in refused.value.hint
    assert desk.journal.count("campaign_opened") == before


def test_code_that_a_model_has_to_write_is_not_launched(desk: Desk) -> None:
    kit = kits.load("causal_features")
    number = f"H{desk.journal.count('hypothesis_proposed') + 1}"
    desk.note(
        HypothesisProposed(
            hypothesis=Hypothesis(
                id=number,
                statement="a new arm lowers shifted_error compared with pooled.",
                quotes=(),
                kit=kit.name,
                factor=kit.factor,
                treatment="new_arm",
                control="pooled",
                metric="shifted_error",
                direction="decrease",
                smallest_effect=0.02,
                rung=Rung.ADAPTED,
                like="stable",
                idea="something else",
            )
        )
    )
    with pytest.raises(UsageError, match="model has to write the code"):
        desk.tell("launch_test", hypothesis=number)
