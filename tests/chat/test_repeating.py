"""Answers in the record's own words: which may be chosen, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prepared import Desk, opened, prepare
from scripted import ScriptedServer
from talking import Ear

from scientist import catalog
from scientist.agent.strength import small
from scientist.chat import acting, telling
from scientist.chat.session import Session, open_session
from scientist.journal import Journal, project
from scientist.llm.endpoint import Endpoint, Handle
from scientist.records import Mark

ASKED = "Does keeping only stable features lower the error after the cue turned?"
LOOK = {"tool": "search_findings", "query": "stable features"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("repeating") / "workspace")


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    with Journal(folder / "journal") as opened_for_reading:
        yield opened_for_reading


@contextmanager
def talking(desk: Desk, url: str) -> Iterator[Session]:
    """A new thread at a desk, with a server that is no model of ours."""
    handle = Handle(Endpoint(url, "none", "scripted", "external"))
    place, journal, store, settings = desk.workspace, desk.journal, desk.store, desk.settings
    with open_session(place, journal, store, settings, handle, None) as session:
        yield session


def options(model: Any) -> str:
    return json.dumps(model.model_json_schema())


def test_a_finding_is_repeated_word_for_word_and_cited(folder: Path, journal: Journal) -> None:
    told = [LOOK, {"answer": [{"words_of": "F1"}, {"words_of": "F1"}]}]
    with (
        ScriptedServer(told) as server,
        opened(folder) as desk,
        talking(desk, server.url) as session,
    ):
        given = session.ask(ASKED, Ear())
    found = project.finding(journal, "F1").record
    first, second = given.sentences
    assert (first.text, first.cites, first.mark) == (found.statement, ("F1",), Mark.CITED)
    assert f"{found.judgement.treatment_mean:.4g}" in second.text
    assert second.mark is Mark.CITED


def test_what_does_not_bear_on_the_question_is_no_answer(folder: Path) -> None:
    nothing = {"answer": [{"words_of": "F1"}]}
    with ScriptedServer([LOOK, nothing, nothing]) as server, opened(folder) as desk:
        with talking(desk, server.url) as session:
            given = session.ask("What do lithium batteries cost in Norway?", Ear())
        assert "answers nothing" in server.requests[2]["messages"][-1]["content"]
    assert given.sentences == ()
    assert given.experiment


def test_the_question_said_again_is_no_answer(folder: Path) -> None:
    echo = {"answer": [{"says": f"The user writes: {ASKED}", "cites": ["F1"]}]}
    repeated = {"answer": [{"words_of": "F1"}]}
    with (
        ScriptedServer([LOOK, echo, repeated]) as server,
        opened(folder) as desk,
        talking(desk, server.url) as session,
    ):
        given = session.ask(ASKED, Ear())
    assert [(said.mark, said.cites) for said in given.sentences] == [(Mark.CITED, ("F1",))] * 2


def test_a_sentence_of_an_essay_is_repeated_in_quotation_marks(journal: Journal) -> None:
    (text,) = telling.words_of(journal, "E6:19")
    assert text == f"“{telling.about(journal, 'E6:19')[0]}”"


def test_small_models_choose_words_and_write_none() -> None:
    shown, words = ["F1", "X1", "E6:19"], ["F1", "E6:19"]
    offered = options(acting.schema(acting.Offer({}, shown, words, own=False)))
    assert '"words_of"' in offered
    assert '"says"' not in offered
    assert '"says"' in options(acting.schema(acting.Offer({}, shown, words)))
    nothing = options(acting.schema(acting.Offer({}, ["X1"], own=False)))
    assert '"answer"' not in nothing
    assert '"unknown"' in nothing
    ours = next(iter(catalog.MODELS.values())).artifact.sha256
    assert small(Endpoint("http://127.0.0.1", "none", "ours", "embedded", ours))
    assert not small(Endpoint("http://127.0.0.1", "none", "theirs", "external"))
