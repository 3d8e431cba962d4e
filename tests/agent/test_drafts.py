"""The code of a round's hypotheses is asked for together, and what becomes of it is the same."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from campaigns import ScriptedServer, command, environment, essays, scientist
from minds import halved, schema_of, steady
from waiting import until

from scientist.journal import Journal

QUESTION = "Do learners that keep stable features make fewer errors after the cue is reversed?"
ARMS = ("halved", "dampened")
MADE = ("hypothesis_proposed", "code_written", "code_given_up", "protocol_sealed")
LIMIT = 300
usual = steady(0)


def arms(request: dict[str, Any]) -> Any:
    """A new arm for each of two answers with hypotheses, and the code of either."""
    answer = usual(request)
    if schema_of(request) == "Proposals" and request["seed"] // 100 % 10:
        answer["new_arm"]["name"] = ARMS[1]
        answer["new_arm"]["change"] = "whatever the last environment taught is trusted less"
    if schema_of(request) == "Code" and wanted(request) == ARMS[1]:
        answer["code"] = halved(request).replace("0.5", "0.25")
    return answer


def wanted(request: dict[str, Any]) -> str:
    """The arm that a request wants code of; empty if it wants something else."""
    said = request["messages"][1]["content"] if schema_of(request) == "Code" else ""
    found = re.search(r"Write the function (\w+)\(", said)
    return found[1] if found else ""


def words(folder: Path, server: ScriptedServer) -> list[object]:
    place = ("--essays", essays(folder / "e"), "-w", folder / "w", "--endpoint", server.url)
    return ["run", QUESTION, *place, "--rounds", 1, "--pairs", 6, "--json"]


def at_once(concurrency: int) -> dict[str, str]:
    return {
        "SCIENTIST_CONCURRENCY": str(concurrency),
        "SCIENTIST_DRAWS": "2",
        "SCIENTIST_AT_ONCE": "4",
        "SCIENTIST_RUNG": "adapted",
        "SCIENTIST_JUDGEMENTS": "0",
    }


def campaign(folder: Path, mind: Callable[[dict[str, Any]], Any], concurrency: int) -> list[Any]:
    """What a campaign of one round put on record, in order."""
    with ScriptedServer(script=lambda _: mind) as server:
        done = scientist(*words(folder, server), **at_once(concurrency))
    assert done.returncode == 0, done.stderr
    return recorded(folder)


def recorded(folder: Path) -> list[Any]:
    """What a verified record says of hypotheses, their code and their tests, in order."""
    verified = scientist("audit", "verify", "--deep", "-w", folder / "w")
    assert verified.returncode == 0, verified.stderr
    with Journal(folder / "w" / "journal") as journal:
        keys = [entry.data["key"] for entry in journal.entries("effect_done")]
        assert len(set(keys)) == len(keys)
        return [(entry.kind, entry.data) for entry in journal.entries(*MADE)]


def count(folder: Path, kind: str) -> int:
    """How many events of a kind are on record by now."""
    if not (folder / "w" / "journal").exists():
        return 0
    with Journal(folder / "w" / "journal") as journal:
        return sum(1 for _ in journal.entries(kind))


def test_code_is_asked_for_together_and_recorded_in_the_order_of_the_round(tmp_path: Path) -> None:
    together = threading.Barrier(len(ARMS), timeout=LIMIT)

    def meet(request: dict[str, Any]) -> Any:
        if wanted(request):
            together.wait()
        return arms(request)

    found = campaign(tmp_path / "many", meet, 2)
    names = {
        data["hypothesis"]["id"]: data["hypothesis"]["treatment"]
        for kind, data in found
        if kind == "hypothesis_proposed"
    }
    written = [names[data["hypothesis"]] for kind, data in found if kind == "code_written"]
    assert sorted(written) == sorted(ARMS)
    assert campaign(tmp_path / "one", arms, 1) == found
    assert killed_and_resumed(tmp_path / "killed", written[1]) == found


def killed_and_resumed(folder: Path, late: str) -> list[Any]:
    """The same from a campaign that is killed when one piece of code is there and one is not."""
    killed = threading.Event()

    def some(request: dict[str, Any]) -> Any:
        if wanted(request) == late:
            killed.wait(LIMIT)
        return arms(request)

    with ScriptedServer(script=lambda _: some) as server:
        running = subprocess.Popen(
            command(*words(folder, server)),
            env=environment(**at_once(2)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: count(folder, "code_written"), LIMIT)
        running.kill()
        running.wait()
        assert count(folder, "code_written") == 1
        killed.set()
        done = scientist("run", "--resume", "-w", folder / "w", "--json", **at_once(1))
        asked = [name for name in map(wanted, server.requests) if name]
    assert done.returncode == 0, done.stderr
    assert sorted(asked) == sorted([*ARMS, late])  # what was in doubt was asked for again
    return recorded(folder)
