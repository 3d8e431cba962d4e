"""One clean campaign that every audit of a session starts from, and copies of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from campaigns import ScriptedServer, essays, propose, scientist


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of one round with a scripted model: an essay, answers, a finding, a report."""
    folder = tmp_path_factory.mktemp("clean")
    with ScriptedServer(script=propose) as server:
        done = scientist(
            *("run", "--essays", essays(folder / "essays"), "--rounds", 1, "--pairs", 8),
            *("-w", folder / "w"),
            OPENAI_BASE_URL=server.url,
            XDG_DATA_HOME=str(folder / "data"),
        )
    assert done.returncode == 0, done.stderr
    return folder / "w"


@pytest.fixture
def copy(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clean workspace, by the user who made it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(clean.parent / "data"))
    shutil.copytree(clean, tmp_path / "copy")
    return tmp_path / "copy"
