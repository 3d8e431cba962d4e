"""Conversations as the journal knows them: which threads there are, and their turns.

Views, like those of journal/project.py; what the model is shown of a thread is in graph.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scientist.errors import UsageError
from scientist.events import TurnAnswered
from scientist.journal import Entry, Journal
from scientist.journal.store import Fold
from scientist.records import Said
from scientist.science.claims.markdown import escape

LIST = "scientist chat --threads"
LONGEST_QUESTION = 8000  # letters; a longer text belongs into an essay


@dataclass(frozen=True)
class Turn:
    """A question of the user and what became of it."""

    number: int
    asked: str
    answer: TurnAnswered | None
    stopped: str  # why it ended without an answer; '' if it did not
    key: str = ""  # of its event: a number may come again in another journal, this does not
    undone: bool = False
    time: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether the process ended before the turn did."""
        return self.answer is None and not self.stopped


@dataclass(frozen=True)
class ThreadView:
    """A thread in one line."""

    name: str
    question: str
    turns: int
    time: str


@dataclass(frozen=True)
class Found:
    """A turn that has the words of a search."""

    thread: str
    turn: Turn


Turns = dict[int, Turn]


def question(text: str) -> str:
    """A question that may be asked, or a refusal."""
    asked = text.strip()
    if not asked:
        raise UsageError("there is no question", 'scientist ask "QUESTION"')
    if len(asked) > LONGEST_QUESTION:
        raise UsageError(
            f"the question has {len(asked)} letters, {LONGEST_QUESTION} are the most",
            "put the text into an essay: scientist corpus add FILE; then ask about it",
        )
    try:
        asked.encode()
    except UnicodeEncodeError as fault:
        raise UsageError(f"the question is not text: {fault}", "give it as UTF-8") from fault
    return asked


def _take(found: dict[str, Turns], entry: Entry) -> None:
    data = entry.data
    turns = found.setdefault(data["thread"], {})
    number = data["turn"]
    if entry.kind == "turn_asked":
        turns[number] = Turn(number, data["text"], None, "", entry.hash, time=entry.time)
        return
    turn = turns[number]
    if entry.kind == "turn_answered":
        answer = TurnAnswered.model_validate(data)
        turns[number] = replace(turn, answer=answer, stopped="", time=entry.time)
    elif entry.kind == "turn_stopped":
        turns[number] = replace(turn, stopped=data["reason"] or "stopped", time=entry.time)
    else:
        turns[number] = replace(turn, undone=True, time=entry.time)


_THREADS = Fold[dict[str, Turns]](
    ("turn_asked", "turn_answered", "turn_stopped", "turn_undone"), dict, _take
)


def names(journal: Journal) -> list[str]:
    """Every thread by name, the oldest first."""
    known = journal.follow(_THREADS)
    return list(known)


def threads(journal: Journal) -> list[ThreadView]:
    """Every thread, the oldest first."""
    views = []
    for name, known in journal.follow(_THREADS).items():
        standing = [turn for turn in known.values() if not turn.undone]
        first = standing[0] if standing else next(iter(known.values()))
        last = max(turn.time for turn in known.values())
        views.append(ThreadView(name, first.asked, len(standing), last))
    return views


def every_turn(journal: Journal, thread: str) -> list[Turn]:
    """All turns of a thread, those that were undone too."""
    return list(journal.follow(_THREADS).get(thread.upper(), {}).values())


def turns(journal: Journal, thread: str) -> list[Turn]:
    """The turns of a thread that stand; none if nothing was ever asked there."""
    return [turn for turn in every_turn(journal, thread) if not turn.undone]


def answer(journal: Journal, thread: str, number: int) -> TurnAnswered | None:
    """What was answered in a turn."""
    every = every_turn(journal, thread)
    return next((turn.answer for turn in every if turn.number == number), None)


def search(journal: Journal, words: str) -> list[Found]:
    """The turns, newest first, whose question or answer has all the words."""
    wanted = words.casefold().split()
    found = [
        Found(name, turn)
        for name, known in journal.follow(_THREADS).items()
        for turn in known.values()
        if not turn.undone and all(word in _text(turn).casefold() for word in wanted)
    ]
    return sorted(found, key=lambda one: one.turn.time, reverse=True) if wanted else []


def transcript(journal: Journal, thread: str) -> str:
    """A thread as Markdown; what is not borne out says so."""
    thread = thread.upper()
    lines = [f"# Conversation {thread}", ""]
    for turn in turns(journal, thread):
        lines += [f"## {turn.number}. {escape(turn.asked)}", ""]
        if turn.answer is None:
            lines += [f"*{turn.stopped or 'no answer yet'}*", ""]
            continue
        for said in turn.answer.sentences:
            lines += [*_told(said), ""]
        if not turn.answer.sentences:
            lines += ["I don't know.", ""]
        if turn.answer.experiment:
            lines += ["This would tell:", "", f"    {turn.answer.experiment}", ""]
    return "\n".join(lines)


def _told(said: Said) -> Iterable[str]:
    cites = "".join(f" [{cite}]" for cite in said.cites)
    mark = f" *({said.mark.words})*" if said.mark.words else ""
    yield f"{escape(said.text)}{cites}{mark}"
    yield from (f"> {escape(note)}" for note in said.notes)


def _text(turn: Turn) -> str:
    said = [one.text for one in turn.answer.sentences] if turn.answer else []
    return " ".join([turn.asked, *said])
