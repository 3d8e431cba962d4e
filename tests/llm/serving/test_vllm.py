"""A real vLLM: what the project asks of a server, asked of it. One start for all of this."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pydantic_core
import pytest
from campaigns import command, environment
from ports import free_port
from pydantic import BaseModel
from waiting import until

from scientist.agent import coding, proposing, relations
from scientist.agent.toolkit import Toolkit
from scientist.chat import acting
from scientist.errors import ContextError, EndpointError
from scientist.journal import Journal
from scientist.lab import kits
from scientist.llm import choice, prompting
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, Handle, connect
from scientist.llm.probe import probe
from scientist.llm.prompting import Rendered
from scientist.llm.serving import figures, launch, records
from scientist.llm.serving.found import settle
from scientist.llm.serving.records import Record
from scientist.records import Rung
from scientist.resources import sample_essays
from scientist.settings import SERVED, Settings, load
from tests.llm.serving.vllm_server import MODEL, SETTINGS, run, served

pytestmark = pytest.mark.vllm
KIT = kits.load("causal_features")
SHORT = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with served(tmp_path_factory.mktemp("servers")) as record:
        yield record


@pytest.fixture
def settings(server: Record) -> Settings:
    """The settings of a user who said nothing of a model."""
    return settle(load(None)).values.model_copy(update={"retries": 0, "repairs": 0})


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    with connect(settings) as handle, Client(handle, settings) as opened:
        yield opened


def asking(text: str, most: int = SHORT) -> Rendered:
    messages = ({"role": "user", "content": text},)
    return Rendered("test", 1, "0" * 64, "Answer", messages, temperature=0.0, max_tokens=most)


def test_what_is_served_is_found_and_said_to_be(server: Record, settings: Settings) -> None:
    found = settle(load(None))
    assert found.origins["endpoint"] == found.origins["model"] == SERVED
    with connect(settings) as handle:
        assert (handle.endpoint.model, handle.endpoint.context) == (MODEL, 8192)
        assert handle.revive() == handle.endpoint
    assert records.wanted(MODEL) == server
    doctor = run(records.runtime_folder(), "doctor")
    assert f"{server.url} serves {MODEL}" in doctor.stdout
    assert server.key not in doctor.stdout + " ".join(server.command)


def test_nobody_without_the_key_is_answered(server: Record) -> None:
    wrong = Settings(endpoint=server.url, api_key="wrong")
    with pytest.raises(EndpointError, match="refuses the key"), connect(wrong):
        pass


def test_an_answer_comes_in_pieces(client: Client) -> None:
    pieces: list[str] = []
    answer = client.ask(
        asking("What colour is the sky?"),
        acting.schema(acting.Offer(shown=["E1:2"], unknown=False)),
        on_text=lambda _kind, piece: pieces.append(piece),
    )
    assert len(pieces) > 5
    assert "".join(pieces) == answer.text


def schemas() -> dict[str, type[BaseModel]]:
    """Every schema that the project asks a server for."""
    tools = Toolkit().offered()
    draw = random.Random(1)
    tested = {(frozenset(arms), next(iter(KIT.settings()))) for arms in KIT.comparisons().values()}
    return {
        "Proposals": proposing.schema(KIT, 12, tested, ["F1"], [Rung.KIT], draw, 1),
        "Proposals of all rungs": proposing.schema(KIT, 12, set(), ["F1"], list(Rung), draw),
        "Code": coding.Code,
        "Step": acting.schema(acting.Offer(tools, ["F1", "E1:2"])),
        "Step of words on record": acting.schema(
            acting.Offer(shown=["F1"], words=["F1"], own=False)
        ),
        "Step after the last tool": acting.schema(acting.Offer(shown=["F1"], unknown=False)),
    }


@pytest.mark.parametrize("name", schemas())
def test_every_schema_of_the_project_is_kept_to(name: str, client: Client) -> None:
    schema = schemas()[name].model_json_schema()
    form = {"name": "answer", "strict": True, "schema": schema}
    with client.open().chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Write about learning agents."}],
        max_tokens=SHORT,
        temperature=0.0,
        stream=True,
        response_format={"type": "json_schema", "json_schema": form},
    ) as stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    written = pydantic_core.from_json(text, allow_partial="trailing-strings")
    variants = [schema, *schema.get("$defs", {}).values()]
    assert written
    assert any(set(written) <= set(variant.get("properties", ())) for variant in variants), text
    if "thoughts" in schema.get("properties", {}):
        assert next(iter(written)) == "thoughts"  # the order of the schema, too


def test_letters_have_chances(client: Client) -> None:
    prompt = prompting.load("relation")
    pairs = [("It is hot.", "It is cold."), ("It is hot.", "It is warm."), ("It is hot.", "Two.")]
    asked = [prompt.render(first=first, second=second) for first, second in pairs]
    found = list(choice.choose_many(client, asked, {"A": "yes", "B": "no", "C": "neither"}))
    for one in found:
        assert sum(one.chances.values()) == pytest.approx(1)
        assert len(set(one.chances.values())) == 3
        assert one.mass > choice.LEAST_MASS
    assert len({one.chances["yes"] for one in found}) == 3
    again = choice.choose(client, asked[0], {"A": "yes", "B": "no", "C": "neither"})
    assert again.chances == pytest.approx(found[0].chances, abs=0.05)


def steps(server: Record) -> float:
    """How many steps the engine has made with something to calculate."""
    place = f"{server.url.removesuffix('/v1')}/metrics"
    page = httpx2.get(place, timeout=60, trust_env=False).text
    counts = re.findall(r"^vllm:iteration_tokens_total_count\S* (\S+)$", page, re.MULTILINE)
    return sum(map(float, counts))


def test_judge_pairs_share_the_steps_of_the_engine(
    server: Record, client: Client, journal: Journal
) -> None:
    pairs = [(f"Case {n}: it is hot.", f"Case {n}: it is cold.") for n in range(16)]
    before = steps(server)
    judged = list(relations.judge(journal, client, pairs))
    made = steps(server) - before
    assert [(one.first, one.second) for one in judged] == pairs
    assert all(one.asked for one in judged)
    assert 0 < made < 2 * len(pairs)  # one each, if they came one after the other
    assert client.capacity.room.most > len(pairs)


def test_a_known_beginning_is_served_from_the_cache(server: Record, client: Client) -> None:
    def ask(end: str) -> figures.Figures:
        long = " ".join(f"Station {n} weighed sample {n % 7}." for n in range(60))
        message = {"role": "user", "content": f"{long} {end}"}
        client.open().chat.completions.create(model=MODEL, messages=[message], max_tokens=4)
        return figures.read(server.url, server.key)

    first, second = ask("One."), ask("Two.")
    hits, read = (
        (getattr(second, name) or 0) - (getattr(first, name) or 0)
        for name in ("cache_hits", "prompt_tokens")
    )
    assert hits > 0.5 * read > 0
    shown = run(records.runtime_folder(), "model", "status", "--json")
    (row,) = json.loads(shown.stdout)
    assert row["state"] == "served"
    assert 0 < row["hit_rate"] < 1
    assert row["written_tokens"] >= (second.written_tokens or 0) > 0
    assert server.key not in shown.stdout


def test_the_probe_finds_what_the_server_can_do(settings: Settings) -> None:
    with connect(settings) as handle:
        found = probe(handle, settings)
    for what in ("json schema", "log-probabilities", "prefix caching"):
        assert found.supports(what), found
    results = {item.what: item.result for item in found.items}
    assert results["native tools"] in ("yes", "no")
    assert results["context"] == "8192"
    assert float(results["speed"]) > 0


def test_a_wrong_model_name_is_explained(server: Record, settings: Settings) -> None:
    named = Settings(endpoint=server.url, model="other")
    said = f"does not serve 'other'; it serves: {MODEL}"
    with pytest.raises(EndpointError, match=said), connect(named):
        pass
    gone = Handle(Endpoint(server.url, server.key, "other", "external"))
    with Client(gone, settings) as client, pytest.raises(EndpointError, match="does not know"):
        client.ask(asking("Hello."), coding.Code)


def test_a_prompt_beyond_the_context_is_explained_with_the_servers_figures(
    client: Client,
) -> None:
    with pytest.raises(ContextError) as caught:
        client.ask(asking("word " * 9000), coding.Code)
    assert caught.value.context == 8192
    assert (caught.value.needed or 9000) >= 8192


def test_serving_it_again_keeps_the_server_and_another_port_must_be_free(server: Record) -> None:
    folder = records.runtime_folder()
    again = run(folder, "model", "serve", MODEL, "--backend", "vllm", "--python", "python3")
    assert f"served at {server.url}" in again.stdout, again.stderr
    port = server.url.rpartition(":")[2].removesuffix("/v1")
    other = run(
        *(folder, "model", "serve", "o/m", "--backend", "vllm", "--python", "python3"),
        *("--port", port, "--json"),
    )
    told = json.loads(other.stdout)["error"]
    assert other.returncode == 3
    assert told["message"] == f"port {port} is taken"
    assert "scientist model serve o/m --backend vllm --port" in told["hint"]


def test_a_start_that_fails_is_explained_from_its_log(server: Record, tmp_path: Path) -> None:
    (tmp_path / "copy").symlink_to(server.source)
    failed = run(
        *(tmp_path, "model", "serve", tmp_path / "copy", "--backend", "vllm"),
        *("--python", server.command[0], "--context", 20000, "--port", free_port(), "--json"),
    )
    told = json.loads(failed.stdout)["error"]
    assert failed.returncode == 3
    assert told["message"] == "the model has a context of 8192 tokens, 20000 were asked for"
    assert "--context 8192" in told["hint"]
    assert run(tmp_path, "model", "status", "--json").stdout.strip() == "[]"


def campaign(folder: Path, servers: Path) -> subprocess.Popen[str]:
    """The campaign of these tests: the same command, whatever serves the model."""
    words = ("run", "--essays", sample_essays(), "--rounds", 1, "--pairs", 6, "--minutes", 8)
    few = {"SCIENTIST_MAX_OUTPUT": "300", "SCIENTIST_REPAIRS": "0"}  # every token takes its time
    told = environment(SCIENTIST_RUNTIME_DIR=str(servers), **few, **SETTINGS)
    return subprocess.Popen(
        command(*words, "-w", folder, "--json"),
        env=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended_honestly(folder: Path, running: subprocess.Popen[str]) -> list[dict[str, object]]:
    """What the model was asked, when the campaign has ended and its record verifies."""
    output, errors = running.communicate(timeout=900)
    with Journal(folder / "journal") as journal:
        calls = [entry.data for entry in journal.entries("model_called")]
        closed = [entry.data for entry in journal.entries("campaign_closed")]
    # a tiny model may have no usable idea; what it must not do is look as if it had
    if running.returncode not in (0, 4):
        assert json.loads(output)["error"]["kind"] == "model_output", errors
    else:
        assert closed, errors
    verified = run(folder, "audit", "verify", "--deep", "-w", folder)
    assert verified.returncode == 0, verified.stderr
    assert calls
    return calls


def test_a_server_that_is_killed_in_mid_campaign_costs_one_retried_call(
    server: Record, tmp_path: Path
) -> None:
    running = campaign(tmp_path / "w", records.runtime_folder())
    until(lambda: figures.read(server.url, server.key).running, 300, 0.1)
    old = launch.members(server)
    os.kill(server.pid, signal.SIGKILL)
    calls = ended_honestly(tmp_path / "w", running)
    assert [call["outcome"] for call in calls].count("fault") == 1
    assert calls[0]["outcome"] == "fault"
    assert calls[1]["request_blob"] == calls[0]["request_blob"]
    fresh = records.wanted(MODEL)
    assert fresh
    assert fresh.lives
    assert fresh.pid != server.pid
    assert not set(old) & set(launch.members(fresh))
    assert (fresh.url, fresh.key, fresh.command) == (server.url, server.key, server.command)


def test_the_same_campaign_runs_on_llama_cpp(tmp_path: Path) -> None:
    kept = run(tmp_path, "model", "serve", MODEL, "--backend", "llamacpp", "--context", 4096)
    assert kept.returncode == 0, kept.stderr
    try:
        calls = ended_honestly(tmp_path / "w", campaign(tmp_path / "w", tmp_path))
        assert {call["model"] for call in calls} == {MODEL}
    finally:
        assert "1 server ended" in run(tmp_path, "model", "stop").stderr
