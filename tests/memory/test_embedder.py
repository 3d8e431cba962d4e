"""`scientist model serve --embedding`: MiniLM in a process of its own, as real clients use it."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from campaigns import essays
from ports import free_port

from scientist.catalog import MINILM
from scientist.errors import EndpointError, UsageError
from scientist.llm.serving import launch, records
from scientist.llm.serving.found import settle
from scientist.llm.serving.records import Record
from scientist.memory import load
from scientist.settings import SERVED, Settings
from scientist.settings import load as resolve
from tests.llm.serving.vllm_server import run

NAME = MINILM.name
SAID = {"embedding": "served"}
TEXTS = ["Models that learn causes keep working.", "Short.", "", "word " * 150]
Server = tuple[Path, Record]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The user's folder and the record of a server that the command started."""
    folder = tmp_path_factory.mktemp("servers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIENTIST_RUNTIME_DIR", str(folder))
        began = run(folder, "model", "serve", "--embedding", "--port", free_port())
        assert began.returncode == 0, began.stderr
        assert "SCIENTIST_EMBEDDING=served scientist rebuild" in began.stderr
        record = records.embedding(None, None)
        assert record
        assert f"{NAME} is served at {record.url}" in began.stdout
        yield folder, record
        for place, one in records.every():
            launch.end(place, one)


def ask(record: Record, body: Any, key: str | None = None, path: str = "/embeddings") -> Any:
    headers = {"Authorization": f"Bearer {record.key if key is None else key}"}
    return httpx2.post(f"{record.url}{path}", json=body, headers=headers, timeout=60)


def test_who_says_served_finds_it_and_gets_the_vectors_of_minilm(server: Server) -> None:
    found = settle(resolve(None, SAID))
    assert found.origins["embedding_endpoint"] == found.origins["embedding_model"] == SERVED
    embedding, here = load(found.values), load(Settings())
    assert (embedding.id, embedding.dimension) == (f"served {NAME}", here.dimension)
    texts = [*TEXTS[:2], *(f"text number {number}" for number in range(40))]
    for vector, due in zip(embedding.embed(texts), here.embed(texts), strict=True):
        assert vector == pytest.approx(due, abs=1e-5)
    assert settle(resolve(None)).values.embedding_endpoint is None
    for other in ({"embedding_model": "o/m"}, {"embedding_endpoint": "http://127.0.0.1:1/v1"}):
        assert SERVED not in settle(resolve(None, {**SAID, **other})).origins.values()


def test_the_key_of_our_server_is_known_where_its_address_is_named_by_hand(server: Server) -> None:
    _, record = server
    told = settle(resolve(None, {**SAID, "embedding_endpoint": f"{record.url}/"})).values
    assert (told.embedding_model, told.embedding_api_key) == (NAME, record.key)
    assert len(load(told).embed(["a"])) == 1


def test_it_is_no_model_to_talk_to(server: Server) -> None:
    found = settle(resolve(None))
    assert (found.values.endpoint, found.values.model) == (None, None)


def test_the_client_of_openai_reads_its_vectors(server: Server) -> None:
    _, record = server
    with openai.OpenAI(base_url=record.url, api_key=record.key) as client:
        assert [model.id for model in client.models.list()] == [NAME]
        packed = client.embeddings.create(model=NAME, input=TEXTS)  # it asks for base64
        plain = client.embeddings.create(model=NAME, input=TEXTS, encoding_format="float")
    assert [row.index for row in packed.data] == [0, 1, 2, 3]
    assert packed.usage.prompt_tokens > 150
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"model": "other", "input": "a"}, 404, "not served"),
        ({"model": NAME}, 400, "input"),
        ({"model": NAME, "input": []}, 400, "1 to 2048"),
        ({"model": NAME, "input": ["a"] * 2049}, 400, "1 to 2048"),
        ({"model": NAME, "input": [1, 2]}, 400, "text"),
        ({"model": NAME, "input": "a", "dimensions": 10}, 400, "384"),
        ({"model": NAME, "input": "a", "encoding_format": "int8"}, 400, "base64"),
        ([], 400, "object"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    server: Server, body: Any, status: int, said: str
) -> None:
    answer = ask(server[1], body)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]


