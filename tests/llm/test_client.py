"""The client against a real server that misbehaves in every way a server can."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from scripted import MODEL, Fault, ScriptedServer

from scientist.errors import BudgetError, EndpointError, ModelOutputError, ScientistError
from scientist.journal import Journal, verify
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, Handle
from scientist.llm.prompting import Rendered
from scientist.settings import Settings

GOOD = {"colour": "red", "count": 2}


class Sky(BaseModel):
    colour: Literal["red", "blue"]
    count: int


PROMPT = Rendered(
    name="sky",
    version=3,
    hash="f" * 64,
    schema="Sky",
    messages=({"role": "system", "content": "s"}, {"role": "user", "content": "u"}),
    temperature=None,
    max_tokens=None,
)


@contextmanager
def asking(
    server: ScriptedServer, journal: Journal | None = None, **settings: Any
) -> Iterator[Any]:
    values = Settings(**{"retries": 2, "request_timeout": 5, "connect_timeout": 1, **settings})
    handle = Handle(Endpoint(server.url, "none", MODEL, "external"))
    with Client(handle, values, journal, "C1") as client:
        yield client


def calls(journal: Journal) -> list[dict[str, Any]]:
    return [entry.data for entry in journal.entries("model_called")]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scientist.llm.client.BACKOFF_SECONDS", 0.01)


def test_what_is_done_with_an_answer_is_no_time_of_the_model(tmp_path: Path) -> None:
    def slow(_: Sky) -> None:
        time.sleep(1.5)

    with (
        Journal(tmp_path / "journal", write=True) as journal,
        ScriptedServer([GOOD]) as server,
        asking(server, journal) as client,
    ):
        began = time.monotonic()
        client.ask(PROMPT, Sky, check=slow)
        took = time.monotonic() - began
        (call,) = calls(journal)
    assert call["seconds"] <= took - 1.5


def test_an_answer_is_typed_and_its_tokens_are_counted() -> None:
    with ScriptedServer([GOOD]) as server, asking(server) as client:
        answer = client.ask(PROMPT, Sky, seed=5)
    assert answer.value == Sky(colour="red", count=2)
    assert answer.usage.cached == 7
    assert answer.usage.completion > 0
    assert server.requests[0]["seed"] == 5
    assert server.requests[0]["response_format"]["json_schema"]["name"] == "Sky"
    server.assert_done()


def test_the_journal_keeps_the_exact_bytes_of_both_sides(journal: Journal) -> None:
    with ScriptedServer([GOOD]) as server, asking(server, journal) as client:
        client.ask(PROMPT, Sky, seed=5)
    (call,) = calls(journal)
    assert journal.get(call["request_blob"]) == server.bodies[0]
    response = journal.get(call["response_blob"])
    assert response.startswith(b"data: ")
    assert response.endswith(b"data: [DONE]\n\n")
    assert (call["prompt"], call["prompt_version"], call["seed"]) == ("sky", 3, 5)
    assert call["outcome"] == "valid"
    assert verify(journal.folder).passed


def test_an_invalid_answer_gets_a_repair_turn_that_names_the_problem(journal: Journal) -> None:
    with ScriptedServer(['{"colour": "green"}', GOOD]) as server, asking(server, journal) as client:
        answer = client.ask(PROMPT, Sky)
    assert answer.calls == 2
    told = server.requests[1]["messages"][-1]["content"]
    assert "colour" in told
    assert [call["outcome"] for call in calls(journal)] == ["invalid", "valid"]


def test_a_check_by_the_caller_is_repaired_too() -> None:
    with ScriptedServer([GOOD, {"colour": "blue", "count": 3}]) as server, asking(server) as client:
        answer = client.ask(PROMPT, Sky, check=lambda sky: "too few" if sky.count < 3 else None)
    assert answer.value.count == 3
    assert "too few" in server.requests[1]["messages"][-1]["content"]


def test_a_repair_that_is_not_allowed_is_not_asked_for(journal: Journal) -> None:
    def refuse() -> None:
        raise BudgetError("spent", "")

    with (
        ScriptedServer(["no"]) as server,
        asking(server, journal) as client,
        pytest.raises(BudgetError),
    ):
        client.ask(PROMPT, Sky, allow=refuse)
    server.assert_done()
    assert [call["outcome"] for call in calls(journal)] == ["invalid"]


def test_what_a_check_still_objects_to_after_the_repairs_is_left_to_the_caller() -> None:
    with ScriptedServer([GOOD, GOOD]) as server, asking(server) as client:
        answer = client.ask(PROMPT, Sky, check=lambda _sky: "never good", repairs=1)
    assert answer.calls == 2
    assert answer.value.count == 2
    server.assert_done()


def test_a_model_that_never_obeys_is_an_error_with_a_hint() -> None:
    with (
        ScriptedServer(["no", "", "nonsense"]) as server,
        asking(server) as client,
        pytest.raises(ModelOutputError) as caught,
    ):
        client.ask(PROMPT, Sky)
    assert "scientist model probe" in caught.value.hint
    server.assert_done()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(503),
        Fault(429, headers={"Retry-After": "0.01"}),
        Fault(503, headers={"Retry-After": "1.2.3"}),
        Fault(529),
        Fault(cut_after=1),
        Fault(garbage=b""),
    ],
    ids=["503", "429", "odd wait", "529", "cut", "nothing at all"],
)
def test_a_passing_fault_is_retried(fault: Fault, journal: Journal) -> None:
    with ScriptedServer([fault, GOOD]) as server, asking(server, journal) as client:
        assert client.ask(PROMPT, Sky).value.colour == "red"
    assert [call["outcome"] for call in calls(journal)] == ["fault", "valid"]


def test_a_fault_that_stays_is_an_endpoint_error() -> None:
    with (
        ScriptedServer([Fault(503)] * 3) as server,
        asking(server) as client,
        pytest.raises(EndpointError) as caught,
    ):
        client.ask(PROMPT, Sky)
    assert caught.value.exit_code == 3
    server.assert_done()


def test_a_server_that_hangs_is_given_up_in_time() -> None:
    with (
        ScriptedServer([Fault(delay=3)]) as server,
        asking(server, retries=0, request_timeout=0.2) as client,
        pytest.raises(EndpointError, match="Timeout"),
    ):
        client.ask(PROMPT, Sky)


def test_a_server_that_is_gone_is_an_endpoint_error() -> None:
    with ScriptedServer() as server:
        pass
    with asking(server, retries=1) as client, pytest.raises(EndpointError):
        client.ask(PROMPT, Sky)


def test_a_dead_server_of_ours_is_revived_once() -> None:
    with ScriptedServer() as gone:
        pass
    with ScriptedServer([GOOD]) as server:
        fresh = Endpoint(server.url, "none", MODEL, "embedded")
        handle = Handle(Endpoint(gone.url, "none", MODEL, "embedded"), lambda: fresh)
        with Client(handle, Settings(connect_timeout=1)) as client:
            assert client.ask(PROMPT, Sky).value.count == 2


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b'{"choices": 3}'], ids=["html", "odd json"]
)
def test_garbage_is_named_as_such(body: bytes) -> None:
    with (
        ScriptedServer([Fault(garbage=body)] * 3) as server,
        asking(server) as client,
        pytest.raises(EndpointError, match="not as an OpenAI-compatible server"),
    ):
        client.ask(PROMPT, Sky)


def test_a_server_without_json_schema_is_explained() -> None:
    fault = Fault(400, "response_format of type json_schema is not supported")
    with (
        ScriptedServer([fault]) as server,
        asking(server) as client,
        pytest.raises(ModelOutputError, match="does not support JSON-schema") as caught,
    ):
        client.ask(PROMPT, Sky)
    assert caught.value.exit_code == 1


def test_a_prompt_too_long_for_the_server_names_the_setting() -> None:
    fault = Fault(400, "the request exceeds the available context size")
    with (
        ScriptedServer([fault]) as server,
        asking(server) as client,
        pytest.raises(ScientistError) as caught,
    ):
        client.ask(PROMPT, Sky)
    assert "SCIENTIST_CONTEXT" in caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        '<think>red is warm</think>{"colour": "red", "count": 2}',
        'red is warm</think>{"colour": "red", "count": 2}',
        Fault(text='{"colour": "red", "count": 2}', reasoning="red is warm"),
    ],
    ids=["tags", "closing tag only", "own field"],
)
def test_reasoning_is_kept_apart_from_the_answer(answer: Any, journal: Journal) -> None:
    with ScriptedServer([answer]) as server, asking(server, journal) as client:
        found = client.ask(PROMPT, Sky)
    assert found.value.colour == "red"
    assert found.reasoning == "red is warm"
    assert calls(journal)[0]["reasoning"] == "red is warm"


def test_an_answer_that_was_cut_off_for_length_is_asked_for_again_shorter() -> None:
    cut = Fault(text='{"colour": "re', finish="length")
    with ScriptedServer([cut, GOOD]) as server, asking(server) as client:
        assert client.ask(PROMPT, Sky).calls == 2
    assert "too long" in server.requests[1]["messages"][-1]["content"]


def test_an_answer_that_is_all_reasoning_names_the_setting_that_gives_it_room() -> None:
    lost = Fault(text="", reasoning="let me think", finish="length")
    with (
        ScriptedServer([lost] * 3) as server,
        asking(server, max_output=100) as client,
        pytest.raises(ModelOutputError, match="was reasoning") as caught,
    ):
        client.ask(PROMPT, Sky)
    assert "SCIENTIST_MAX_OUTPUT=200" in caught.value.hint


def test_json_in_a_code_fence_is_read() -> None:
    with (
        ScriptedServer(['```json\n{"colour": "red", "count": 2}\n```']) as server,
        asking(server) as client,
    ):
        assert client.ask(PROMPT, Sky).calls == 1


def test_a_wrong_key_is_explained() -> None:
    with (
        ScriptedServer([Fault(401, "bad key")]) as server,
        asking(server) as client,
        pytest.raises(EndpointError, match="refuses the key"),
    ):
        client.ask(PROMPT, Sky)
