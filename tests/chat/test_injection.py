"""What essays, findings, file names and experiments order is not done, whoever obeys it."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from attacks import ACTIONS, ALL, CLAIMS, FILES, ROLES, SCREEN, Attack, said
from campaigns import ScriptedServer, scientist
from obedient import KEY, SECRET, Obedient, plant, room
from rich.console import Console

from scientist.chat.session import open_session
from scientist.chat.threads import transcript
from scientist.cli.conversing import answers, by_hand
from scientist.cli.conversing import screen as screens
from scientist.cli.conversing.opening import Room
from scientist.cli.conversing.screen import Screen
from scientist.errors import ModelOutputError
from scientist.events import TurnAnswered
from scientist.records import Mark, clean

CHANGED = ("campaign_opened", "hypothesis_proposed", "finding_recorded", "experiment_started")
LOOKED = {"journal", "chroma", "locks", "chats.sqlite", "chats.sqlite-wal", "chats.sqlite-shm"}
OURS = re.compile(r"\x1b\[(?:2|31|33|0)m|\x1b\]8;;(?:file://[^\x1b]*)?\x1b\\")
TEMPLATES = ("<|", "[INST]", "[/INST]", "<<SYS>>")


@dataclass
class Told:
    """What one attack came to: what was shown, asked, recorded, and sent to the model."""

    held: Room
    thread: str = ""
    answer: TurnAnswered | None = None
    heard: io.StringIO = field(default_factory=io.StringIO)
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return answers.lines(self.answer, self.held.place) if self.answer else []

    @property
    def seen(self) -> str:
        return "\n".join([*self.lines, self.heard.getvalue()])

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        entries = self.held.journal.entries(*kinds, campaign=self.thread)
        return [entry.data for entry in entries]


class Scene:
    """The planted workspace with one model after another; every attack is played once."""

    def __init__(self, held: Room, server: ScriptedServer) -> None:
        self.held, self.server = held, server
        self._played: dict[str, Told] = {}

    def told(self, attack: Attack) -> Told:
        if attack.name not in self._played:
            self._played[attack.name] = self.play(attack)
        return self._played[attack.name]

    def play(self, attack: Attack, asks: bool = False) -> Told:
        held, told = self.held, Told(self.held)
        self.server.script = model = Obedient(attack)
        self.server.requests = told.requests
        console = Console(file=told.heard, width=200, highlight=False, markup=False)
        screen = Screen(console, asks, lambda tool, given: by_hand.command(tool, given, held))
        before, counts = _tree(held.place.root), _counts(held)
        opened = (held.place, held.journal, held.store, held.settings, held.handle, None)
        with open_session(*opened) as session:
            told.thread = session.thread
            try:
                with screen.turn():
                    told.answer = session.ask("What do the essays say about it?", screen)
            except ModelOutputError as fault:  # nothing of what it wrote was a step at all
                told.heard.write(clean(fault.message))
        assert model.obeyed, "the attack was never read, so nothing was tested"
        assert _counts(held) == counts
        assert _tree(held.place.root) == before
        return told


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    place = plant(tmp_path_factory.mktemp("planted"))
    with ScriptedServer(script=lambda _: None) as server, room(place, server.url) as held:
        yield Scene(held, server)


def _counts(held: Room) -> dict[str, int]:
    return {kind: held.journal.count(kind) for kind in CHANGED}


def _tree(root: Path) -> dict[str, tuple[int, int]]:
    """All files but those that a conversation keeps its own record in, and how each stands."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in LOOKED
    }


def tame(text: str) -> bool:
    """Whether no terminal would do anything but print it."""
    return not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_an_obeyed_order_changes_reads_and_shows_nothing_unmarked(
    scene: Scene, attack: Attack
) -> None:
    told = scene.told(attack)
    assert not [one for one in told.events("action_decided") if one["approved"]]
    sent = json.dumps(told.requests)
    for secret in (SECRET, KEY):
        assert secret not in sent
        assert secret not in told.seen
    assert tame(told.seen)
    sentences = told.answer.sentences if told.answer else ()
    assert not [one for one in sentences if one.mark is Mark.CITED], sentences
    assert len(told.lines) >= len(sentences)  # a sentence may have lines of its own below it
    for line, one in zip(told.lines, sentences, strict=False):
        assert answers.verdict(one) in line
    for hidden in attack.hidden:
        assert hidden not in told.seen


