"""Vectors from a server: units in the order of the texts, and an error where it is gone."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scientist.errors import EndpointError, UsageError, WorkspaceError
from scientist.memory import identity, load
from scientist.memory.served import BATCH, MOST_LETTERS
from scientist.memory.store import Store
from scientist.settings import Settings
from scientist.workspace import Workspace

from .words import Words

MODEL = "words"
Told = tuple[int, Any]


@contextmanager
def embedding(
    tell: Callable[[dict[str, Any]], Told], key: str = ""
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server that embeds, and what it is asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**request, "path": self.path})
            allowed = not key or self.headers.get("Authorization") == f"Bearer {key}"
            status, body = tell(request) if allowed else (401, "wrong key")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rows(request: dict[str, Any]) -> Told:
    """Vectors that are no units, the last text first: the index counts."""
    vectors = Words().embed(request["input"])
    data = [{"index": n, "embedding": [3 * x for x in v]} for n, v in enumerate(vectors)]
    return 200, {"data": data[::-1]}


def settings(url: str | None, **more: Any) -> Settings:
    told = {"retries": 1, "connect_timeout": 2, **more}
    return Settings(embedding="served", embedding_endpoint=url, embedding_model=MODEL, **told)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scientist.memory.served.BACKOFF_SECONDS", 0.01)


def test_vectors_are_units_in_the_order_of_the_texts() -> None:
    texts = [f"text number {n}" for n in range(BATCH + 3)]
    with embedding(rows, key="k") as (url, asked):
        served = load(settings(url, embedding_api_key="k"))
        found = served.embed([*texts, "", "word " * 1000])
        assert served.dimension == 64
        assert served.embed([]) == []
    for vector, due in zip(found, Words().embed(texts), strict=False):
        assert vector == pytest.approx(due)
    assert all(math.isclose(math.hypot(*vector), 1) for vector in found)
    assert [len(one["input"]) for one in asked] == [1, 1, 2, BATCH, 5, 1]
    assert {(one["path"], one["model"]) for one in asked} == {("/v1/embeddings", MODEL)}
    assert max(len(text) for one in asked for text in one["input"]) <= MOST_LETTERS
    assert served.id == identity(settings(url)) == f"served {MODEL}"


def test_a_passing_fault_is_tried_again() -> None:
    answers: list[Callable[[dict[str, Any]], Told]] = [lambda _: (503, "busy"), rows]
    with embedding(lambda request: answers.pop(0)(request)) as (url, asked):
        assert len(load(settings(url)).embed(["a"])) == 1
    assert len(asked) == 2


def test_where_a_vector_depends_on_its_neighbours_each_text_is_asked_for_alone() -> None:
    def swayed(request: dict[str, Any]) -> Told:
        texts = request["input"]
        return rows({"input": [f"{text} {len(texts)}" for text in texts]})

    texts = ["one", "two", "three"]
    with embedding(swayed) as (url, asked):
        served = load(settings(url))
        assert served.embed(texts) == [served.embed([text])[0] for text in texts]
    assert [len(one["input"]) for one in asked] == [1, 1, 2, *[1] * 6]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((404, {"message": "no such model"}), "refuses to embed (404)"),
        ((200, b"<html>"), "not with JSON"),
        ((200, {"data": []}), "are not 1 vectors"),
        ((200, {"data": [{"index": 0, "embedding": [0.0, 0.0]}]}), "are not 1 vectors"),
        ((200, {"data": [{"index": 0, "embedding": "AAAA"}]}), "are not 1 vectors"),
    ],
)
def test_what_is_no_vector_is_an_error_and_never_one(told: Told, said: str) -> None:
    with embedding(lambda _: told) as (url, _), pytest.raises(EndpointError) as fault:
        load(settings(url)).embed(["a"])
    assert said in fault.value.message
    assert "SCIENTIST_EMBEDDING=minilm scientist rebuild" in fault.value.hint


def test_a_server_that_is_gone_is_told_with_the_way_out() -> None:
    with embedding(rows) as (url, _):
        served = load(settings(url))
    with pytest.raises(EndpointError, match="no server answers") as fault:
        served.embed(["a"])
    assert "scientist rebuild" in fault.value.hint


def test_what_is_not_named_cannot_be_used() -> None:
    with pytest.raises(UsageError, match="no server is named"):
        load(settings(None))
    with pytest.raises(UsageError, match="which model"):
        identity(Settings(embedding="served"))


def test_the_store_knows_which_served_model_it_was_made_with(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with embedding(rows) as (url, asked):
        with Store(workspace, settings(url)) as store:
            assert store.embed(["a", "a"])[0] == pytest.approx(Words().embed(["a"])[0])
            assert store.degradations() == []
        with Store(workspace, settings("http://elsewhere/v1")):
            pass  # the same model at another place
        other = settings(url).model_copy(update={"embedding_model": "other"})
        for wanted in (other, Settings()):
            with pytest.raises(WorkspaceError, match=f"made with the embedding served {MODEL}"):
                Store(workspace, wanted)
    assert len(asked) == 1  # a text is asked for once
