"""The embedded server for real: shared, revived, ended when idle. A tiny model is enough."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from scientist.errors import EndpointError
from scientist.llm import embedded
from scientist.llm.client import Client
from scientist.llm.endpoint import connect, resolve
from scientist.llm.probe import probe
from scientist.llm.prompting import Rendered
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
        urls = {other.communicate(timeout=60)[0].strip() for other in others}
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


def test_it_stays_while_it_is_leased_and_ends_when_idle() -> None:
    with connect(SETTINGS):
        time.sleep(SETTINGS.idle_seconds + 2)
        (state,) = embedded.servers()
    deadline = time.monotonic() + 15
    while embedded.servers() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert embedded.servers() == []
    assert not embedded._start_time(state["pid"])


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
