"""What many tests share: a journal, a workspace, and a place for downloads."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scientist.journal import Journal

for _folder in ("", "agent"):
    sys.path.insert(0, str(Path(__file__).parent / _folder))  # for scripted, campaigns


# who runs the tests in the background of a script hands down a Ctrl-C that is ignored
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", write=True) as opened:
        yield opened


@pytest.fixture(autouse=True, scope="session")
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What modules share is made by a user of this session; keys and anchors stay in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the settings of the user who runs it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "SCIENTIST_ENDPOINT", "SCIENTIST_MODEL"):
        monkeypatch.delenv(name, raising=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules stay together, so that what they share is made once; the model has one user."""
    for item in items:
        shared = [
            name for name in ("model", "vllm", "ray", "browser") if item.get_closest_marker(name)
        ]
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else str(item.path)))
