"""`scientist check` through the command line, on the record of a real campaign."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, scientist


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one finished campaign."""
    folder = tmp_path_factory.mktemp("checked")
    with ScriptedServer(script=propose) as server:
        ran = scientist(
            *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", folder / "w", "--endpoint", server.url),
        )
    assert ran.returncode == 0, ran.stderr
    return folder / "w"


def test_every_recorded_finding_is_bound(done: Path) -> None:
    ran = scientist("check", "-w", done)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "refused" not in ran.stdout
    assert re.search(r"F1 +ok +supported|F1 +ok +refuted|F1 +ok +inconclusive", ran.stdout)
    found = json.loads(scientist("check", "-w", done, "--json").stdout)
    assert [one["finding"] for one in found["findings"]] == ["F1"]
    assert all(one["bound"] and not one["problems"] for one in found["findings"])
    assert found["conflicts"] == []


def test_a_made_up_number_is_refused_with_exit_1(done: Path) -> None:
    ran = scientist("check", "F1 has n = 8 and p = 0.9999.", "-w", done)
    assert ran.returncode == 1
    assert re.search(r"^ok +8 +X\d: pairs$", ran.stdout, re.MULTILINE)
    assert re.search(r"^refused +0.9999 +it is not", ran.stdout, re.MULTILINE)
    as_json = scientist("check", "F9 is supported.", "-w", done, "--json")
    assert as_json.returncode == 1
    document = json.loads(as_json.stdout)
    assert document["bound"] is False
    assert "no F9" in document["entries"][0]["reason"]


def test_a_quote_of_the_corpus_is_bound_by_its_address(done: Path) -> None:
    said = 'It says "Pooling all environments makes a learner lean on the spurious cue" [E1:2].'
    assert scientist("check", said, "-w", done).returncode == 0
    false = said.replace("spurious", "helpful")
    assert scientist("check", false, "-w", done).returncode == 1


def test_a_text_may_come_from_stdin(done: Path) -> None:
    def piped(text: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command("check", "-", "-w", done),
            input=text,
            capture_output=True,
            timeout=60,
            env=environment(PYTHONUTF8="1"),
        )

    assert piped(b"F1 has n = 8.").returncode == 0
    assert piped(b"F1 has n = 9.").returncode == 1
    nothing = piped(b"Nothing is said here.")
    assert nothing.returncode == 0
    assert b"no number and no comparison" in nothing.stderr
    broken = piped(b"F1 has n = \xff\xfe.")
    assert broken.returncode == 2
    assert b"hint: " in broken.stderr


def test_a_record_without_findings_is_told(tmp_path: Path) -> None:
    ran = scientist("check", "0.5", "-w", tmp_path / "none")
    assert ran.returncode == 2
    assert "hint: " in ran.stderr
    (tmp_path / "w" / "journal").mkdir(parents=True)
    bare = scientist("check", "--corpus", "-w", tmp_path / "w")
    assert bare.returncode == 2  # and no model was started to find that out
    assert "no essays yet" in bare.stderr
    judged = scientist("check", "--judge", "-w", tmp_path / "w")
    assert judged.returncode == 0
    assert "no plain sentence" in judged.stderr
    empty = scientist("check", "-w", tmp_path / "w")
    assert empty.returncode == 0
    assert "no findings yet" in empty.stderr
