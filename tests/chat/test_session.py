"""A turn from its question to its answer, and what a user or a crash does to it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import talking
from scripted import Fault, ScriptedServer
from talking import Ear, answer, look, talk
from waiting import until

from scientist.errors import EndpointError, ModelOutputError, UsageError
from scientist.events import TurnAsked
from scientist.journal import Journal
from scientist.records import Mark

PAINT = {"tool": "paint", "colour": "red"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def entries(root: Path, *kinds: str) -> list[dict[str, Any]]:
    return [entry.data for entry in Journal(root / "journal").entries(*kinds)]


def contents(request: dict[str, Any]) -> list[str]:
    return [message["content"] for message in request["messages"]]


def shelf(root: Path) -> str:
    file = root / "shelf"
    return file.read_text() if file.exists() else ""


def test_a_turn_looks_up_and_answers(root: Path) -> None:
    ear = Ear()
    with ScriptedServer([look(), answer("I like cats.")]) as server, talk(root, server.url) as one:
        given = one.ask("What of cats?", ear)
        server.assert_done()
        assert [turn.answer for turn in one.turns()] == [given]
        assert one.unfinished() is None
    assert one.thread == "T1"
    assert [(said.text, said.mark) for said in given.sentences] == [("I like cats.", Mark.OPINION)]
    assert ear.tools == [("look", "1 thing")]
    assert ear.said.strip() == "I like cats."
    assert '"tool"' in ear.thought
    assert given.usage.prompt > 0
    assert given.first_token_seconds is not None
    assert [call["tool"] for call in entries(root, "tool_called")] == ["look"]


def test_ctrl_c_between_two_steps_stops_the_turn_and_leaves_no_lock_behind(root: Path) -> None:
    with ScriptedServer([look(), answer("Too late.")]) as server:
        ran = subprocess.run(
            [sys.executable, Path(__file__).with_name("pressed.py"), root, server.url],
            capture_output=True,
            text=True,
            timeout=90,
        )
    assert ran.stdout == "stopped\n", ran.stderr
    assert [stop["reason"] for stop in entries(root, "turn_stopped")] == ["stopped by the user"]
    assert entries(root, "turn_answered") == []


def test_every_prompt_begins_with_the_one_before_it(root: Path) -> None:
    steps = [look("cats"), answer("Ah."), look("dogs"), answer("So."), answer("Well.")]
    with ScriptedServer(steps) as server:
        for number, question in enumerate(("first?", "second?", "third?")):
            with talk(root, server.url, "T1" if number else None) as one:
                one.ask(question, Ear())
        requests = [request["messages"] for request in server.requests]
    for before, after in itertools.pairwise(requests):
        assert after[: len(before)] == before
    assert [message["role"] for message in requests[-1]] == ["system", *["user", "assistant"] * 5][
        : len(requests[-1])
    ]


def test_only_what_was_shown_can_be_cited(root: Path) -> None:
    steps = [answer("Nothing."), look(), answer("Cats."), answer("Cats again.")]
    steps[0] = {"answer": [{"says": "Nothing yet."}]}
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        one.ask("first?", Ear())
        one.ask("second?", Ear())
        schemas = [
            json.dumps(request["response_format"]["json_schema"]["schema"])
            for request in server.requests
        ]
    assert '"cites"' not in schemas[0]
    assert '"enum": ["F1", "E1:2"]' in schemas[2]


def test_after_five_tools_only_an_answer_is_left(root: Path) -> None:
    steps = [look(f"thing {number}") for number in range(5)]
    with ScriptedServer([*steps, answer("Enough.")]) as server, talk(root, server.url) as one:
        one.ask("What is there?", Ear())
        schemas = [
            json.dumps(request["response_format"]["json_schema"]["schema"])
            for request in server.requests
        ]
    assert ['"look"' in schema for schema in schemas] == [True] * 5 + [False]


def test_a_tool_asked_again_for_what_it_gave_is_not_offered_any_more(root: Path) -> None:
    steps = [look(), look("another thing"), look(), answer("Well.")]
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        ear = Ear()
        one.ask("What of cats?", ear)
        assert "already" in contents(server.requests[3])[-1]
        schemas = [
            json.dumps(request["response_format"]["json_schema"]["schema"])
            for request in server.requests
        ]
    assert ear.tools == [("look", "1 thing"), ("look", "1 thing")]
    assert ['"look"' in schema for schema in schemas] == [True, True, True, False]


def test_a_tool_that_fails_is_told_and_does_not_end_the_turn(root: Path) -> None:
    steps = [look("nothing"), answer("It broke.")]
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        one.ask("What is on the shelf?", Ear())
        assert "the shelf has fallen down" in contents(server.requests[1])[-1]


def test_a_change_needs_the_users_word(root: Path) -> None:
    steps = [PAINT, answer("As you wish."), PAINT, answer("It is red.")]
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        no, yes = Ear(), Ear(yes=True)
        one.ask("Paint it?", no)
        assert shelf(root) == ""
        assert "said no" in contents(server.requests[1])[-1]
        one.ask("Paint it!", yes)
    assert shelf(root) == "red\n"
    assert [tool for tool, _, _ in no.asked + yes.asked] == ["paint", "paint"]
    assert "colour: red" in yes.asked[0][2]
    assert [one["approved"] for one in entries(root, "action_decided")] == [False, True]


def test_what_does_not_stand_may_be_mended_once(root: Path) -> None:
    wrong = answer("It is 7 metres long.")
    with ScriptedServer([wrong, answer("It is long.")]) as server, talk(root, server.url) as one:
        given = one.ask("How long is it?", Ear())
        assert "7" in contents(server.requests[1])[-1]
    assert [said.text for said in given.sentences] == ["It is long."]
    with ScriptedServer([wrong, wrong]) as server, talk(root, server.url) as one:
        given = one.ask("How long is it?", Ear())
    assert [said.mark for said in given.sentences] == [Mark.UNBOUND]


def test_the_model_hears_that_its_last_answer_did_not_stand(root: Path) -> None:
    wrong = answer("It is 7 metres long.")
    steps = [wrong, wrong, answer("Well.")]
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        one.ask("How long is it?", Ear())
        one.ask("Sure?", Ear())
        assert "sentence 1 of your last answer" in contents(server.requests[-1])[-1]


def test_what_nobody_knows_comes_with_the_experiment_that_would_tell(root: Path) -> None:
    steps = [{"unknown": "Nothing is known of it."}] * 2
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        near = one.ask("Do causal features survive a shift of the environment?", Ear())
        far = one.ask("What's the best cheese of 'France'?", Ear())
    assert near.experiment.startswith("scientist kit run causal_features --treatment ")
    assert far.experiment == """scientist run 'What'"'"'s the best cheese of '"'"'France'"'"'?'"""
    assert [said.mark for said in near.sentences] == [Mark.OPINION]


def test_what_was_undone_is_shown_no_more(root: Path) -> None:
    steps = [answer("Ah."), answer("Oh."), answer("Hm.")]
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        one.ask("first?", Ear())
        one.ask("second?", Ear())
        undone = one.undo()
        assert undone
        assert undone.asked == "second?"
        third = one.ask("third?", Ear())
        said = " ".join(contents(server.requests[-1]))
    assert third.turn == 3
    assert [turn.number for turn in one.turns()] == [1, 3]
    assert "first?" in said
    assert "second?" not in said


def test_the_user_can_stop_a_turn_and_ask_another(root: Path) -> None:
    class Stopping(Ear):
        def thinking(self, piece: str) -> None:
            raise KeyboardInterrupt

    with ScriptedServer([look(), answer("Yes.")]) as server, talk(root, server.url) as one:
        with pytest.raises(KeyboardInterrupt):
            one.ask("first?", Stopping())
        assert one.turns()[0].stopped
        assert one.unfinished() is None
        one.ask("second?", Ear())
        assert "first?" not in " ".join(contents(server.requests[-1]))
    assert len(entries(root, "turn_stopped")) == 1


def test_a_server_that_is_gone_leaves_the_thread(root: Path) -> None:
    with ScriptedServer([answer("Ah.")]) as server, talk(root, server.url) as one:
        one.ask("first?", Ear())
    with talk(root, server.url, "T1") as one:
        with pytest.raises(EndpointError):
            one.ask("second?", Ear())
        assert [bool(turn.stopped) for turn in one.turns()] == [False, True]


def test_an_answer_that_is_none_is_an_error(root: Path) -> None:
    with (
        ScriptedServer(["no JSON"] * 3) as server,
        talk(root, server.url) as one,
        pytest.raises(ModelOutputError),
    ):
        one.ask("first?", Ear())


def test_only_one_process_talks_in_a_thread(root: Path) -> None:
    with ScriptedServer([answer("Ah.")]) as server, talk(root, server.url) as one:
        one.ask("first?", Ear())
        with (
            pytest.raises(UsageError, match="open in another process"),
            talk(root, server.url, "t1"),
        ):
            pass
        with talk(root, server.url) as other:
            assert other.thread == "T2"
    with pytest.raises(UsageError, match="no thread T7"), talk(root, server.url, "T7"):
        pass


def test_lost_checkpoints_are_told_again_from_the_journal(root: Path) -> None:
    steps = [look(), answer("A cat."), answer("Oh.")]
    with ScriptedServer(steps) as server:
        with talk(root, server.url) as one:
            one.ask("first?", Ear())
        for file in root.glob("chats.sqlite*"):
            file.unlink()
        with talk(root, server.url, "T1") as one:
            one.ask("second?", Ear())
        said = contents(server.requests[-1])
    assert [message for message in said if "first?" in message]
    assert [message for message in said if "A cat." in message]
    assert len(said) == 4


def test_a_thread_with_nothing_broken_off_cannot_go_on(root: Path) -> None:
    with (
        ScriptedServer([]) as server,
        talk(root, server.url) as one,
        pytest.raises(UsageError, match="broken off"),
    ):
        one.ask(None, Ear())


def broken_off(root: Path, turn: int, text: str) -> None:
    """A question that a crash left before anything else was written."""
    with Journal(root / "journal", write=True) as journal:
        journal.append(TurnAsked(thread="T1", turn=turn, text=text), "T1")


def test_a_question_without_a_checkpoint_is_answered_later(root: Path) -> None:
    with ScriptedServer([answer("Ah."), answer("Oh."), answer("Hm.")]) as server:
        with talk(root, server.url) as one:
            one.ask("first?", Ear())
        broken_off(root, 2, "second?")
        with talk(root, server.url, "T1") as one:
            unfinished = one.unfinished()
            assert unfinished
            assert unfinished.asked == "second?"
            assert one.ask(None, Ear()).turn == 2
        broken_off(root, 3, "third?")
        with talk(root, server.url, "T1") as one:
            assert one.ask("fourth?", Ear()).turn == 4
            assert [bool(turn.stopped) for turn in one.turns()] == [False, False, True, False]
        assert "second?" in " ".join(contents(server.requests[-1]))
        assert "third?" not in " ".join(contents(server.requests[-1]))


# -- crashes ----------------------------------------------------------------------


@pytest.fixture
def killed(root: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begin a process that asks; it is killed once a condition holds."""
    begun: list[subprocess.Popen[str]] = []

    def ask(url: str, question: str, moment: Callable[[], bool] | None) -> subprocess.Popen[str]:
        line = [sys.executable, talking.__file__, str(root), url, question]
        path = os.pathsep.join((str(Path(talking.__file__).parent), *sys.path))
        child = subprocess.Popen(
            line, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        begun.append(child)
        if moment:
            until(moment, 240)
            child.send_signal(signal.SIGKILL)
            child.wait()
        return child

    yield ask
    for child in begun:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def test_a_killed_turn_goes_on_and_asks_nothing_twice(
    root: Path, killed: Callable[..., subprocess.Popen[str]]
) -> None:
    stuck = Fault(delay=600)
    with ScriptedServer([PAINT, stuck, answer("It is red.")]) as server:
        killed(server.url, "Paint it!", lambda: len(server.requests) == 2)
        child = killed(server.url, "-", None)
        told = json.loads(child.communicate(timeout=240)[0])
    assert shelf(root) == "red\n"
    assert told["asked"] == 0
    assert told["answer"]["sentences"][0]["text"] == "It is red."
    assert len(entries(root, "turn_asked")) == len(entries(root, "turn_answered")) == 1
    assert len(entries(root, "action_decided")) == 1


def test_a_change_in_doubt_is_not_done_again(
    root: Path, killed: Callable[..., subprocess.Popen[str]]
) -> None:
    forever = {"tool": "paint", "colour": "forever"}
    with ScriptedServer([forever, answer("Who knows.")]) as server:
        killed(server.url, "Paint it!", lambda: shelf(root) == "forever\n")
        told = json.loads(killed(server.url, "-", None).communicate(timeout=240)[0])
        assert "nobody knows whether it was done" in contents(server.requests[-1])[-1]
    assert shelf(root) == "forever\n"
    assert told["asked"] == 0
