"""As many requests at once as a server is good for: known, felt out, and shared among processes."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from campaigns import command, environment, essays
from minds import steady
from scripted import MODEL, Fault, Likely, ScriptedServer
from waiting import until

from scientist.journal import Journal
from scientist.llm.capacity import MOST, START, VLLM_START, room
from scientist.llm.choice import choose_many
from scientist.llm.client import Client
from scientist.llm.endpoint import Endpoint, Handle
from scientist.llm.pace import Pace
from scientist.llm.prompting import Rendered
from scientist.llm.serving import records
from scientist.llm.serving.records import Record
from scientist.llm.serving.wishes import Wish
from scientist.llm.together import together
from scientist.settings import Settings

OPTIONS = {"A": "yes", "B": "no"}
URL = "http://127.0.0.1:1/v1"


@pytest.fixture(autouse=True)
def _own_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIENTIST_RUNTIME_DIR", str(tmp_path / "run"))


@dataclass
class Slots:
    """A server's work: so many requests at a time get their answer, the others a refusal.

    What comes first may be kept until all slots have been taken at once.
    """

    count: int
    until_full: float = 0.0
    peak: int = 0
    refused: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: dict[str, Any], said: Callable[[dict[str, Any]], Any]) -> Any:
        with self._lock:
            if self._busy >= self.count:
                self.refused += 1
                return Fault(429, "too many requests", {"Retry-After": "0.02"})
            self._busy += 1
            self.peak = max(self.peak, self._busy)
        try:
            self._wait()
            return said(request)
        finally:
            with self._lock:
                self._busy -= 1

    def _wait(self) -> None:
        deadline = time.monotonic() + self.until_full
        while self.peak < self.count and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.02)

    def letters(self, _: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
        """For a scripted server: each request is worked on in a thread of its own."""
        return lambda request: self.answer(request, lambda _: Likely({"A": 0.6, "B": 0.4}))


def props(slots: int) -> dict[str, Callable[[], str]]:
    """What llama.cpp tells of its slots."""
    return {"/props": lambda: json.dumps({"total_slots": slots})}


def endpoint(url: str, kind: Any = "external") -> Endpoint:
    return Endpoint(url, "none", MODEL, kind)


@contextmanager
def asking(server: ScriptedServer, concurrency: int = 0, retries: int = 8) -> Iterator[Client]:
    settings = Settings(retries=retries, connect_timeout=5, concurrency=concurrency)
    with Client(Handle(endpoint(server.url)), settings) as client:
        yield client


def ask(client: Client, count: int, words: str = "u") -> int:
    """How many of so many questions are answered."""
    messages = ({"role": "user", "content": words},)
    prompt = Rendered("ask", 1, "f" * 64, "Choice", messages, None, None)
    return len(list(choose_many(client, [prompt] * count, OPTIONS)))


def paced(pace: Pace, answers: int, at_once: int, now: float = 0.0) -> float:
    """So many answers of a server that works on a few at a time, each for a second."""
    pace.begin(now)
    for _ in range(answers):
        now += 1 / min(pace.level, at_once)
        pace.answered(now, wanted=True)
    return now


def test_the_pace_rises_while_that_is_quicker_and_stays_near_what_the_server_works_on() -> None:
    pace = Pace(start=2, most=64)
    now = paced(pace, 200, at_once=12)
    assert 12 <= pace.level <= 16
    paced(pace, 2000, at_once=12, now=now)
    assert 12 <= pace.level <= 16


def test_a_burst_of_refusals_halves_the_pace_once_and_it_recovers() -> None:
    pace = Pace(start=16, most=16)
    for _ in range(16):
        pace.refused(began=9.0, now=10.0)
    assert pace.level == 8
    pace.refused(began=11.0, now=12.0)
    assert pace.level == 4
    paced(pace, 1000, at_once=100, now=12.0)
    assert pace.level == 16


def test_nothing_is_learned_from_answers_nobody_queues_behind() -> None:
    pace = Pace(start=2, most=64)
    for number in range(100):
        pace.answered(float(number), wanted=False)
    assert pace.level == 2


def served(*more: str) -> None:
    folder = records.folder_of("vllm", MODEL)
    folder.mkdir(parents=True)
    command = ("python", "-m", "vllm", "--model", "m", *more)
    wish = Wish(model="m", backend="vllm")
    records.write(folder, Record("vllm", MODEL, "m", 4096, wish, 0.0, URL, command=command))


def test_what_is_known_of_a_server_decides() -> None:
    assert room(endpoint(URL, "embedded"), Settings()).most == 1
    for kind in ("embedded", "external"):
        assert room(endpoint(URL, kind), Settings(concurrency=7)).most == 7
    with ScriptedServer(pages=props(4)) as server:
        found = room(endpoint(server.url), Settings())
        assert (found.most, found.kept, found.shared) == (4, 1, True)
    for pages in ({}, {"/props": lambda: "{}"}, {"/props": lambda: "no JSON"}):
        with ScriptedServer(pages=pages) as server:
            assert room(endpoint(server.url), Settings()).most == MOST
            assert not room(endpoint(server.url), Settings()).shared


@pytest.mark.parametrize(
    ("more", "most", "start"),
    [
        ((), MOST, VLLM_START),
        (("--max-num-seqs", "6"), 6, 6),
        (("--max-num-seqs", "6", "--max-num-seqs=8"), 8, 8),
        (("--max-num-seqs", "1024"), MOST, VLLM_START),
    ],
)
def test_a_served_vllm_is_known_by_the_flags_it_was_started_with(
    more: tuple[str, ...], most: int, start: int
) -> None:
    served(*more)
    found = room(endpoint(URL), Settings())
    assert (found.most, found.start) == (most, start)


def test_a_burst_of_refusals_lowers_the_number_until_the_server_takes_more() -> None:
    slots, levels = Slots(2), []

    def seen(request: dict[str, Any]) -> Any:
        levels.append(client.capacity.pace.level)
        return slots.letters(request)

    with ScriptedServer(script=seen) as server, asking(server) as client:
        assert ask(client, 12) == 12
        assert slots.refused
        assert slots.peak == 2
        low = min(levels)
        assert low < START
        slots.count, before = 100, len(levels)
        assert ask(client, 30) == 30
        assert max(levels[before:]) > low


@pytest.mark.parametrize(
    ("told", "steps_back"),
    [
        ("vllm:num_requests_waiting 5.0", True),
        ("llamacpp:requests_deferred 1", True),
        ("vllm:kv_cache_usage_perc 0.99", True),
        ("vllm:num_requests_waiting 0.0\nvllm:kv_cache_usage_perc 0.4", False),
    ],
)
def test_who_sees_a_queue_at_the_server_steps_back_whoever_stands_in_it(
    monkeypatch: pytest.MonkeyPatch, told: str, steps_back: bool
) -> None:
    monkeypatch.setattr("scientist.llm.capacity.LOOK_SECONDS", 0.0)
    pages = {"/metrics": lambda: f"{told}\n"}
    script = Slots(100).letters
    with ScriptedServer(script=script, pages=pages) as server, asking(server) as client:
        assert ask(client, 16) == 16
        assert (client.capacity.pace.level < START) == steps_back


def test_a_batch_leaves_room_for_one_who_sends_one_and_never_takes_more_than_there_is() -> None:
    slots, released = Slots(4), threading.Event()

    def held(request: dict[str, Any]) -> Any:
        if request["messages"][0]["content"] == "batch":
            released.wait(60)
        return Likely({"A": 0.6, "B": 0.4})

    with (
        ScriptedServer(
            script=lambda _: lambda request: slots.answer(request, held), pages=props(4)
        ) as server,
        asking(server) as batch,
        asking(server) as person,
    ):
        working = threading.Thread(target=ask, args=(batch, 12, "batch"))
        working.start()
        until(lambda: slots.peak == 3)
        assert ask(person, 1, "alone") == 1
        assert len(server.requests) == 4
        released.set()
        working.join()
    assert len(server.requests) == 13
    assert slots.refused == 0
    assert slots.peak == 4


def test_who_stops_early_sends_nothing_more_and_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[threading.Event] = []
    twin = Client.twin

    def noted(client: Client, until_then: threading.Event) -> Client:
        stopped.append(until_then)
        return twin(client, until_then)

    def slowly(request: dict[str, Any]) -> str:
        assert stopped[0].wait(60)
        return "word " * 20

    monkeypatch.setattr(Client, "twin", noted)

    with ScriptedServer(script=lambda _: slowly) as server, asking(server, 2) as client:
        answers = together(client, [lambda _: 1, lambda one: ask(one, 1), *[_never] * 20])
        assert next(answers) == 1
        until(lambda: len(server.requests) == 2)  # as many as may be under way
        answers.close()
        time.sleep(0.2)
        assert len(server.requests) == 2


def _never(client: Client) -> int:
    return ask(client, 1)


def test_two_campaigns_and_a_question_share_a_server_and_all_come_to_their_end(
    tmp_path: Path,
) -> None:
    slots = Slots(3, until_full=100)
    mind = steady(0.0)
    settings = environment(
        SCIENTIST_RUNTIME_DIR=str(tmp_path / "run"),
        SCIENTIST_DRAWS="3",
        SCIENTIST_JUDGEMENTS="2",
        SCIENTIST_RETRIES="0",
    )

    def script(_: dict[str, Any]) -> Any:
        return lambda request: slots.answer(request, mind)

    with ScriptedServer(script=script, pages=props(3)) as server:
        place = ("--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 6)
        words = [
            *(("run", *place, "--seed", n, "-w", tmp_path / f"w{n}") for n in (1, 2)),
            ("ask", "Does stability pay under shift?", "-w", tmp_path / "w1"),
        ]
        running: list[subprocess.Popen[str]] = []
        for each in words:
            if each[0] == "ask":  # there is something to ask about once a campaign waits for words
                until(lambda: slots.peak >= 2, 90)
            running.append(
                subprocess.Popen(
                    command(*each, "--endpoint", server.url, "--json"),
                    env=settings,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        said = [one.communicate(timeout=240) for one in running]
    for one, (_, errors) in zip(running[:2], said[:2], strict=True):
        assert one.returncode in (0, 4), errors  # a model without sense may find nothing
    assert running[2].returncode == 0, said[2][1]
    assert slots.refused == 0
    assert slots.peak == 3
    for number in (1, 2):
        with Journal(tmp_path / f"w{number}" / "journal") as journal:
            calls = list(journal.entries("model_called", campaign="C1"))
            assert calls
            assert all(call.data["outcome"] != "fault" for call in calls)
            (closed,) = journal.entries("campaign_closed")
            assert closed.data["rounds"] == 1
