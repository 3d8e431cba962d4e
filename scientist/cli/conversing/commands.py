"""What a line that begins with / does, in a conversation on the screen.

Each command shows what the other commands of `scientist` show; nothing here asks the model.
Only what a person typed reaches this place.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scientist.cli import options, output
from scientist.cli.conversing import answers, by_hand, why
from scientist.cli.conversing.screen import confirmed
from scientist.errors import UsageError
from scientist.records import clean

if TYPE_CHECKING:
    from scientist.chat.session import Session
    from scientist.cli.conversing.opening import Room
    from scientist.events import TurnAnswered


@dataclass(frozen=True)
class Leave:
    """The conversation ends here, or goes on in another thread (None: a new one)."""

    over: bool = True
    thread: str | None = None


@dataclass(frozen=True)
class Talk:
    """A conversation and what it is held in."""

    room: Room
    session: Session
    asks: bool  # whether somebody can be asked

    def last(self) -> TurnAnswered:
        """The last answer."""
        for turn in reversed(self.session.turns()):
            if turn.answer is not None:
                return turn.answer
        raise UsageError("there is no answer yet", "ask something first")


Command = Callable[[Talk, str], Leave | None]


def names() -> list[str]:
    """All commands."""
    return [f"/{name}" for name in _COMMANDS]


def obey(talk: Talk, line: str) -> Leave | None:
    """Do what a line says that begins with /."""
    word, _, rest = line[1:].partition(" ")
    known = _COMMANDS.get(word.lower())
    if known is None:
        raise UsageError(f"there is no command /{clean(word)}", "/help")
    return known[2](talk, rest.strip())


def _help(_talk: Talk, _rest: str) -> None:
    rows = [(f"/{name} {usage}".rstrip(), about) for name, (usage, about, _) in _COMMANDS.items()]
    output.table(("command", "does"), rows)
    output.note("Enter sends; Alt-Enter, or a backslash before Enter, begins another line")
    output.note("Ctrl-C ends a turn; twice at the prompt leaves")


def _tools(talk: Talk, rest: str) -> None:
    offered = talk.room.toolkit.offered()
    rows = [
        (name, "asks first" if tool.changes else "", tool.description.splitlines()[0])
        for name, tool in offered.items()
        if rest.lower() in name
    ]
    if not rows:
        raise UsageError(f"there is no tool {rest}", "/tools")
    output.table(("tool", "", "does"), rows)


def _findings(talk: Talk, rest: str) -> None:
    from scientist.cli import findings

    if rest:
        findings.show(rest, talk.room.place.root, False)
    else:
        findings.list_(talk.room.place.root, False)


def _check(talk: Talk, rest: str) -> None:
    from scientist.cli import check

    said = rest or "\n".join(answers.checkable(one) for one in talk.last().sentences)
    if not said or said == "-":
        raise UsageError("the last answer has no sentence to check", "/check TEXT")
    with suppress(typer.Exit):  # what is refused was told
        check.check(text=said, corpus=False, judge=False, most=1, mend=False, endpoint=None,
                    model=None, workspace=talk.room.place.root, as_json=False)  # fmt: skip


def _run(talk: Talk, rest: str) -> None:
    room = talk.room
    if rest:
        words = by_hand.campaign(rest, room)
    elif told := talk.last().experiment:
        words = by_hand.told(told, room)
    else:
        raise UsageError("the last answer names no experiment", "/run QUESTION")
    output.result(answers.quoted(words))
    if not talk.asks:
        output.note("not started: nobody is here to say yes; the line above starts it")
        return
    if not confirmed("start it, as a process of its own? [y]es, [n]o: "):
        output.note("not started")
        return
    log = by_hand.start(words, room.place, by_hand.secrets(room.settings))
    output.note(f"started; what it says is written to {log}")
    output.note(f"to see it: scientist audit list{options.at(room.place)}")


def _why(talk: Talk, rest: str) -> None:
    names = rest.split() or list(
        dict.fromkeys(name for said in talk.last().sentences for name in said.cites)
    )
    if not names:
        raise UsageError("the last answer cites nothing", "/why ID, such as /why F1")
    for name in names:
        why.explain(talk.room.journal, talk.room.place, name)


def _undo(talk: Talk, _rest: str) -> None:
    turn = talk.session.undo()
    if turn is None:
        raise UsageError("there is no turn to take back", "/thread")
    output.note(f"turn {turn.number} is taken back: {clean(turn.asked)}")


def _thread(talk: Talk, rest: str) -> Leave | None:
    from scientist.chat import threads
    from scientist.cli.conversing import listing

    journal = talk.room.journal
    match rest.lower():
        case "":
            listing.turns(talk.session.thread, talk.session.turns())
        case "list":
            listing.threads(threads.threads(journal), False)
        case "new":
            return Leave(over=False)
        case name:
            if name.upper() not in threads.names(journal):
                raise UsageError(f"there is no thread {clean(name)}", "/thread list")
            return Leave(over=False, thread=name.upper())
    return None


def _export(talk: Talk, rest: str) -> None:
    from scientist.chat.threads import transcript

    if not talk.session.turns():
        raise UsageError("there is nothing to export yet", "ask something first")
    said = transcript(talk.room.journal, talk.session.thread)
    if rest:
        options.save(Path(rest).expanduser(), said, "conversation", "/export")
    else:
        output.result(said.rstrip("\n"))


def _model(talk: Talk, rest: str) -> None:
    if rest:
        raise UsageError(
            "the model is chosen when the conversation is opened",
            f"scientist chat --thread {talk.session.thread} --model NAME"
            + options.at(talk.room.place),
        )
    at = talk.room.handle.endpoint
    context = f", {at.context} tokens of context" if at.context else ""
    output.result(f"{at.model} at {at.url} ({at.kind}{context})")


def _quit(_talk: Talk, _rest: str) -> Leave:
    return Leave()


_COMMANDS: dict[str, tuple[str, str, Command]] = {
    "help": ("", "this list", _help),
    "tools": ("[NAME]", "what the model may use", _tools),
    "findings": ("[ID]", "what was found; with an id, one finding", _findings),
    "check": ("[TEXT]", "hold the last answer, or a text, against the record", _check),
    "run": ("[QUESTION]", "start a campaign on a question, or the experiment just named", _run),
    "why": ("[ID ...]", "what the last answer, or an id, rests on", _why),
    "undo": ("", "take the last turn back", _undo),
    "thread": ("[ID|new|list]", "the turns of this thread; another thread", _thread),
    "export": ("[FILE]", "this thread as Markdown", _export),
    "model": ("", "which model answers", _model),
    "quit": ("", "leave; the thread is kept", _quit),
}
