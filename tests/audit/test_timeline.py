"""The timeline of a campaign: what is asked for is shown, all of it, and nothing else."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from scientist.audit.spending import by_phase
from scientist.audit.tracing.exchange import Tries, answered, exchange, sent
from scientist.journal import Journal
from scientist.journal.costs import cost

from . import reported, traced
from .traced import command


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timed")
    with Journal(folder / "journal", write=True) as journal:
        reported.open_campaign(journal)
        reported.propose(journal, reported.asked(7))
        traced.code(journal)
        reported.close_campaign(journal, ())
        traced.talk(journal)
    return folder


def show(workspace: Path, *options: object) -> str:
    done = command("show", "c1", *options, "-w", workspace)
    assert done.returncode == 0, done.stderr
    return done.stdout


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_kind_a_phase_and_a_text_pick_events(workspace: Path) -> None:
    with Journal(workspace / "journal") as journal:
        every = list(journal.entries(campaign="C1"))
    assert [e["seq"] for e in events(show(workspace, "--json"))] == [e.seq for e in every]
    two = events(show(workspace, "--json", "--kind", "model_called", "--kind", "code_written"))
    assert [e["kind"] for e in two] == ["model_called", "model_called", "code_written"]
    coded = events(show(workspace, "--json", "--phase", "write_code", "--text", "POOLED GIVES"))
    assert [e["kind"] for e in coded] == ["model_called"]
    middle = every[4].time
    late = events(show(workspace, "--json", "--since", middle))
    early = events(show(workspace, "--json", "--until", middle))
    assert [e["seq"] for e in (*early, *late)] == [e.seq for e in every]


def test_the_first_and_the_last_lines_are_those_of_the_whole(workspace: Path) -> None:
    whole = show(workspace).splitlines()
    assert show(workspace, "--first", 2).splitlines() == whole[:2]
    assert show(workspace, "--last", 2).splitlines() == whole[-2:]


def test_calls_show_what_was_asked_and_answered_and_where_the_rest_is(workspace: Path) -> None:
    said = show(workspace, "--calls", "--diff", "--phase", "write_code")
    for text in ("You write code.", "let me think", "characters more: ", "--- try 1", "+++ try 2"):
        assert text in said
    assert "-    return 1" in said
    assert "+    return 2" in said
    assert "\x1b" not in said
    pointer = said.partition("characters more: ")[2].split()[0]
    assert traced.ESCAPE in json.loads(Path(pointer).read_text())["messages"][1]["content"]
    (first, second) = events(show(workspace, "--json", "--calls", "--kind", "model_called"))
    assert json.loads(first["call"]["answer"]) == {"code": traced.FIRST}
    assert first["call"]["reasoning"] == "let me think"
    assert len(second["call"]["messages"]) == 3


def test_costs_by_phase_add_up_to_those_of_the_campaign(workspace: Path) -> None:
    document = json.loads(show(workspace, "--costs", "--json"))
    with Journal(workspace / "journal") as journal:
        whole = cost(journal, "C1")
        phases = by_phase(journal.entries(campaign="C1"))
    assert [one["phase"] for one in document["phases"]] == [one.phase for one in phases]
    assert sum(one.prompt for one in phases) == whole.usage.prompt == 600
    assert sum(one.calls for one in phases) == whole.calls == 2
    (written,) = [one for one in phases if one.phase == "write_code"]
    assert (written.seconds, written.model_seconds) == (4.5, 4.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--kind", "nothing"), "no event has the kind nothing"),
        (("--phase", "nowhere"), "no event has the phase nowhere"),
        (("--since", "yesterday"), "yesterday is no time"),
        (("--first", 1, "--last", 1), "two timelines"),
        (("--costs", "--calls"), "--costs goes alone"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    workspace: Path, options: tuple[object, ...], said: str
) -> None:
    done = command("show", "C1", *options, "-w", workspace)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert f"hint: scientist audit show -w {workspace} C1 --" in done.stderr


def test_a_conversation_has_a_timeline_and_nobody_else(workspace: Path) -> None:
    done = command("show", "t1", "-w", workspace)
    assert "what was found?" in done.stdout
    assert command("show", "C9", "-w", workspace).returncode == 2


def test_broken_answers_are_read_as_far_as_they_go() -> None:
    for raw in (
        b"",
        b"not json",
        b"data: {",
        b"[]",
        b'{"choices":[]}',
        b'{"choices":[{"delta":1}]}',
    ):
        assert answered(raw) == ("", "")
        assert sent(raw) == ()
    half = traced.streamed({"code": traced.FIRST})
    assert 0 < len(answered(half[: len(half) // 2])[0]) < len(answered(half)[0])


def test_tries_at_other_code_are_not_compared(workspace: Path) -> None:
    with Journal(workspace / "journal") as journal:
        first, second = (exchange(journal, e) for e in journal.entries("model_called"))
    other = type(first)((("user", "Write wild."),), second.answer, "", "", "")
    tries = Tries()
    told = [tries.add(call) for call in (first, second, second, other)]
    assert [one[0] for one in told] == [
        *("--- nothing", "--- try 1", "try 3 is word for word the one before", "--- nothing")
    ]
    assert list(itertools.chain(*told)).count("+++ try 1") == 2
