"""The embedded server for real: shared, revived, ended when idle. A tiny model is enough."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel
from waiting import until

from scientist.errors import EndpointError
from scientist.llm import embedded
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, connect, resolve
from scientist.llm.probe import probe
from scientist.llm.prompting import Rendered
from scientist.llm.server import BATCH_TOKENS, start_time
from scientist.llm.serving import figures
from scientist.settings import Settings

pytestmark = pytest.mark.model
SETTINGS = Settings(model="smollm2-135m", context=2048, idle_seconds=2, retries=2)


class Colour(BaseModel):
    colour: Literal["grue", "bleen"]


PROMPT = Rendered(
    name="colour",
    version=1,
    hash="0" * 64,
    schema="Colour",
    messages=({"role": "user", "content": "What colour is the sky?"},),
    temperature=0.0,
    max_tokens=40,
)


@pytest.fixture(autouse=True)
def _own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SCIENTIST_RUNTIME_DIR", str(tmp_path / "run"))
    yield
    for state in embedded.servers():
        os.kill(state["pid"], signal.SIGKILL)


def test_it_starts_on_first_use_and_obeys_a_schema() -> None:
    with connect(SETTINGS) as handle, Client(handle, SETTINGS) as client:
        answer = client.ask(PROMPT, Colour, seed=1)
        assert answer.value.colour in ("grue", "bleen")
        assert answer.usage.prompt > 0
        assert handle.endpoint.model_digest == resolve(SETTINGS).digest


@pytest.mark.parametrize("own", [None, "77"])
def test_its_threads_do_not_spin_for_long_unless_the_user_wants_it(
    own: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if own:
        monkeypatch.setenv("GOMP_SPINCOUNT", own)
    with connect(SETTINGS):
        (state,) = embedded.servers()
        told = Path(f"/proc/{state['pid']}/environ").read_bytes().split(b"\0")
        mapped = Path(f"/proc/{state['pid']}/maps").read_text()
    wanted = own or embedded.WAITING["GOMP_SPINCOUNT"]
    assert f"GOMP_SPINCOUNT={wanted}".encode() in told
    assert "libgomp" in mapped  # who else ran the threads would not listen


def test_two_commands_share_one_server_and_the_key_is_needed() -> None:
    import httpx2

    code = (
        "from scientist.llm.endpoint import connect; from scientist.settings import Settings\n"
        "s = Settings(model='smollm2-135m', context=2048, idle_seconds=2)\n"
        "with connect(s) as h: print(h.endpoint.url)\n"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    with connect(SETTINGS) as handle:
        urls = {other.communicate(timeout=240)[0].strip() for other in others}
        assert urls == {handle.endpoint.url}
        assert len(embedded.servers()) == 1
        refused = httpx2.post(
            f"{handle.endpoint.url}/chat/completions",
            json={"messages": [{"role": "user", "content": "hi"}]},
            headers={"Authorization": "Bearer wrong"},
        )
        assert refused.status_code == 401
        state = next(embedded.runtime_folder().glob("*/state.json"))
        assert state.stat().st_mode & 0o077 == 0


def test_a_killed_server_costs_one_retried_call() -> None:
    with connect(SETTINGS) as handle, Client(handle, SETTINGS) as client:
        client.ask(PROMPT, Colour, seed=1)
        os.kill(embedded.servers()[0]["pid"], signal.SIGKILL)
        assert client.ask(PROMPT, Colour, seed=1).value.colour in ("grue", "bleen")


def test_a_silent_server_is_replaced_and_the_old_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(embedded, "HEALTH_SECONDS", 0.5)
    with connect(SETTINGS) as handle:
        (old,) = embedded.servers()
        os.kill(old["pid"], signal.SIGSTOP)
        fresh = handle.revive()
        assert fresh.url != old["url"]
        assert start_time(old["pid"]) is None
        assert len(embedded.servers()) == 1


def test_a_live_server_is_kept_by_revive() -> None:
    with connect(SETTINGS) as handle:
        before = handle.endpoint
        assert handle.revive() == before


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pid": 1, "start_time": 1}', "3"])
def test_a_state_file_that_makes_no_sense_is_ignored(content: str) -> None:
    folder = embedded.folder_of(resolve(SETTINGS), SETTINGS)
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(content)
    assert embedded.servers() == []
    assert not embedded.stop(folder)


def test_a_starter_that_is_killed_leaves_one_server_at_most() -> None:
    code = (
        "import os; from scientist.llm import embedded, endpoint\n"
        "from scientist.settings import Settings\n"
        "s = Settings(model='smollm2-135m', context=2048, idle_seconds=2)\n"
        "embedded._await = lambda *_: os.kill(os.getpid(), 9)\n"
        "with endpoint.connect(s): pass\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    with connect(SETTINGS) as handle:
        (state,) = embedded.servers()
        time.sleep(2)
        assert handle.revive().url == state["url"]
        assert embedded.servers() == [state]


def test_relative_folders_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").mkdir()
    source = resolve(SETTINGS).path
    (tmp_path / "cache" / source.name).symlink_to(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCIENTIST_RUNTIME_DIR", "run")
    with connect(SETTINGS.model_copy(update={"cache_dir": Path("cache")})) as handle:
        assert handle.endpoint.model == "smollm2-135m"


def test_a_runtime_folder_that_cannot_be_used_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with monkeypatch.context() as changed:
        changed.setenv("SCIENTIST_RUNTIME_DIR", str(tmp_path / "file"))
        with pytest.raises(EndpointError, match="cannot keep") as caught, connect(SETTINGS):
            pass
    assert "SCIENTIST_RUNTIME_DIR" in caught.value.hint


ASKING = """
import json, sys
import httpx2
url, key, request = sys.argv[1:]
headers = {"Authorization": f"Bearer {key}"}
with httpx2.stream("POST", url, json=json.loads(request), headers=headers, timeout=600) as answer:
    for line in answer.iter_lines():
        print(line, flush=True)
