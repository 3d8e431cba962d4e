"""A round's answers with hypotheses are drawn at once, and what becomes of them is the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, contradiction, essays, propose, scientist
from minds import schema_of

from scientist.journal import Journal

DRAWS = 3


def by_seed(request: dict[str, Any]) -> dict[str, Any]:
    """Another direction and reason for another seed, and one proposal that is the same for all."""
    answer = propose(request)
    draw = request["seed"] // 100 % 10
    answer["thoughts"] = f"This is thought number {draw}."
    answer["hypotheses"][0]["sentences"] = [draw + 1]
    answer["hypotheses"][0]["metric"] = answer["hypotheses"][1]["metric"]
    return answer


def drawn(folder: Path, answer: Callable[[dict[str, Any]], Any], concurrency: int) -> list[Any]:
    """What a round with several draws put on record of its hypotheses, in order."""
    with ScriptedServer(script=lambda _: answer) as server:
        done = scientist(
            *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 6),
            *("-w", folder / "w", "--endpoint", server.url, "--json"),
            SCIENTIST_DRAWS=str(DRAWS),
            SCIENTIST_CONCURRENCY=str(concurrency),
        )
    assert done.returncode == 0, done.stderr
    verified = scientist("audit", "verify", "--deep", "-w", folder / "w")
    assert verified.returncode == 0, verified.stderr
    with Journal(folder / "w" / "journal") as journal:
        kinds = ("hypothesis_proposed", "candidate_rejected", "reasoned")
        entries = [e for e in journal.entries(*kinds) if e.data.get("source") != "code"]
        return [(entry.kind, entry.data) for entry in entries]


def test_answers_are_drawn_at_once_with_seeds_of_their_own_and_recorded_in_order(
    tmp_path: Path,
) -> None:
    together = threading.Barrier(DRAWS, timeout=60)
    seeds: list[int] = []

    def at_once(request: dict[str, Any]) -> Any:
        if schema_of(request) == "Proposals":
            seeds.append(request["seed"])
            together.wait()
        return by_seed(request)

    found = drawn(tmp_path / "many", at_once, DRAWS)
    assert sorted(seeds) == [1001, 1101, 1201]
    thoughts = [data["text"] for kind, data in found if kind == "reasoned"]
    assert thoughts == [f"This is thought number {number}." for number in range(DRAWS)]
    kinds = [kind for kind, _ in found]
    assert kinds.count("hypothesis_proposed") > 1
    assert kinds.count("candidate_rejected") >= DRAWS - 1  # the one that is the same for all
    assert drawn(tmp_path / "one", by_seed, 1) == found


@pytest.mark.parametrize("concurrency", [1, DRAWS])
def test_an_answer_that_cannot_be_used_costs_only_itself(tmp_path: Path, concurrency: int) -> None:
    def sometimes(request: dict[str, Any]) -> Any:
        answer = propose(request)
        if request["seed"] % 1000 < 100:  # the first draw, and its repairs
            for one in answer["hypotheses"]:
                one["conditions"] = contradiction(request)
        return answer

    found = drawn(tmp_path, sometimes, concurrency)
    rejected = [data["reason"] for kind, data in found if kind == "candidate_rejected"]
    assert sum("two values for one parameter" in reason for reason in rejected) == 2
    assert [kind for kind, _ in found].count("hypothesis_proposed") == 2
