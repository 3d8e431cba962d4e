"""`scientist ask`: what is shown for each kind of answer, on pipes, as JSON and in a terminal."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, command, environment, scientist
from scripted import Fault
from terminals import CITED, model, prepare, terminal

from scientist.journal import Journal


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("asked"))


def ask(record: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    with ScriptedServer(script=model) as server:
        return scientist("ask", *arguments, "-w", record, "--endpoint", server.url)


def test_an_answer_goes_to_stdout_with_its_citation_and_the_rest_to_stderr(record: Path) -> None:
    ran = ask(record, "Did stability help?")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"{CITED} [F1]\n"
    assert '\nsearch_findings "stable": 1 findings, ' in f"\n{ran.stderr}"
    assert " characters, " in ran.stderr
    assert "to go on: scientist chat --endpoint http://127.0.0.1:" in ran.stderr
    assert "/v1 --thread T" in ran.stderr
    assert "\x1b" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("question", "mark"),
    [("your opinion?", "(the model's opinion)"), ("what number?", "(not borne out: ")],
)
def test_what_the_record_does_not_bear_out_says_so(record: Path, question: str, mark: str) -> None:
    ran = ask(record, question)
    assert ran.returncode == 0, ran.stderr
    assert mark in ran.stdout.splitlines()[0]


def test_i_dont_know_names_the_experiment_that_would_tell(record: Path) -> None:
    ran = ask(record, "unknown: do stable features lower the error after the cue turns?")
    assert ran.returncode == 0, ran.stderr
    assert "I don't know; this would tell: scientist kit run causal_features" in ran.stdout
    assert str(record) in ran.stdout


def test_the_campaign_that_would_tell_asks_the_same_server(record: Path) -> None:
    ran = ask(record, "unknown: is the moon made of old cheese?")
    assert ran.returncode == 0, ran.stderr
    told = ran.stdout.partition("this would tell: ")[2]
    assert told.startswith("scientist run --endpoint http://127.0.0.1:")
    assert f"-w {record}" in told


def test_a_question_comes_from_stdin_and_nothing_is_asked_back(record: Path) -> None:
    with ScriptedServer(script=model) as server:
        ran = subprocess.run(
            command("ask", "-", "-w", record, "--endpoint", server.url),
            input="please launch the test\ny\nyes\n",
            capture_output=True,
            text=True,
            env=environment(),
            timeout=180,
        )
    assert ran.returncode == 0, ran.stderr
    assert "declined: nobody is here to say yes" in ran.stderr
    assert "scientist kit run causal_features --pairs 8" in ran.stderr
    assert "do it?" not in ran.stderr
    with Journal(record / "journal") as journal:
        assert journal.count("campaign_opened") == 1
        decided = [entry.data["approved"] for entry in journal.entries("action_decided")]
    assert decided == [False]


def test_json_has_sentences_marks_tools_tokens_and_the_thread(record: Path) -> None:
    ran = ask(record, "Did stability help?", "--json")
    document: dict[str, Any] = json.loads(ran.stdout)
    assert document["sentences"] == [
        {
            "text": CITED,
            "cites": ["F1"],
            "mark": "cited",
            "notes": document["sentences"][0]["notes"],
        }
    ]
    assert document["known"] is True
    assert document["tokens"]["prompt"] > 0
    assert [one["tool"] for one in document["tools"]] == ["search_findings"]
    assert document["sources"]["F1"].startswith("file:///")
    again = ask(record, "And now?", "--thread", document["thread"].lower(), "--json")
    assert json.loads(again.stdout)["turn"] == document["turn"] + 1


def test_a_server_that_is_gone_exits_3_and_keeps_the_thread(record: Path) -> None:
    with ScriptedServer(script=lambda _: Fault(503)) as server:
        ran = scientist("ask", "Lost words?", "-w", record, "--endpoint", server.url)
    assert ran.returncode == 3
    assert "error: " in ran.stderr
    assert ran.stdout == ""
    found = scientist("chat", "--search", "lost words", "-w", record, "--json")
    [turn] = json.loads(found.stdout)
    assert turn["question"] == "Lost words?"
    assert turn["stopped"]
    gone = scientist("ask", "x", "-w", record, "--endpoint", "http://127.0.0.1:9/v1", "--json")
    assert gone.returncode == 3
    assert json.loads(gone.stdout)["error"]["kind"] == "endpoint"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("  ",), "there is no question"),
        (("x" * 9000,), "9000"),
        (("x", "--thread", "T99"), "no thread T99"),
    ],
    ids=["empty", "long", "thread"],
)
def test_what_cannot_be_asked_is_refused(
    record: Path, arguments: tuple[str, ...], word: str
) -> None:
    ran = ask(record, *arguments)
    assert ran.returncode == 2
    assert word in ran.stderr
    assert "hint: " in ran.stderr


def test_a_workspace_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    ran = ask(tmp_path / "none", "x")
    assert ran.returncode == 2
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("plain", ["", "1"], ids=["colour", "NO_COLOR"])
def test_a_terminal_gets_links_unless_it_wants_none(
    record: Path, tmp_path: Path, plain: str
) -> None:
    with (
        ScriptedServer(script=model) as server,
        terminal(
            tmp_path,
            *("ask", "Did stability help?", "-w", record, "--endpoint", server.url),
            **({"NO_COLOR": plain} if plain else {}),
        ) as screen,
    ):
        screen.expect(f"{CITED} [F1]")
        assert screen.ended() == 0
    link = f"\x1b]8;;file://{record}/reports/C1.html\x1b\\[F1]\x1b]8;;\x1b\\".encode()
    assert (link in screen.raw) is not bool(plain)
    assert "not checked yet" not in screen.seen.rpartition(CITED)[2]
