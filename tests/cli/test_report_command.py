"""`scientist audit report`: on demand and at a campaign's end, to the screen and into files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, scientist

from scientist.journal import Journal
from scientist.science.claims import standing


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one finished campaign over essays and one of a given hypothesis."""
    folder = tmp_path_factory.mktemp("reported")
    with ScriptedServer(script=propose) as server:
        ran = scientist(
            *("run", "do stable features lower the error in 9 of 10 worlds?", "--rounds", 1),
            *("--essays", essays(folder / "e"), "--pairs", 8, "-w", folder / "w"),
            *("--endpoint", server.url),
        )
    assert ran.returncode == 0, ran.stderr
    assert f"report: {folder / 'w' / 'reports' / 'C1.html'}" in ran.stderr
    given = scientist("kit", "run", "causal_features", "--pairs", 8, "-w", folder / "w")
    assert given.returncode == 0, given.stderr
    return folder / "w"


def checked(text: str, workspace: Path) -> subprocess.CompletedProcess[str]:
    """What `scientist check` says of a text."""
    return subprocess.run(
        command("check", "-", "-w", workspace),
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(PYTHONUTF8="1"),
    )


def test_a_campaign_leaves_its_report_in_the_workspace(done: Path) -> None:
    names = sorted(path.name for path in (done / "reports").iterdir())
    assert names == ["C1.html", "C1.md", "C2.html", "C2.md"]
    said = (done / "reports" / "C1.md").read_text()
    assert "do stable features lower the error in 9 of 10 worlds?" in said
    assert "[E1:" in said
    assert standing.GIVEN not in said
    given = (done / "reports" / "C2.md").read_text()
    assert standing.GIVEN in given
    assert "| model calls | 0 |" in given


def test_the_last_campaign_is_reported_on_the_screen_unless_another_is_named(done: Path) -> None:
    last = scientist("audit", "report", "-w", done)
    assert last.returncode == 0, last.stderr
    assert last.stdout == (done / "reports" / "C2.md").read_text()
    first = scientist("audit", "report", "c1", "-w", done)
    assert first.stdout.startswith("# Report on campaign C1\n")


def test_check_accepts_a_report_and_refuses_it_when_one_number_is_changed(done: Path) -> None:
    for name in ("C1", "C2"):
        text = scientist("audit", "report", name, "-w", done).stdout
        assert checked(text, done).returncode == 0
        effect = re.search(r"^\| F\d .*?\| (-?0\.\d+) \|", text, re.MULTILINE)
        assert effect
        place = effect.end(1) - 1
        other = str((int(text[place]) + 5) % 10)
        refused = checked(text[:place] + other + text[place + 1 :], done)
        assert refused.returncode == 1
        assert re.search(r"^refused ", refused.stdout, re.MULTILINE)


def test_a_report_of_a_grown_record_still_holds(done: Path, tmp_path: Path) -> None:
    grown = tmp_path / "w"
    shutil.copytree(done, grown)
    text = (grown / "reports" / "C1.md").read_text()
    assert scientist("kit", "run", "reward_density", "--pairs", 8, "-w", grown).returncode == 0
    refused = [
        line for line in checked(text, grown).stdout.splitlines() if line.startswith("refused")
    ]
    assert not [line for line in refused if "adjusted p" not in line and "credence" not in line]


def test_both_forms_are_written_where_they_are_wanted(done: Path, tmp_path: Path) -> None:
    said, page = tmp_path / "r.md", tmp_path / "r.html"
    page.write_text("an older one")
    ran = scientist("audit", "report", "C1", "--markdown", said, "--html", page, "-w", done)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == ""
    assert f"report written to {said}" in ran.stderr
    assert said.read_text() == (done / "reports" / "C1.md").read_text()
    assert page.read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.md"]
    found = json.loads(
        scientist("audit", "report", "C1", "--html", page, "--json", "-w", done).stdout
    )
    assert found["files"] == [str(page)]
    assert found["state"] == "completed"
    assert found["findings"] == ["F1"]
    assert "markdown" in json.loads(scientist("audit", "report", "--json", "-w", done).stdout)


def test_what_cannot_be_written_is_refused_and_nothing_is_lost(done: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.html"
    kept.write_text("keep me")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "none" / "r.html", tmp_path / "folder", kept / "r.html"):
        ran = scientist("audit", "report", "C1", "--html", target, "-w", done)
        assert ran.returncode == 2, target
        assert f"hint: scientist audit report -w {done} C1 --html" in ran.stderr
        assert "Traceback" not in ran.stderr
    both = scientist("audit", "report", "C1", "--html", kept, "--markdown", kept, "-w", done)
    assert both.returncode == 2
    assert kept.read_text() == "keep me"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "kept.html"]


def test_a_campaign_that_is_not_there_is_said_with_what_to_do(done: Path, tmp_path: Path) -> None:
    wrong = scientist("audit", "report", "C9", "-w", done)
    assert wrong.returncode == 2
    assert "there is no campaign C9" in wrong.stderr
    with Journal(tmp_path / "w" / "journal", write=True):
        pass
    empty = scientist("audit", "report", "-w", tmp_path / "w")
    assert empty.returncode == 2
    assert "hint: scientist run" in empty.stderr


def test_a_report_that_cannot_be_kept_takes_nothing_from_the_campaign(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "reports").write_text("in the way")
    ran = scientist("kit", "run", "causal_features", "--pairs", 8, "-w", tmp_path / "w")
    assert ran.returncode == 0, ran.stderr
    assert "F1  SUPPORTED" in ran.stdout
    assert "warning: the report was not written" in ran.stderr
    assert f"hint: scientist audit report C1 --html C1.html -w {tmp_path / 'w'}" in ran.stderr
    assert (tmp_path / "w" / "reports").read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(done: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        ran = scientist("audit", "report", "--html", tmp_path / "r.html", "-w", done)
    finally:
        tmp_path.chmod(0o700)
    assert ran.returncode == 2
    assert "cannot be written" in ran.stderr
