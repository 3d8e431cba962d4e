"""A choice is read from log-probabilities, or there is none: it is never guessed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from scripted import MODEL, Fault, Likely, ScriptedServer

from scientist.errors import BudgetError, EndpointError, ModelOutputError
from scientist.journal import Journal, verify
from scientist.llm.choice import choose, choose_many
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, Handle
from scientist.llm.prompting import Rendered
from scientist.settings import Settings

OPTIONS = {"A": "yes", "B": "no", "C": "unknown"}


def prompt(text: str = "u") -> Rendered:
    messages = ({"role": "system", "content": "s"}, {"role": "user", "content": text})
    return Rendered("ask", 2, "f" * 64, "Choice", messages, None, None)


@contextmanager
def asking(
    server: ScriptedServer, journal: Journal | None = None, concurrency: int = 1
) -> Iterator[Client]:
    settings = Settings(retries=1, request_timeout=5, connect_timeout=1, concurrency=concurrency)
    with Client(Handle(Endpoint(server.url, "none", MODEL, "external")), settings, journal) as one:
        yield one


def calls(journal: Journal) -> list[dict[str, Any]]:
    return [entry.data for entry in journal.entries("model_called")]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scientist.llm.client.BACKOFF_SECONDS", 0.01)


def test_the_chances_are_those_of_the_letters_made_to_sum_to_one() -> None:
    answer = Likely({"A": 0.3, " A": 0.1, "B": 0.2, "C": 0.2, "Yes": 0.2})
    with ScriptedServer([answer]) as server, asking(server) as client:
        choice = choose(client, prompt(), OPTIONS)
    assert choice.chances == pytest.approx({"yes": 0.5, "no": 0.25, "unknown": 0.25})
    assert choice.mass == pytest.approx(0.8)
    request = server.requests[0]
    assert (request["max_tokens"], request["logprobs"], request["top_logprobs"]) == (1, True, 20)
    assert request["grammar"] == 'root ::= "A" | "B" | "C"'
    assert request["structured_outputs"] == {"choice": ["A", "B", "C"]}
    server.assert_done()


def test_a_letter_that_is_not_listed_is_as_likely_as_the_last_that_is_at_most() -> None:
    answer = Likely({"A": 0.9, "Yes": 0.06, "Sure": 0.03})
    with ScriptedServer([answer]) as server, asking(server) as client:
        choice = choose(client, prompt(), OPTIONS)
    assert choice.chances["no"] == choice.chances["unknown"] == pytest.approx(0.03 / 0.96)


def test_a_name_is_told_by_how_it_begins_and_a_beginning_is_shared() -> None:
    names = {"scratch": "scratch", "scratch_value": "scratch_value", "fresh": "fresh"}
    answer = Likely({"scr": 0.4, "fresh": 0.2, " f": 0.2, " ": 0.1, "freshly": 0.1})
    with ScriptedServer([answer]) as server, asking(server) as client:
        choice = choose(client, prompt(), names)
    assert choice.chances == pytest.approx({"scratch": 0.25, "scratch_value": 0.25, "fresh": 0.5})
    assert choice.mass == pytest.approx(0.8)
    assert server.requests[0]["grammar"] == 'root ::= "scratch" | "scratch_value" | "fresh"'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("A", "no log-probabilities"),
        (Likely({"A": 1.0}), "the chosen token alone"),
        (Likely({"<think>": 0.99, "Well": 0.01}), "wants to write '<think>'"),
    ],
)
def test_without_chances_there_is_an_error_and_no_guess(
    journal: Journal, answer: Any, said: str
) -> None:
    with (
        ScriptedServer([answer]) as server,
        asking(server, journal) as client,
        pytest.raises(ModelOutputError, match=said) as fault,
    ):
        choose(client, prompt(), OPTIONS)
    assert "scientist model probe" in fault.value.hint
    (call,) = calls(journal)
    assert call["outcome"] == "invalid"
    assert said in call["problem"]


def test_the_journal_keeps_the_exact_bytes_of_a_choice(journal: Journal) -> None:
    with ScriptedServer([Likely({"A": 0.5, "B": 0.5})]) as server, asking(server, journal) as one:
        choose(one, prompt(), OPTIONS)
    (call,) = calls(journal)
    assert journal.get(call["request_blob"]) == server.bodies[0]
    assert b"logprob" in journal.get(call["response_blob"])
    assert (call["prompt"], call["prompt_version"], call["outcome"]) == ("ask", 2, "valid")
    assert verify(journal.folder).passed


def test_a_server_that_refuses_the_constraint_is_asked_without_it() -> None:
    answers = [Fault(400, "unknown parameter: grammar"), Likely({"A": 0.5, "B": 0.25, "C": 0.25})]
    with ScriptedServer(answers) as server, asking(server) as client:
        choice = choose(client, prompt(), OPTIONS)
    assert choice.chances["yes"] == pytest.approx(0.5)
    assert "grammar" not in server.requests[1]
    server.assert_done()


def test_a_server_that_fails_for_good_is_an_endpoint_error() -> None:
    with (
        ScriptedServer([Fault(503), Fault(503)]) as server,
        asking(server) as client,
        pytest.raises(EndpointError),
    ):
        choose(client, prompt(), OPTIONS)


def by_text(request: dict[str, Any]) -> Likely:
    first = int(request["messages"][1]["content"]) / 100
    return Likely({"A": first, "B": (1 - first) / 2, "C": (1 - first) / 2})


def test_many_choices_come_in_order_each_journaled_with_its_own_bytes(journal: Journal) -> None:
    numbers = [90, 10, 70, 30, 50, 60, 20]
    with ScriptedServer(script=by_text) as server, asking(server, journal, 3) as client:
        prompts = [prompt(str(number)) for number in numbers]
        found = [c.chances["yes"] for c in choose_many(client, prompts, OPTIONS)]
    assert found == pytest.approx([number / 100 for number in numbers])
    kept = {journal.get(call["request_blob"]) for call in calls(journal)}
    assert kept == set(server.bodies)
    assert len(kept) == len(numbers)
    assert verify(journal.folder).passed


def test_many_choices_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=60)

    def wait(request: dict[str, Any]) -> Any:
        together.wait()
        return by_text(request)

    answers = [wait] * 3
    with ScriptedServer(answers) as server, asking(server, concurrency=3) as client:
        prompts = [prompt(str(number)) for number in (10, 20, 30)]
        assert len(list(choose_many(client, prompts, OPTIONS))) == 3


def test_what_the_budget_refuses_is_not_asked() -> None:
    left = [None, None]

    def allow() -> None:
        if not left:
            raise BudgetError("the tokens are spent")
        left.pop()

    with ScriptedServer(script=by_text) as server, asking(server) as client:
        found = choose_many(client, [prompt("50")] * 5, OPTIONS, allow=allow)
        assert len([next(found), next(found)]) == 2
        with pytest.raises(BudgetError):
            next(found)
        assert len(server.requests) == 2
