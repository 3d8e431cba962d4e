"""The streams of a command: closed, full, in another locale, left early, interrupted at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from campaigns import command, environment

from scientist.__main__ import main
from scientist.events import Reasoned
from scientist.journal import Journal, verify


def shell(line: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of a command with its redirections."""
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=environment(**changes)
    )


def test_letters_that_the_locale_lacks_are_written_as_escapes(tmp_path: Path) -> None:
    essay = "# Käse\n\n" + "Ein Satz über 日本語 steht hier, lang genug für einen Aufsatz. " * 20
    (tmp_path / "e.md").write_text(essay, encoding="utf-8")
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    added = shell(
        " ".join(command("corpus", "add", tmp_path / "e.md", "-w", tmp_path / "w")), **ascii_only
    )
    assert (added.returncode, added.stderr) == (0, "")
    assert r"K\xe4se" in added.stdout
    listed = shell(
        " ".join(command("corpus", "list", "-w", tmp_path / "w", "--json")), **ascii_only
    )
    assert json.loads(listed.stdout)[0]["title"] == "Käse"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_is_no_failure(tmp_path: Path, closed: str) -> None:
    """And no file of the workspace takes its place, where a library might print into it."""
    (tmp_path / "w").mkdir()
    line = " ".join(command("claim", "add", "nonsense", "-w", tmp_path / "w"))
    ran = shell(f"{line} {closed}")
    assert ran.returncode == 0, ran.stderr
    assert "error" not in ran.stderr
    checked = verify(tmp_path / "w" / "journal")
    assert checked.passed
    assert checked.events


@pytest.mark.parametrize("json_", ["", "--json"])
def test_a_full_disk_behind_stdout_is_said(json_: str) -> None:
    ran = shell(f"{' '.join(command('kit', 'show', 'causal_features'))} {json_} >/dev/full")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: the answer cannot be written: No space left on device\n")
    assert ran.stderr.count("\n") == 2  # with its hint: no traceback, no complaint at the exit
    wrong = shell(f"{' '.join(command('kit', 'show', 'nosuch'))} {json_} >/dev/full")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 2)
    assert "there is no kit 'nosuch'" in wrong.stderr


@pytest.mark.parametrize("after", [0.02, 0.06, 0.12, 0.2])
def test_ctrl_c_while_the_program_loads_is_no_traceback(after: float) -> None:
    """However far it has come after so much processor time.

    Before Python runs our first line there is nobody to ask, and what strikes while it frees an
    object is lost.
    """
    code = (
        "import runpy, signal, sys\n"
        "signal.signal(signal.SIGPROF, signal.default_int_handler)\n"
        f"signal.setitimer(signal.ITIMER_PROF, {after})\n"
        "sys.argv = ['scientist', 'doctor']\n"
        "runpy.run_module('scientist', run_name='__main__')\n"
    )
    for _ in range(5):
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
        )
        if "Exception ignored in" not in ran.stderr:
            break
    assert ran.returncode == 130, (ran.stdout, ran.stderr)
    assert ran.stderr.startswith("error: ")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Error calling __set_name__", KeyboardInterrupt()),
        ("Field x:\n  KeyboardInterrupt: ", None),
    ],
)
def test_ctrl_c_that_became_an_error_is_one_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    message: str,
    cause: BaseException | None,
) -> None:
    """Python makes one of what strikes while a class is made, and pydantic while a model is."""

    class Struck(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(message) from cause

    monkeypatch.setitem(sys.modules, "scientist.cli", Struck("scientist.cli"))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "error: interrupted\n"

    monkeypatch.setitem(sys.modules, "scientist.cli", ModuleType("scientist.cli"))
    with pytest.raises(ImportError):
        main()


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    with Journal(tmp_path / "w" / "journal", write=True) as journal:
        for number in range(20_000):
            journal.append_all([Reasoned(phase="x", source="code", text=str(number))], "C1")
    listing = " ".join(command("config", "show", "-w", tmp_path / "w"))
    for unbuffered in ("", "1"):
        ran = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {listing} | head -1"],
            capture_output=True,
            text=True,
            env=environment(PYTHONUNBUFFERED=unbuffered),
        )
        assert (ran.returncode, ran.stderr) == (0, "")