"""


@contextmanager
def asking(endpoint: Endpoint, words: int, most: int) -> Iterator[subprocess.Popen[str]]:
    """A client of its own process that asks for a long answer; it is killed at the end."""
    said = " ".join(f"word{number * 7919 % 9973}" for number in range(words))
    request = {
        "messages": [{"role": "user", "content": said}],
        "max_tokens": most,
        "ignore_eos": True,
        "stream": True,
        "return_progress": True,
    }
    place = f"{endpoint.url}/chat/completions"
    command = [sys.executable, "-c", ASKING, place, endpoint.api_key, json.dumps(request)]
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield client
    finally:
        client.kill()
        client.communicate()


def at_rest(endpoint: Endpoint) -> figures.Figures:
    """What the server tells when it works on nothing any more."""

    def rests() -> bool:
        time.sleep(2)  # whoever asks more often than once a second keeps it from looking around
        told = figures.read(endpoint.url, endpoint.api_key)
        return not told.running and not told.waiting

    until(rests, 180)
    return figures.read(endpoint.url, endpoint.api_key)


def test_who_is_killed_is_written_for_no_longer() -> None:
    with connect(SETTINGS) as handle:
        with asking(handle.endpoint, words=5, most=1900) as client:
            assert client.stdout
            assert sum('"content"' in next(client.stdout) for _ in range(20))
        written = at_rest(handle.endpoint).written_tokens
        assert written is not None
        assert written < 1900


def test_who_is_killed_is_read_for_no_longer() -> None:
    settings = SETTINGS.model_copy(update={"context": 8192})
    with connect(settings) as handle:
        with asking(handle.endpoint, words=1300, most=1) as client:
            assert client.stdout
            told = (json.loads(said.removeprefix("data: ")) for said in client.stdout if said[1:])
            steps = (one["prompt_progress"] for one in told if "prompt_progress" in one)
            first = next(step for step in steps if step["processed"])
        assert first["total"] > 6000
        assert first["processed"] == BATCH_TOKENS
        read = at_rest(handle.endpoint).prompt_tokens
        assert read is not None
        assert read < 4000


def test_it_stays_while_it_is_leased_and_ends_when_idle() -> None:
    with connect(SETTINGS):
        time.sleep(SETTINGS.idle_seconds + 2)
        (state,) = embedded.servers()
    until(lambda: not embedded.servers(), 60, 0.2)
    assert not start_time(state["pid"])


def test_one_that_is_kept_stays_until_it_is_stopped() -> None:
    with connect(SETTINGS):
        (folder,) = (path.parent for path in embedded.runtime_folder().glob("*/state.json"))
        embedded.keep(folder)
    time.sleep(SETTINGS.idle_seconds + 2)
    (state,) = embedded.servers()
    assert embedded.stop(folder)
    until(lambda: not start_time(state["pid"]), 60)


def test_weights_that_cannot_be_loaded_are_explained(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(1000))
    with (
        pytest.raises(EndpointError, match="did not start") as caught,
        connect(Settings(model=str(broken))),
    ):
        pass
    assert "log" in caught.value.hint


def test_the_probe_finds_what_the_server_can_do() -> None:
    with connect(SETTINGS) as handle:
        found = probe(handle, SETTINGS)
    assert found.supports("json schema")
    assert found.supports("log-probabilities")
    assert found.supports("prefix caching")
    assert not found.supports("native tools")
    results = {item.what: item.result for item in found.items}
    assert results["context"] == "2048"
    assert float(results["speed"]) > 0
