"""A conversation that outgrows the model's context."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from scripted import Fault, ScriptedServer
from talking import Ear, answer, look, talk

from scientist.chat import compacting, telling
from scientist.chat.state import Past
from scientist.errors import ContextError
from scientist.journal import Journal
from scientist.llm import fit


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def past(turn: int, result: str = "much") -> Past:
    """An earlier turn with a result of some length."""
    return Past(
        turn=turn,
        key=f"key {turn}",
        messages=[
            {"role": "user", "content": f"The user writes: question {turn}"},
            {"role": "assistant", "content": '{"tool": "look"}'},
            telling.result("look", result * 100),
            {"role": "assistant", "content": '{"answer": []}'},
        ],
        shown=["F1"],
        pointer=f"turn {turn} asked “question {turn}”, answered with F1; see /thread T1",
    )


NOW = [{"role": "user", "content": "The user writes: now?"}]


def size(earlier: Any, now: Any) -> int:
    return fit.tokens([*(m for one in earlier for m in one["messages"]), *now])


def test_the_oldest_results_go_first_and_then_the_oldest_turns() -> None:
    earlier = [past(number) for number in range(1, 7)]
    whole = size(earlier, NOW)
    some = compacting.compact(earlier, NOW, size, int(whole * 1.4))
    assert size(some.past, NOW) <= whole * 0.7
    assert some.through == 0
    left = [any(telling.whole(m) for m in one["messages"]) for one in some.past]
    assert left == sorted(left)
    assert not all(left)
    assert any(left)
    most = compacting.compact(earlier, NOW, size, whole // 5)
    gone = [not one["messages"] for one in most.past]
    assert gone == sorted(gone, reverse=True)
    assert most.through == sum(gone) > 0
    assert "turn 1 asked “question 1”" in most.summary
    assert most.messages == NOW
    assert earlier == [past(number) for number in range(1, 7)], "it changed what it was given"


def test_many_pointers_become_one() -> None:
    earlier = [past(number) for number in range(1, 31)]
    left = compacting.compact(earlier, NOW, size, 100)
    pointers = [one["pointer"] for one in left.past if one["pointer"] and not one["messages"]]
    assert pointers[0] == "turns 1 to 18; see /thread T1"
    assert len(pointers) == compacting.MOST_POINTERS + 1


def test_a_long_thread_goes_on_with_pointers_and_on_record(root: Path) -> None:
    steps: list[Any] = []
    for number in range(14):
        steps += [look(f"much {number}"), answer(f"Answer {'abcdefghijklmn'[number]}.", "F1")]
    context = 4000
    with ScriptedServer(steps) as server:
        with talk(root, server.url, context=context) as one:
            for number in range(14):
                one.ask(f"question {number}?", Ear())
            assert len(one.turns()) == 14
        requests = [request["messages"] for request in server.requests]
    events = [one.data for one in Journal(root / "journal").entries("thread_compacted")]
    assert 0 < len(events) < 10, "it is done in one go, not turn by turn"
    assert events[-1]["through"] > 0
    assert "turn 1 asked “question 0?”" in requests[-1][1]["content"]
    assert "see /thread T1" in requests[-1][1]["content"]
    kept = sum(after[: len(before)] == before for before, after in itertools.pairwise(requests))
    assert kept >= len(requests) - 1 - len(events), "only a compaction changes what was said"
    for request in requests:
        roles = [message["role"] for message in request[1:]]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


def test_a_server_that_knows_its_context_better_is_believed(root: Path) -> None:
    full = Fault(400, "the request exceeds the available context size: prompt is 5000 tokens")
    steps = [look("much"), answer("Ah."), look("much too"), full, answer("Oh.")]
    with ScriptedServer(steps) as server, talk(root, server.url) as one:
        one.ask("first?", Ear())
        assert one.ask("second?", Ear()).sentences[0].text == "Oh."
        server.assert_done()
    assert len(list(Journal(root / "journal").entries("thread_compacted"))) == 1


def test_a_context_that_nothing_fits_is_an_error(root: Path) -> None:
    full = Fault(400, "the request exceeds the available context size: prompt is 5000 tokens")
    with (
        ScriptedServer([full] * 3) as server,
        talk(root, server.url) as one,
        pytest.raises(ContextError),
    ):
        one.ask("first?", Ear())
