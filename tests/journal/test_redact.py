"""No secret enters the record, and nothing else is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scripted import ScriptedServer

from scientist.audit.tracing.exchange import answered
from scientist.errors import UsageError
from scientist.events import Reasoned, ToolCalled
from scientist.journal import Journal, verify
from scientist.settings import secrets

KEY = 'a"secret\\of ours é'
SHAPES = (
    "sk-proj-abcDEF0123456789abcdef",
    "hf_" + "aB3" * 12,
    "ghp_" + "aB3" * 12,
    "AKIA" + "ABCD1234" * 2,
)


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_secret_that_is_known_is_hidden_in_events_and_blobs(journal: Journal) -> None:
    journal.hide(KEY, None, "none")
    entry = journal.append(Reasoned(phase="x", source="model", text=f"the key is {KEY}, I hear"))
    blob = journal.put(json.dumps({"key": KEY}, ensure_ascii=False))
    plain = journal.put(f"{KEY} and {KEY}")
    mark = entry.data["text"].removeprefix("the key is ").removesuffix(", I hear")
    assert mark.startswith("[hidden:")
    assert json.loads(journal.get(blob)) == {"key": mark}
    assert journal.get(plain).decode() == f"{mark} and {mark}", "the same secret, the same mark"
    (read,) = journal.entries("reasoned")
    assert read.data == entry.data
    assert verify(journal.folder).passed


@pytest.mark.parametrize("token", SHAPES)
def test_what_has_the_shape_of_a_token_is_hidden(journal: Journal, token: str) -> None:
    arguments = {"header": f"Bearer {token}", "list": [token, "else"]}
    journal.append(
        ToolCalled(tool="x", arguments=arguments, outcome="done", summary=token, seconds=1)
    )
    journal.append(Reasoned(phase="x", source="model", text=f"it is\n{token}\tor\\u0041 {token}"))
    journal.put(f"curl -H 'Authorization: Bearer {token}'")
    journal.put(json.dumps({"arguments": json.dumps({"said": f"it is\n{token}"})}))
    assert token.encode() not in everything(journal.folder)
    (entry,) = journal.entries("tool_called")
    assert entry.data["arguments"]["list"][1] == "else"
    assert entry.data["arguments"]["header"].startswith("Bearer [hidden:")


@pytest.mark.parametrize(
    "text",
    [
        "a task-oriented risk-averse agent, sk-learn",
        "Bearer of good news: hf_ and AKIA stand for themselves",
        "0.1 sk-lasso-with-many-words-and-no-digit",
        "ab" * 32,
    ],
)
def test_what_only_looks_a_little_like_one_stays_as_it_is(journal: Journal, text: str) -> None:
    assert journal.append(Reasoned(phase="x", source="code", text=text)).data["text"] == text
    assert journal.get(journal.put(text)).decode() == text


def test_code_and_essays_stay_as_they_are_or_are_refused(journal: Journal) -> None:
    code = f"TOKEN = '{SHAPES[0]}'\n"
    assert journal.get(journal.put(code, exact=True)).decode() == code
    journal.hide("our-own-key-1")
    with pytest.raises(UsageError, match="a secret that is in use"):
        journal.put("print('our-own-key-1')", exact=True)


def test_variables_of_the_environment_are_secrets_by_their_names() -> None:
    environment = {
        "OPENAI_API_KEY": "abcdefghijkl",
        "HF_TOKEN": "mnopqrstuvwx",
        "AWS_SECRET_ACCESS_KEY": "yzabcdefghij",
        "SHORT_TOKEN": "yes",
        "SSH_TOKEN": "/run/user/1000/agent",
        "HOME": "/home/somebody-or-other",
    }
    assert secrets(environment) == ["abcdefghijkl", "mnopqrstuvwx", "yzabcdefghij"]


def test_the_key_of_a_model_server_is_not_on_record_even_if_the_model_repeats_it(
    journal: Journal,
) -> None:
    from pydantic import BaseModel

    from scientist.llm.client import Client
    from scientist.llm.endpoint import Endpoint, Handle
    from scientist.llm.prompting import Rendered
    from scientist.settings import Settings

    class Echo(BaseModel):
        said: str

    key = "the-key-of-the-server"
    asked = ({"role": "user", "content": "What is my key?"},)
    prompt = Rendered("ask", 1, "f" * 64, "Echo", asked, None, None)
    with ScriptedServer([{"said": f"your key is {key}"}], key=key) as server:
        endpoint = Endpoint(server.url, key, server.models[0], "external")
        with Client(Handle(endpoint), Settings(), journal, "C1") as client:
            answer = client.ask(prompt, Echo)
    assert key in answer.value.said
    assert key.encode() not in everything(journal.folder)
    (call,) = journal.entries("model_called")
    said = json.loads(answered(journal.get(call.data["response_blob"]))[0])["said"]
    assert re.fullmatch(r"your key is \[hidden:[0-9a-f]{8}\]", said)
