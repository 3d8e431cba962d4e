"""A round's answers with hypotheses are drawn at once, and what becomes of them is the same."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from campaigns import (
    ScriptedServer,
    command,
    contradiction,
    environment,
    essays,
    propose,
    scientist,
)
from minds import schema_of
from waiting import until

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
        done = scientist(*words(folder, server), **several(concurrency))
    assert done.returncode == 0, done.stderr
    return recorded(folder)


def words(folder: Path, server: ScriptedServer) -> list[object]:
    """The command of a campaign of one round."""
    place = ("--essays", essays(folder / "e"), "-w", folder / "w", "--endpoint", server.url)
    return ["run", *place, "--rounds", 1, "--pairs", 6, "--json"]


def several(concurrency: int) -> dict[str, str]:
    return {"SCIENTIST_DRAWS": str(DRAWS), "SCIENTIST_CONCURRENCY": str(concurrency)}


def recorded(folder: Path) -> list[Any]:
    """What a verified record says of hypotheses and thoughts, in order."""
    verified = scientist("audit", "verify", "--deep", "-w", folder / "w")
    assert verified.returncode == 0, verified.stderr
    with Journal(folder / "w" / "journal") as journal:
        kinds = ("hypothesis_proposed", "candidate_rejected", "reasoned")
        entries = [e for e in journal.entries(*kinds) if e.data.get("source") != "code"]
        return [(entry.kind, entry.data) for entry in entries]


def test_answers_are_drawn_at_once_with_seeds_of_their_own_and_recorded_in_order(
    tmp_path: Path,
) -> None:
    together = threading.Barrier(DRAWS, timeout=300)
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
    assert killed_and_resumed(tmp_path / "killed") == found


def killed_and_resumed(folder: Path) -> list[Any]:
    """The same from a campaign that is killed when some draws are answered and some are not."""
    answered = threading.Event()

    def some(request: dict[str, Any]) -> Any:
        if request["seed"] == 1101 and not answered.is_set():
            answered.wait(300)
        return by_seed(request)

    with ScriptedServer(script=lambda _: some) as server:
        running = subprocess.Popen(
            command(*words(folder, server)),
            env=environment(**several(DRAWS)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        file = folder / "w" / "journal"
        until(lambda: calls(file) == DRAWS - 1, 300)
        running.kill()
        running.wait()
        answered.set()
        done = scientist("run", "--resume", "-w", folder / "w", "--json", **several(1))
    assert done.returncode == 0, done.stderr
    assert calls(file) == DRAWS - 1 + DRAWS  # both are on record, and lead to something once
    return recorded(folder)


def calls(folder: Path) -> int:
    """The calls of the model that are on record by now."""
    if not folder.exists():
        return 0
    with Journal(folder) as journal:
        return sum(1 for _ in journal.entries("model_called"))


def test_an_answer_that_cannot_be_used_costs_only_itself(tmp_path: Path) -> None:
    def sometimes(request: dict[str, Any]) -> Any:
        answer = propose(request)
        if request["seed"] % 1000 < 100:  # the first draw, and its repairs
            for one in answer["hypotheses"]:
                one["conditions"] = contradiction(request)
        return answer

    found = drawn(tmp_path, sometimes, DRAWS)
    rejected = [data["reason"] for kind, data in found if kind == "candidate_rejected"]
    assert sum("two values for one parameter" in reason for reason in rejected) == 2
    assert [kind for kind, _ in found].count("hypothesis_proposed") == 2
