"""`scientist chat`: a scripted conversation in a pseudo-terminal, on a pipe, and after a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from campaigns import ScriptedServer, command, environment, scientist
from terminals import CITED, model, prepare, terminal

from scientist.chat import threads
from scientist.journal import Journal


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("talked"))


def test_twelve_turns_in_a_terminal(record: Path, tmp_path: Path) -> None:
    exported = tmp_path / "talk.md"
    with (
        ScriptedServer(script=model) as server,
        terminal(tmp_path, "chat", "-w", record, "--endpoint", server.url) as screen,
    ):
        screen.expect("/help lists commands")
        screen.line("Did stability help?")
        screen.expect('search_findings "stable": 1 findings, ')
        screen.expect(f"{CITED} [F1]")

        screen.send("Did it help\x1b\rin all worlds?\r")  # Alt-Enter begins another line
        screen.expect(f"{CITED} [F1]")

        screen.send("And with\\\ra backslash?\r")
        screen.expect(f"{CITED} [F1]")

        screen.line("/help")
        screen.expect("take the last turn back")
        screen.expect("twice at the prompt leaves")
        screen.line("/tools")
        screen.expect("asks first")
        screen.line("/findings")
        screen.expect("stable against pooled on shifted_error")
        screen.line("/why")
        screen.expect("F1  SUPPORTED")
        screen.expect("protocol")
        screen.expect("H1  credence")
        screen.line("/why E1:2")
        screen.expect("> [E1:2] ")
        screen.line("/check")
        screen.expect("ok")

        screen.line("What is your opinion?")
        screen.expect("(the model's opinion)")

        screen.line("What number?")
        screen.expect("(not borne out: ")

        screen.line("Please launch the test")
        screen.expect("the model asks to use launch_test")
        screen.expect("do it? [y]es, [n]o: ")
        screen.line("n")
        screen.expect("Nothing was started.")

        screen.line("hang for ever")
        screen.expect('search_findings "stable": 1 findings, ')
        screen.send("\x03")
        screen.expect("stopped; the question stays on record")

        screen.line("/undo")
        screen.expect("is taken back: hang for ever")

        screen.line("unknown: do stable features lower the error?")
        screen.expect("I don't know; this would tell: scientist kit run")
        screen.line("/run")
        screen.expect("start it, as a process of its own? [y]es, [n]o: ")
        screen.line("n")
        screen.expect("not started")

        screen.line("Did stability help at last?")
        screen.expect(f"{CITED} [F1]")
        screen.line("/thread")
        screen.expect("Did stability help at last?")
        screen.line("/model")
        screen.expect(f"scripted at {server.url}")
        screen.line(f"/export {exported}")
        screen.expect(f"conversation written to {exported}")
        screen.line("/nonsense")
        screen.expect("there is no command /nonsense")
        screen.line("/thread new")
        screen.expect("T2; scripted answers")
        screen.line("Did it help here, too?")
        screen.expect(f"{CITED} [F1]")
        screen.line("/thread T1")
        screen.expect("T1, 8 turns so far")
        screen.line("/quit")
        assert screen.ended() == 0
    with Journal(record / "journal") as journal:
        every = threads.every_turn(journal, "T1")
        assert [turn.undone for turn in every] == [False] * 6 + [True] + [False] * 2
        assert every[6].stopped
        assert every[1].asked == "Did it help\nin all worlds?"
        assert every[2].asked == "And with\na backslash?"
        assert journal.count("campaign_opened") == 1
    said = exported.read_text()
    assert "# Conversation T1" in said
    assert "(not borne out)" in said
    assert "hang for ever" not in said
    history = (tmp_path / "state" / "scientist" / "chat_history").read_text()
    assert "+Did stability help?" in history


def test_a_turn_that_was_killed_is_offered_and_goes_on(record: Path, tmp_path: Path) -> None:
    hangs = [True]

    def model_that_comes_back(request: dict[str, object]) -> object:
        return model(request) if not hangs else _dies(request)

    def _dies(request: dict[str, object]) -> object:
        hangs.clear()
        os.kill(screen.process.pid, signal.SIGKILL)
        return model(request)

    with ScriptedServer(script=model_that_comes_back) as server:
        with terminal(tmp_path, "chat", "-w", record, "--endpoint", server.url) as screen:
            screen.expect("/help lists commands")
            screen.line("What of the killed one?")
            assert screen.ended() == -signal.SIGKILL
        with Journal(record / "journal") as journal:
            thread = threads.threads(journal)[-1].name
        with terminal(
            tmp_path, "chat", "--thread", thread, "-w", record, "--endpoint", server.url
        ) as screen:
            screen.expect("turn 1 was not finished: What of the killed one?")
            screen.expect("go on with it? [y]es, [n]o: ")
            screen.line("y")
            screen.expect(f"{CITED} [F1]")
            screen.line("/quit")
            assert screen.ended() == 0
    with Journal(record / "journal") as journal:
        [turn] = threads.turns(journal, thread)
        assert turn.answer is not None


def test_a_yes_starts_what_was_asked_for_and_nothing_else(record: Path, tmp_path: Path) -> None:
    with (
        ScriptedServer(script=model) as server,
        terminal(tmp_path, "chat", "-w", record, "--endpoint", server.url) as screen,
    ):
        screen.expect("/help lists commands")
        screen.line("Please launch the test")
        screen.expect("do it? [y]es, [n]o: ")
        screen.line("yes")
        screen.expect("launch_test")
        screen.expect("Nothing was started.")
        screen.line("/quit")
        assert screen.ended() == 0
    with Journal(record / "journal") as journal:
        [decided] = [e.data for e in journal.entries("action_decided") if e.data["approved"]]
        assert decided["tool"] == "launch_test"
        assert journal.count("campaign_opened") == 2


def test_piped_lines_are_turns_and_nothing_is_asked_back(record: Path) -> None:
    said = "Did stability help?\n\n/findings\n/run Does it?\n/nonsense\nWhat is your \\\nopinion?\n"
    with ScriptedServer(script=model) as server:
        ran = subprocess.run(
            command("chat", "-w", record, "--endpoint", server.url),
            input=said,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=240,
        )
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == f"{CITED} [F1]"
    assert any("stable against pooled on shifted_error" in line for line in lines)
    assert any(line.startswith("scientist run ") and "'Does it?'" in line for line in lines)
    assert lines[-1].endswith("(the model's opinion)")
    assert "not started: nobody is here to say yes" in ran.stderr
    assert "there is no command /nonsense" in ran.stderr
    assert "> " not in ran.stdout + ran.stderr


def test_threads_are_listed_and_searched(record: Path) -> None:
    with ScriptedServer(script=model) as server:
        scientist("ask", "Quaint words?", "-w", record, "--endpoint", server.url)
    listed = json.loads(scientist("chat", "--threads", "-w", record, "--json").stdout)
    assert "Quaint words?" in [one["question"] for one in listed]
    assert "Quaint words?" in scientist("chat", "--threads", "-w", record).stdout
    found = scientist("chat", "--search", "quaint WORDS", "-w", record)
    assert "Quaint words?" in found.stdout
    none = scientist("chat", "--search", "words that nobody used", "-w", record)
    assert none.stdout == ""
    assert none.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("--json",), "QUESTION --json"), (("--thread", "T99"), "no thread T99")],
    ids=["json", "thread"],
)
def test_what_a_conversation_cannot_be_is_refused(
    record: Path, arguments: tuple[str, ...], word: str
) -> None:
    with ScriptedServer(script=model) as server:
        ran = scientist("chat", *arguments, "-w", record, "--endpoint", server.url)
    assert ran.returncode == 2
    assert word in ran.stdout + ran.stderr  # the envelope of --json is a result