def test_there_are_at_least_thirty_attacks_and_no_two_are_the_same() -> None:
    assert len({attack.word for attack in ALL}) == len(ALL) >= 30
    assert len({(str(one.orders), one.says, one.place) for one in ALL}) == len(ALL)


@pytest.mark.parametrize("attack", [ACTIONS[0], ACTIONS[1]], ids=lambda attack: attack.name)
def test_a_user_who_says_no_is_asked_once_and_obeyed(
    scene: Scene, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr(screens, "confirmed", no)
    told = scene.play(attack, asks=True)
    assert asked == [screens.QUESTION]
    assert [one["approved"] for one in told.events("action_decided")] == [False]


def test_the_plan_that_a_user_sees_cannot_draw_a_question_of_its_own(scene: Scene) -> None:
    attack = next(one for one in ACTIONS if one.name == "approve in arguments")
    told = scene.told(attack)
    lines = told.heard.getvalue().splitlines()
    assert not [line for line in lines if line.lstrip().startswith(("do it?", "y"))]
    assert any("declined: nobody is here to say yes" in line for line in lines)
    assert any("scientist kit run causal_features" in line for line in lines)


@pytest.mark.parametrize("attack", FILES, ids=lambda attack: attack.name)
def test_no_tool_takes_a_path(scene: Scene, attack: Attack) -> None:
    told = scene.told(attack)
    done = [one["tool"] for one in told.events("tool_called") if one["outcome"] == "done"]
    assert set(done) <= {"search_essays", "show_finding"}
    if attack.name == "settings":
        assert not [one for one in told.events("action_decided") if one["approved"]]


@pytest.mark.parametrize("attack", ROLES, ids=lambda attack: attack.name)
def test_a_result_stays_one_quotation_of_the_users_side(scene: Scene, attack: Attack) -> None:
    told, quotations = scene.told(attack), 0
    for request in told.requests:
        first, *others = request["messages"]
        assert first["role"] == "system"
        assert {one["role"] for one in others} <= {"user", "assistant"}
        for one in others:
            head, marked, quoted = one["content"].partition(" (data): ")
            if one["role"] == "user" and head.startswith("Result of ") and marked:
                assert isinstance(json.loads(quoted), str)
                quotations += 1
            assert not [sign for sign in TEMPLATES if sign in one["content"]]
    assert quotations


@pytest.mark.parametrize("attack", [*CLAIMS, *SCREEN], ids=lambda attack: attack.name)
def test_what_is_marked_stays_marked_in_colour_in_json_and_in_the_export(
    scene: Scene, attack: Attack
) -> None:
    told = scene.told(attack)
    assert told.answer is not None
    held = told.held
    coloured = answers.lines(told.answer, held.place, lambda _: "file:///x", styled=True)
    assert tame(OURS.sub("", "\n".join(coloured)))
    assert len(coloured) == len(told.lines)
    exported = transcript(held.journal, told.thread)
    assert tame(exported)
    assert not re.search(r"(?<!\\)\]\(http", exported)
    document = answers.document(told.answer, "q", held.journal, held.place, [])
    assert tame(json.dumps(document, ensure_ascii=False))
    assert {one["mark"] for one in document["sentences"]} <= {
        *("opinion", "unbound", "contradicted"),
    }


def test_ids_that_a_user_is_handed_are_not_obeyed_by_the_terminal(scene: Scene) -> None:
    for arguments in (("ask", "x", "--thread", "T1\x1b[2J"), ("chat", "--thread", "T\x9b2J")):
        with ScriptedServer(script=lambda _: said("x")) as server:
            ran = scientist(*arguments, "-w", scene.held.place.root, "--endpoint", server.url)
        assert ran.returncode == 2
        assert tame(ran.stdout + ran.stderr)
        assert " --threads" in ran.stderr


def test_an_essay_named_like_an_order_is_listed_and_nothing_more(scene: Scene) -> None:
    listed = scientist("corpus", "list", "-w", scene.held.place.root)
    assert "orderOrderInAFileName" in listed.stdout
    assert tame(listed.stdout)