def test_nobody_without_the_key_is_answered(server: Server) -> None:
    folder, record = server
    for headers in ({}, {b"Authorization": b"Bearer wrong"}, {b"Authorization": "ü".encode()}):
        assert httpx2.get(f"{record.url}/models", headers=headers).status_code == 401
        body = {"input": ["a" * 1000] * 2000}
        answer = httpx2.post(f"{record.url}/embeddings", json=body, headers=headers)
        assert answer.status_code == 401
    assert ask(record, {}, path="/elsewhere").status_code == 404
    shown = run(folder, "model", "status", "--json").stdout
    assert (record.key in shown, record.key in " ".join(record.command)) == (False, False)
    (row,) = json.loads(shown)
    assert (row["model"], row["backend"], row["state"]) == (NAME, "onnx", "served")


def test_a_request_that_never_ends_keeps_nobody_waiting(server: Server) -> None:
    _, record = server
    port = int(record.url.removesuffix("/v1").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as silent:
        head = f"POST /v1/embeddings HTTP/1.1\r\nAuthorization: Bearer {record.key}\r\n"
        silent.sendall(f"{head}Content-Length: 100\r\n\r\n".encode())
        assert ask(record, {"input": "a"}).status_code == 200
    assert ask(record, {"input": "a"}).status_code == 200


def test_commands_in_processes_of_their_own_share_one_embedding(
    server: Server, tmp_path: Path
) -> None:
    folder, _ = server
    place = ("-w", tmp_path / "w")
    served = {"SCIENTIST_EMBEDDING": "served"}
    added = run(folder, "corpus", "add", essays(tmp_path / "e"), *place, **served)
    assert added.returncode == 0, added.stderr
    search = ("corpus", "search", "stable features", *place, "--json")
    found = run(folder, *search, **served)
    assert json.loads(found.stdout), found.stderr
    refused = run(folder, *search)
    assert (
        f"made with the embedding served {NAME}" in json.loads(refused.stdout)["error"]["message"]
    )
    assert run(folder, "doctor", *place, **served).stdout.count(f"served {NAME}") == 1


def test_one_that_was_killed_is_told_with_the_command_that_brings_it_back(server: Server) -> None:
    folder, before = server
    settings = settle(resolve(None, {**SAID, "retries": 0})).values
    os.kill(before.pid, signal.SIGKILL)
    with pytest.raises(EndpointError, match="no server answers") as fault:
        load(settings).embed(["a"])
    assert "scientist model serve --embedding" in fault.value.hint
    port = before.url.removesuffix("/v1").rpartition(":")[2]
    again = run(folder, "model", "serve", "--embedding", "--port", port)
    assert again.returncode == 0, again.stderr
    assert len(load(settle(resolve(None, SAID)).values).embed(["a"])) == 1


def test_a_port_that_is_taken_and_options_that_do_not_fit_are_told(server: Server) -> None:
    folder, record = server
    port = record.url.removesuffix("/v1").rpartition(":")[2]
    other = folder / "other"  # a user who serves nothing yet
    for words, said, hint in (
        (("--port", port), f"port {port} is taken", "serve --embedding --port"),
        (("--context", "512"), "--context is for vLLM", "scientist model serve --embedding"),
        (("--backend", "llamacpp"), "llama.cpp serves no embedding", "serve --embedding"),
        (("--backend", "vllm"), "by its name", "--embedding BAAI/bge-base-en-v1.5"),
    ):
        done = run(other, "model", "serve", "--embedding", *words, "--json")
        told = json.loads(done.stdout)["error"]
        assert done.returncode in (EndpointError.exit_code, UsageError.exit_code)
        assert said in told["message"]
        assert hint in told["hint"]


def test_it_ends_when_it_is_stopped(server: Server) -> None:
    folder, _ = server
    assert run(folder, "model", "stop", NAME).stderr == "1 server ended\n"
    assert records.embedding(None, None) is None
    with pytest.raises(UsageError, match="which model") as fault:
        load(settle(resolve(None, SAID)).values)
    assert fault.value.hint.startswith("scientist model serve --embedding")
