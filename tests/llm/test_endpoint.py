"""Which server is talked to, and what is said when it is not what it should be."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ports import free_port
from scripted import ScriptedServer

from scientist import artifacts
from scientist.errors import EndpointError, UsageError
from scientist.llm.endpoint import connect, resolve
from scientist.settings import Settings


def found(**settings: Any) -> Any:
    with connect(Settings(connect_timeout=1, **settings)) as handle:
        return handle.endpoint


def test_the_one_model_of_a_server_is_taken() -> None:
    with ScriptedServer(models=["only"]) as server:
        assert found(endpoint=server.url).model == "only"


def test_the_path_may_be_left_out() -> None:
    with ScriptedServer() as server:
        assert found(endpoint=server.url.removesuffix("/v1")).url == server.url


def test_several_models_need_a_choice() -> None:
    with ScriptedServer(models=["a", "b"]) as server:
        with pytest.raises(EndpointError, match="several models: a, b") as caught:
            found(endpoint=server.url)
        assert caught.value.hint == f"scientist run --endpoint {server.url} --model a"
        assert found(endpoint=server.url, model="b").model == "b"


def test_a_model_that_is_not_served_is_named_with_those_that_are() -> None:
    with (
        ScriptedServer(models=["a"]) as server,
        pytest.raises(EndpointError, match="does not serve 'c'; it serves: a"),
    ):
        found(endpoint=server.url, model="c")


def test_nobody_there() -> None:
    with pytest.raises(EndpointError, match="no model server answers") as caught:
        found(endpoint=f"http://127.0.0.1:{free_port()}/v1")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "body",
    [
        b"<html>login</html>",
        b"[]",
        b'{"data": 3}',
        b'{"data": [{}]}',
        b'{"data": ["an id"]}',
        b'{"data": [{"id": 3}]}',
        b"\xff\xfe",
        b"",
    ],
)
def test_something_else_is_there(body: bytes) -> None:
    with (
        ScriptedServer(models_body=body) as server,
        pytest.raises(EndpointError, match="not as an OpenAI-compatible server"),
    ):
        found(endpoint=server.url)


def test_a_key_is_needed_and_used() -> None:
    with ScriptedServer(key="right") as server:
        with pytest.raises(EndpointError, match="refuses the key") as caught:
            found(endpoint=server.url, api_key="wrong")
        assert caught.value.hint == f"SCIENTIST_API_KEY=… scientist run --endpoint {server.url}"
        assert found(endpoint=server.url, api_key="right").api_key == "right"


@pytest.mark.parametrize(
    "given",
    ["localhost:8000", "nonsense", "ftp://x/v1", "http://", "http://[::1", "http://host:99999/v1"],
)
def test_what_is_no_url_is_a_usage_error(given: str) -> None:
    with pytest.raises(UsageError, match="is no URL"):
        found(endpoint=given)


def test_a_key_in_the_url_is_refused_since_urls_are_recorded() -> None:
    with pytest.raises(UsageError, match="does not belong") as caught:
        found(endpoint="http://user:hush@localhost:8000/v1")
    assert "hush" not in caught.value.message + caught.value.hint


def test_a_key_that_cannot_be_sent_is_a_usage_error() -> None:
    with ScriptedServer() as server, pytest.raises(UsageError, match="API key"):
        found(endpoint=server.url, api_key="schlüssel")


def test_nobody_there_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    get = httpx2.get
    monkeypatch.setattr(httpx2, "get", lambda url, **how: asked.append(url) or get(url, **how))
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        fillers = []
        for _ in range(4):  # a full queue: the next connection gets no answer at all
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        with pytest.raises(EndpointError, match="no model server answers"):
            found(endpoint=f"http://127.0.0.1:{port}")
        assert len(asked) == 1
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize(
    ("about", "context"),
    [
        ('"max_model_len": 4096', 4096),
        ('"meta": {"n_ctx": 2048}', 2048),
        ('"meta": "none"', None),
        ('"max_model_len": "many"', None),
    ],
)
def test_the_context_is_taken_where_the_server_says_it(about: str, context: int | None) -> None:
    body = f'{{"data": [{{"id": "other"}}, {{"id": "m", {about}}}]}}'.encode()
    with ScriptedServer(models_body=body) as server:
        assert found(endpoint=server.url, model="m").context == context


def test_more_context_than_a_model_has_is_refused() -> None:
    with pytest.raises(UsageError, match="has a context of 8192") as caught:
        resolve(Settings(model="smollm2-135m", context=9000))
    assert "SCIENTIST_CONTEXT=8192" in caught.value.hint


def test_own_weights_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF and more")
    settings = Settings(model=str(tmp_path / "own.gguf"), cache_dir=tmp_path / "cache")
    first = resolve(settings)
    assert first.digest == hashlib.sha256(b"GGUF and more").hexdigest()
    monkeypatch.setattr(artifacts, "digest", lambda _: "hashed again")
    assert resolve(settings) == first
    (tmp_path / "own.gguf").write_bytes(b"GGUF other")
    assert resolve(settings).digest == "hashed again"


def test_an_unknown_embedded_model_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"qwen2\.5-coder-1\.5b"):
        resolve(Settings(model="nonsense"))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no weights at"):
        resolve(Settings(model=str(tmp_path / "x.gguf")))
    (tmp_path / "x.gguf").write_bytes(b"not a model")
    with pytest.raises(UsageError, match="no GGUF file"):
        resolve(Settings(model=str(tmp_path / "x.gguf")))
