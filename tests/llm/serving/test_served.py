"""A served model's life: started once, found by all, started again when it died, ended whole."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ports import free_port
from waiting import until

from scientist.agent import resuming
from scientist.errors import EndpointError, UsageError
from scientist.llm.endpoint import connect, external
from scientist.llm.serving import choose, figures, flags, launch, records
from scientist.llm.serving.cards import Card
from scientist.llm.serving.found import DRAWS, settle
from scientist.llm.serving.records import Record
from scientist.llm.serving.wishes import Wish
from scientist.settings import SERVED, Settings, load
from tests.llm.serving.vllm_server import run

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture(autouse=True)
def own_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SCIENTIST_RUNTIME_DIR", str(tmp_path / "run"))
    yield
    for folder, record in records.every():
        launch.end(folder, record)


@pytest.fixture
def python(tmp_path: Path) -> str:
    """A Python whose vLLM is the stand-in."""
    file = tmp_path / "python"
    file.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(STAND_IN)])} "$@"\n')
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def model(tmp_path: Path) -> str:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "config.json").write_text('{"max_position_embeddings": 4096}')
    return str(folder)


def serve(model: str, python: str, **wished: object) -> Record:
    wish = Wish(model=model, backend="vllm", python=python, **{"port": free_port(), **wished})
    return choose.serve(wish, "vllm", [], python, Settings(), lambda *_: None)


def test_it_is_found_by_whoever_names_no_other(model: str, python: str) -> None:
    record = serve(model, python)
    found = settle(load(None))
    assert (found.values.endpoint, found.values.model) == (record.url, "small")
    assert found.origins["endpoint"] == SERVED
    assert external(found.values).api_key == record.key
    for said in ({"endpoint": "http://127.0.0.1:1/v1"}, {"model": "qwen2.5-coder-1.5b"}):
        other = settle(load(None, said))
        assert other.values.endpoint == said.get("endpoint")
        assert SERVED not in other.origins.values()
    assert settle(load(None, {"model": model})).values.model == "small"


def test_a_vllm_on_a_card_is_asked_for_several_answers_at_once(model: str, python: str) -> None:
    record = serve(model, python)
    assert settle(load(None)).values.draws == 1
    folder, card = records.folder_of("vllm", "small"), Card("NVIDIA A10G", 24576, 24000, (8, 6), "")
    records.write(folder, replace(record, environment=flags.environment([card], 1)))
    found = settle(load(None))
    assert (found.values.draws, found.origins["draws"]) == (DRAWS, SERVED)
    assert settle(load(None, {"draws": 2})).values.draws == 2


def test_the_record_is_for_its_user_alone(model: str, python: str) -> None:
    record = serve(model, python)
    file = records.folder_of("vllm", "small") / records.NAME
    assert file.stat().st_mode & 0o077 == 0
    assert record.key not in " ".join(record.command)
    assert record.key not in run(records.runtime_folder(), "model", "status", "--json").stdout


def test_a_killed_server_comes_back_as_it_was(model: str, python: str) -> None:
    record = serve(model, python)
    left = launch.members(record)
    assert len(left) == 2
    settings = settle(load(None)).values
    with connect(settings) as handle:
        assert handle.revive() == handle.endpoint
        os.kill(record.pid, signal.SIGKILL)
        assert handle.revive() == handle.endpoint
    fresh = records.wanted("small")
    assert fresh
    assert fresh.pid != record.pid
    assert (fresh.url, fresh.key) == (record.url, record.key)
    assert not set(left) & set(launch.members(fresh))
    assert not launch.members(record)  # no engine is left that would hold memory


def test_one_that_is_silent_is_replaced(
    model: str, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr("scientist.llm.embedded.HEALTH_SECONDS", 0.3)
    record = serve(model, python)
    os.kill(record.pid, signal.SIGSTOP)
    fresh = launch.ensure(records.folder_of("vllm", "small"), lambda *_: None)
    assert fresh.pid != record.pid
    assert not launch.members(record)


def test_one_that_was_stopped_stays_so(model: str, python: str) -> None:
    record = serve(model, python)
    with connect(settle(load(None)).values) as handle:
        stopped = run(records.runtime_folder(), "model", "stop", "small")
        assert stopped.stderr == "1 server ended\n"
        assert not launch.members(record)
        with pytest.raises(EndpointError, match="was stopped") as caught:
            handle.revive()
    assert caught.value.hint == "scientist model serve"
    assert settle(load(None)).values.endpoint is None


def test_several_that_ask_at_once_get_one_server(model: str, python: str) -> None:
    port, seen = free_port(), []
    asking = [
        threading.Thread(target=lambda: seen.append(serve(model, python, port=port)))
        for _ in range(3)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert len(seen) == 3
    assert len({record.pid for record in seen}) == 1


def test_a_starter_that_is_killed_leaves_one_server_that_others_find(
    model: str, python: str
) -> None:
    code = (
        "import os; from scientist.llm.serving import launch, choose\n"
        "from scientist.llm.serving.wishes import Wish\n"
        "from scientist.settings import Settings\n"
        "launch._await = lambda *_: os.kill(os.getpid(), 9)\n"
        f"wish = Wish(model={model!r}, port={free_port()})\n"
        f"choose.serve(wish, 'vllm', [], {python!r}, Settings(), lambda *_: None)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    record = records.wanted("small")
    assert record
    assert not record.ready
    assert serve(model, python).pid == record.pid


def test_a_start_that_fails_is_explained_and_leaves_nothing_served(model: str, python: str) -> None:
    with pytest.raises(EndpointError, match="has a context of 4096 tokens, 99999") as caught:
        serve(model, python, context=99999)
    assert "--context 4096" in caught.value.hint
    assert records.wanted(None) is None
    assert "max_model_len" in (records.folder_of("vllm", "small") / "log").read_text()


def test_a_port_in_use_is_told_before_anything_starts(model: str, python: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EndpointError, match=f"port {port} is taken") as caught:
            serve(model, python, port=port)
    assert f"scientist run --endpoint http://127.0.0.1:{port}/v1" in caught.value.hint
    assert not (records.folder_of("vllm", "small") / "log").exists()


def test_in_the_foreground_it_ends_with_the_command(model: str, python: str) -> None:
    words = ("model", "serve", model, "--backend", "vllm", "--python", python, "--foreground")
    staying = subprocess.Popen(
        [sys.executable, "-m", "scientist", *words, "--port", str(free_port())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert staying.stdout
    assert "is served at" in staying.stdout.readline()
    record = records.wanted("small")
    assert record
    staying.send_signal(signal.SIGINT)
    staying.communicate(timeout=120)
    assert staying.returncode == 130
    assert not launch.members(record)
    assert records.wanted("small") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"wish": {"more": []}}', '{"wish": 3}'])
def test_a_record_that_makes_no_sense_is_none(content: str) -> None:
    folder = records.folder_of("vllm", "odd")
    folder.mkdir(parents=True)
    (folder / records.NAME).write_text(content)
    assert settle(load(None)).values.endpoint is None


def test_a_number_that_went_to_another_process_is_not_taken_for_the_server(
    model: str, python: str
) -> None:
    record = serve(model, python)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    old = replace(record, pid=stranger.pid, start_time=1)
    try:
        assert launch.members(old) == []
        assert not launch.end(records.folder_of("vllm", "other"), old)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_resumed_campaign_keeps_the_server_it_was_opened_with(model: str, python: str) -> None:
    opened = load(None).public()
    serve(model, python)
    before = resuming.Standing(opened)
    settings = resuming.settings(settle(load(None)), before)
    assert settings.endpoint is None
    assert resuming.changes(before, settings) == {}


def test_a_campaign_goes_on_with_the_embedded_model_when_told_so(model: str, python: str) -> None:
    serve(model, python)
    served = settle(load(None))
    assert served.values.endpoint is not None
    told = settle(load(None, {"endpoint": "embedded"}))
    assert (told.values.endpoint, told.values.model) == (None, None)
    before = resuming.Standing(served.public())
    settings = resuming.settings(told, before)
    assert (settings.endpoint, settings.model) == (None, None)
    assert list(resuming.changes(before, settings)) == ["endpoint", "model"]
    elsewhere = load(None, {"endpoint": "http://127.0.0.1:9/v1"})
    assert resuming.settings(elsewhere, before).model == served.values.model


def test_figures_are_read_and_summed_over_engines(model: str, python: str) -> None:
    record = serve(model, python)
    now, told = figures.throughput(record.url, record.key, 0.05)
    assert (now.running, now.waiting, now.cache_used) == (3, 5, 0.25)
    assert now.hit_rate == pytest.approx(768 / 1912)
    assert told["written_a_second"] == 0
    row = json.loads(run(records.runtime_folder(), "model", "status", "--json").stdout)[0]
    assert (row["model"], row["state"], row["running"], row["waiting"]) == ("small", "served", 3, 5)
    os.kill(record.pid, signal.SIGKILL)
    until(lambda: not record.lives)
    ended = json.loads(run(records.runtime_folder(), "model", "status", "--json").stdout)[0]
    assert ended["state"] == "ended"
    assert "has ended" in run(records.runtime_folder(), "doctor").stdout


def test_llama_cpps_names_are_read_too() -> None:
    page = (
        "# TYPE llamacpp:prompt_tokens_total counter\nllamacpp:prompt_tokens_total 42\n"
        "llamacpp:tokens_predicted_total 7\nllamacpp:requests_processing 1\n"
        "llamacpp:requests_deferred 0\n"
    )
    read = figures.parse(page)
    assert (read.prompt_tokens, read.written_tokens, read.running, read.waiting) == (42, 7, 1, 0)
    assert read.hit_rate is None


CARD = Card("NVIDIA L4", 23034, 22000, (8, 9), "550")


def test_vllm_is_chosen_where_there_is_a_card_and_the_reason_is_told(python: str) -> None:
    assert choose.backend(Wish(), [CARD], python) == ("vllm", "NVIDIA L4")
    assert choose.backend(Wish(), [], python) == ("llamacpp", "there is no graphics card")
    using, why = choose.backend(Wish(), [CARD], sys.executable)
    assert using == "llamacpp"
    assert "pip install 'scientist[vllm]'" in why
    assert choose.backend(Wish(backend="vllm"), [], python)[0] == "vllm"


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (("o/m", "--backend", "nonsense"), "no backend 'nonsense'", "scientist model serve"),
        (("nonsense", "--backend", "vllm", "--python", "p"), "no folder", "model list --vllm"),
        (("o/m", "--backend", "llamacpp"), "llama.cpp runs", "scientist model list"),
        (
            ("smollm2-135m", "--backend", "llamacpp", "--port", "81"),
            "--port is for vLLM",
            "scientist model serve smollm2-135m --backend llamacpp",
        ),
        (
            ("--backend", "llamacpp", "--foreground"),
            "--foreground is not for llama.cpp",
            "model serve",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_served_is_a_usage_error(
    words: tuple[str, ...], says: str, hint: str, tmp_path: Path
) -> None:
    done = run(tmp_path, "model", "serve", *words, "--json")
    told = json.loads(done.stdout)["error"]
    assert done.returncode == UsageError.exit_code
    assert says in told["message"]
    assert hint in told["hint"]


def test_without_vllm_its_command_says_how_to_get_it(tmp_path: Path) -> None:
    done = run(tmp_path, "model", "serve", "o/m", "--backend", "vllm", "--json")
    told = json.loads(done.stdout)["error"]
    assert done.returncode == 3
    assert told["message"] == "vLLM is not installed in this Python"
    assert "pip install 'scientist[vllm]'" in told["hint"]
