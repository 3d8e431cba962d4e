"""kill -9 of the agent at any instant: the campaign ends as the undisturbed one did, nothing twice.

Copies of the command are forked by forking.py and killed, by the clock at random instants and by
their own hand at every kind of write to the journal; the experiments they began live on. Whoever
takes over has the workspace and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, running
from copies import Copies, forking
from minds import schema_of, steady

from scientist.journal import Journal, project, verify
from scientist.memory.documents import COLLECTIONS
from scientist.memory.store import Store
from scientist.science import integrity
from scientist.settings import Settings
from scientist.workspace import Workspace

INSTANTS = 50  # of each question
MOST = 40  # kills of one campaign, which then may end in peace
PATIENCE = 150  # copies that may die by their own hand in one campaign
LIVES = (0.05, 0.1, 0.3)  # longest life of a copy, as a share of an undisturbed campaign
CODE_OF_ITS_OWN = (
    "Do learners that keep stable features make fewer errors after the cue is reversed?",
    {"SCIENTIST_RUNG": "adapted", "SCIENTIST_AT_ONCE": "2", "SCIENTIST_JUDGEMENTS": "1"},
)
KITS_ALONE = (
    "Does bargaining among value systems leave the worst off better than their mean does?",
    {"SCIENTIST_RUNG": "kit", "SCIENTIST_AT_ONCE": "1", "SCIENTIST_JUDGEMENTS": "2"},
)
TOLD = (
    *("essay_added", "campaign_opened", "hypothesis_proposed", "candidate_rejected"),
    *("hypothesis_selected", "hypothesis_declined", "code_written", "code_given_up"),
    *("protocol_sealed", "experiment_started", "looked", "experiment_finished", "judged"),
    *("finding_recorded", "assertion_made", "relation_judged", "conflict_found"),
    *("conflict_resolved", "question_answered", "budget_warned", "degraded", "campaign_closed"),
)
VARYING = (  # between two runs of one campaign: times, places, and what holds them
    *("seconds", "environment", "source", "settings", "restarts", "grown_bytes"),
    *("trials_blob", "output_blob", "passages_blob"),
    *("cost", "value"),  # of a test: its share of the time that is left
)


@dataclass
class World:
    """A question with the server that answers, and the workspace of a campaign about it."""

    question: str
    settings: dict[str, str]
    folder: Path
    server: ScriptedServer
    rounds: int = 2

    @property
    def workspace(self) -> Path:
        return self.folder / "w"

    def command(self) -> list[object]:
        """What a user would type: run, or resume what is open."""
        place = ("-w", self.workspace, "--endpoint", self.server.url)
        if "campaign_opened" in kinds(self.workspace):
            return ["run", "--resume", *place]
        return [
            *("run", self.question, "--essays", essays(self.folder / "e")),
            *("--rounds", self.rounds, "--pairs", 8, "--minutes", 600, *place),
        ]


@dataclass
class Undisturbed:
    """A campaign that nobody kills, what it told, and how long it took."""

    world: World
    told: dict[str, Any]
    seconds: float

    def again(self, folder: Path) -> World:
        """The same campaign in another place."""
        return replace(self.world, folder=folder)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """One forking process for all tests of this module."""
    with forking(tmp_path_factory.mktemp("copies")) as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(script=steady(0.2)) as answering:
        yield answering


@pytest.fixture(scope="module", params=[CODE_OF_ITS_OWN, KITS_ALONE], ids=["code", "kits"])
def undisturbed(
    request: pytest.FixtureRequest,
    copies: Copies,
    server: ScriptedServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Undisturbed:
    world = World(*request.param, tmp_path_factory.mktemp("undisturbed"), server)
    began = time.monotonic()
    copies.begin(world.command(), copies.settings(world.settings))
    assert copies.end() == 0, copies.last_words()
    seconds = time.monotonic() - began
    found = told(world.workspace)
    assert found["finding_recorded"], "a campaign without a finding shows little"
    return Undisturbed(world, found, seconds)


def test_a_campaign_killed_at_random_instants_ends_like_the_undisturbed_one(
    tmp_path: Path, copies: Copies, server: ScriptedServer, undisturbed: Undisturbed
) -> None:
    chance = random.Random(undisturbed.world.question)
    struck: Counter[str] = Counter()
    slower = 1.0  # than it was undisturbed: other work may have come to the machine since
    for campaign in count():
        world = undisturbed.again(tmp_path / str(campaign))
        kills = 0
        while "campaign_closed" not in kinds(world.workspace):
            asked = len(server.requests)
            pid = copies.begin(world.command(), copies.settings(world.settings))
            life = chance.choice(LIVES) * chance.random() * undisturbed.seconds * slower
            if kills < MOST and struck.total() < INSTANTS and copies.lives(life):
                kills += 1
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                struck[amidst(world.workspace, len(server.requests) > asked)] += 1
                if struck.total() % 10 == 0 and len(struck) < 3:
                    slower *= 2
            status = copies.end()
            assert status in (0, -signal.SIGKILL), copies.last_words()
        check(world, undisturbed.told)
        if struck.total() >= INSTANTS:
            break
    assert min(struck["experiment"], struck["model call"], struck["else"]) > 0, struck


@pytest.mark.parametrize("undisturbed", [CODE_OF_ITS_OWN], ids=["code"], indirect=True)
def test_a_campaign_that_dies_at_every_kind_of_write_ends_like_the_undisturbed_one(
    tmp_path: Path, copies: Copies, undisturbed: Undisturbed
) -> None:
    world = undisturbed.again(tmp_path)
    places = tmp_path / "places"
    for _ in range(PATIENCE):
        copies.begin(world.command(), copies.settings(world.settings), places=str(places))
        status = copies.end()
        if "campaign_closed" in kinds(world.workspace):
            break
        assert status == -signal.SIGKILL, copies.last_words()
    check(world, undisturbed.told)
    died = {place.split()[0] for place in places.read_text().splitlines()}
    assert died >= {"phase_started", "phase_finished", "effect_intended", "tool_called"}


def test_a_model_that_writes_other_code_when_it_is_asked_again_does_no_harm(
    tmp_path: Path, copies: Copies
) -> None:
    again = count()

    def wavering(request: dict[str, Any]) -> Any:
        answer = steady(0)(request)
        if schema_of(request) == "Code":
            answer["code"] = answer["code"].replace("0.5", f"0.{50 - next(again)}")
        return answer

    with ScriptedServer(script=wavering) as server:
        world = World(*CODE_OF_ITS_OWN, tmp_path, server, rounds=1)
        for _ in range(PATIENCE):
            places = {"places": str(tmp_path / "places"), "phase": "write_code"}
            copies.begin(world.command(), copies.settings(world.settings), **places)
            status = copies.end()
            if "campaign_closed" in kinds(world.workspace):
                break
            assert status == -signal.SIGKILL, copies.last_words()
    assert next(again) > 1, "nobody died while the code was written"
    check(world, {})
    said = told(world.workspace)
    (written,) = said["code_written"]
    sealed = [one["protocol"] for one in said["protocol_sealed"]]
    assert written["code_hash"] in [protocol["code_hash"] for protocol in sealed]
    assert len(said["finding_recorded"]) == 2


def amidst(workspace: Path, asked: bool) -> str:
    """What the last copy was doing when it was killed."""
    if running(workspace):
        return "experiment"
    last = kinds(workspace)[-1:]
    return "model call" if asked and last == ["effect_intended"] else "else"


def kinds(workspace: Path) -> list[str]:
    """What happened, in order."""
    if not (workspace / "journal").is_dir():
        return []
    with Journal(workspace / "journal") as journal:
        return [entry.kind for entry in journal.entries()]


def told(workspace: Path) -> dict[str, Any]:
    """All that a campaign says, without what may differ between two runs of it."""
    with Journal(workspace / "journal") as journal:
        said: dict[str, Any] = {
            kind: [steadied(entry.data) for entry in journal.entries(kind)] for kind in TOLD
        }
        said["reasons"] = {entry.data["text"] for entry in journal.entries("reasoned")}
        said["effects"] = sorted(entry.data["key"] for entry in journal.entries("effect_done"))
        said["trials"] = [
            [(trial.arm, trial.seed, trial.metrics) for trial in project.trials(journal, view)]
            for view in project.experiments(journal)
        ]
        with Store(Workspace(workspace), Settings()) as store:
            store.sync(journal)
            said["stored"] = {name: store.count(name) for name in COLLECTIONS}
    said["runs"] = sorted(folder.name for folder in (workspace / "runs").iterdir())
    return said


def steadied(data: Any) -> Any:
    """What is the same in every run of one campaign."""
    if isinstance(data, dict):
        return {name: steadied(value) for name, value in data.items() if name not in VARYING}
    if isinstance(data, list):
        return [steadied(value) for value in data]
    return data


def check(world: World, expected: dict[str, Any]) -> None:
    """The record is whole, tells what the undisturbed one does, and tells nothing twice."""
    found = verify(world.workspace / "journal")
    assert found.passed, found.problem
    said = told(world.workspace)
    for what, wanted in expected.items():
        assert said[what] == wanted, what
    assert len(set(said["effects"])) == len(said["effects"])
    with Journal(world.workspace / "journal") as journal:
        for view in project.findings(journal):
            assert integrity.of_finding(journal, view.record) == ()
    for folder in (world.workspace / "runs").iterdir():
        lines = (folder / "trials.jsonl").read_text().splitlines()
        measured = [json.loads(line) for line in lines]
        trials = [(line["arm"], line["seed"]) for line in measured if "arm" in line]
        assert len(set(trials)) == len(trials), folder.name
