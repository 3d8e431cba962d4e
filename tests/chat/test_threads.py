"""What the journal tells of conversations."""

from __future__ import annotations

import pytest

from scientist.chat import threads
from scientist.events import TurnAnswered, TurnAsked, TurnStopped, TurnUndone
from scientist.journal import Journal
from scientist.records import Mark, Said, Usage


def ask(journal: Journal, thread: str, turn: int, text: str) -> None:
    journal.append(TurnAsked(thread=thread, turn=turn, text=text), thread)


def answer(journal: Journal, thread: str, turn: int, *said: Said, experiment: str = "") -> None:
    event = TurnAnswered(
        thread=thread,
        turn=turn,
        sentences=said,
        experiment=experiment,
        usage=Usage(),
        seconds=1.0,
    )
    journal.append(event, thread)


@pytest.fixture
def talked(journal: Journal) -> Journal:
    ask(journal, "T1", 1, "What of *cats*?")
    cited = Said(text="Cats sleep.", cites=("F1", "E1:2"), mark=Mark.CITED)
    wrong = Said(text="They have 9 lives.", mark=Mark.UNBOUND, notes=("“9”: nobody counted",))
    link = Said(text="See [this](http://evil) <b>now</b>.", mark=Mark.OPINION)
    answer(journal, "T1", 1, cited, wrong, link)
    ask(journal, "T2", 1, "What of ships?")
    answer(journal, "T2", 1, experiment="scientist kit run ships")
    ask(journal, "T1", 2, "And dogs?")
    journal.append(TurnStopped(thread="T1", turn=2, reason="stopped by the user"), "T1")
    ask(journal, "T1", 3, "And birds?")
    journal.append(TurnUndone(thread="T1", turn=3), "T1")
    ask(journal, "T1", 4, "And fish?")
    return journal


def test_threads_are_listed_with_their_first_question(talked: Journal) -> None:
    found = [(one.name, one.question, one.turns) for one in threads.threads(talked)]
    assert found == [("T1", "What of *cats*?", 3), ("T2", "What of ships?", 1)]


def test_turns_are_those_that_stand(talked: Journal) -> None:
    found = threads.turns(talked, "t1")
    assert [turn.number for turn in found] == [1, 2, 4]
    assert [turn.unfinished for turn in found] == [False, False, True]
    assert [turn.number for turn in threads.every_turn(talked, "T1")] == [1, 2, 3, 4]
    assert threads.turns(talked, "T9") == []


def test_a_view_grows_with_the_journal(talked: Journal) -> None:
    assert not threads.turns(talked, "T1")[-1].answer
    answer(talked, "T1", 4, Said(text="Fish swim.", mark=Mark.OPINION))
    assert threads.turns(talked, "T1")[-1].answer


def test_search_finds_words_of_questions_and_answers(talked: Journal) -> None:
    def found(words: str) -> list[tuple[str, int]]:
        return [(one.thread, one.turn.number) for one in threads.search(talked, words)]

    assert found("CATS sleep") == [("T1", 1)]
    assert found("what") == [("T2", 1), ("T1", 1)]
    assert found("birds") == []
    assert found("cats ships") == []
    assert found("  ") == []


def test_a_transcript_says_what_is_not_borne_out_and_obeys_nothing(talked: Journal) -> None:
    told = threads.transcript(talked, "T1")
    assert "Cats sleep. [F1] [E1:2]\n" in told
    assert "They have 9 lives. *(not borne out)*\n> “9”: nobody counted" in told
    assert "*(the model's opinion)*" in told
    assert "[this]" not in told
    assert "<b>" not in told
    assert "*cats*" not in told
    assert "*stopped by the user*" in told
    assert "birds" not in told
    assert "*no answer yet*" in told
    assert "    scientist kit run ships" in threads.transcript(talked, "T2")
