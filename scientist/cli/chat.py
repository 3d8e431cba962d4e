"""`scientist chat`: a conversation that shows its evidence, in threads that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output
from scientist.cli.ask import ThreadOption
from scientist.errors import ScientistError, UsageError

if TYPE_CHECKING:
    from scientist.cli.conversing.commands import Leave, Talk
    from scientist.cli.conversing.opening import Room
    from scientist.cli.conversing.reading import Reader
    from scientist.cli.conversing.screen import Screen


def chat(
    thread: ThreadOption = None,
    threads: Annotated[bool, typer.Option("--threads", help="list all conversations")] = False,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="WORDS", help="list the turns that have all these words"),
    ] = None,
    endpoint: options.EndpointOption = None,
    model: options.ModelOption = None,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Talk about essays, findings and beliefs; /help lists the commands of a conversation.

    Without a terminal every line of stdin is a turn, and nothing is ever asked back.
    """
    if threads or search is not None:
        _list(workspace, search, as_json)
        return
    if as_json:
        raise UsageError("a conversation is no JSON document", "scientist ask QUESTION --json")
    from scientist.cli.conversing import commands, opening, reading, turns

    resolved = options.settings(workspace, endpoint=endpoint, model=model, chroma=chroma)
    asks = reading.interactive()
    with opening.room(workspace, resolved.values) as room:
        screen = turns.screen(room, asks)
        read = reading.editor(commands.names(), lambda: _names(room)) if asks else reading.plain()
        leave: Leave | None = commands.Leave(over=False, thread=thread)
        while leave is not None and not leave.over:
            with turns.thread(room, leave.thread) as session:
                talk = commands.Talk(room, session, asks)
                _greet(talk)
                try:
                    leave = _offer_rest(talk, screen) or _converse(talk, screen, read)
                except KeyboardInterrupt:
                    if not asks:
                        raise
                    leave = None  # between two prompts: nothing is going on


def _list(workspace: Path | None, search: str | None, as_json: bool) -> None:
    from scientist.chat import threads
    from scientist.cli.conversing import listing

    with options.reading(workspace) as (_, journal):
        if search is None:
            listing.threads(threads.threads(journal), as_json)
        else:
            listing.found(threads.search(journal, search), as_json)


def _names(room: Room) -> list[str]:
    """What a word of a question may be completed to."""
    from scientist.journal import project

    journal = room.journal
    return [
        *(view.record.id for view in project.findings(journal)),
        *(view.record.id for view in project.hypotheses(journal)),
        *(view.id for view in project.experiments(journal)),
        *(view.id for view in project.essays(journal)),
        *(view.id for view in project.campaigns(journal)),
        *room.toolkit.offered(),
    ]


def _greet(talk: Talk) -> None:
    if talk.asks:
        at = talk.room.handle.endpoint
        standing = len(talk.session.turns())
        before = f", {standing} turns so far" if standing else ""
        output.note(f"{talk.session.thread}{before}; {at.model} answers; /help lists commands")


def _offer_rest(talk: Talk, screen: Screen) -> Leave | None:
    """A turn that a crash broke off goes on, if it is wanted."""
    from scientist.cli.conversing.screen import confirmed
    from scientist.records import clean

    unfinished = talk.session.unfinished()
    if unfinished is None:
        return None
    output.note(f"turn {unfinished.number} was not finished: {clean(unfinished.asked)}")
    if not talk.asks:
        output.note("it is finished first")
    elif not confirmed("go on with it? [y]es, [n]o: "):
        return None
    return _turn(talk, screen, None)


def _converse(talk: Talk, screen: Screen, read: Reader) -> Leave | None:
    """Turn after turn, until somebody leaves or goes to another thread."""
    warned = False
    while True:
        try:
            line = read().strip()
        except EOFError:
            return None
        except KeyboardInterrupt:
            if warned or not talk.asks:
                return None
            warned = True
            output.note("Ctrl-C once more leaves; the thread is kept")
            continue
        warned = False
        if line and (leave := _turn(talk, screen, line)) is not None:
            return leave


def _turn(talk: Talk, screen: Screen, line: str | None) -> Leave | None:
    """One line of the user; what goes wrong is told, and the conversation goes on."""
    from scientist.cli.conversing import answers, commands, turns

    try:
        if line is not None and line.startswith("/"):
            return commands.obey(talk, line)
        answer = turns.take(talk.session, line, screen)
        answers.show(answer, talk.room.journal, talk.room.place)
    except KeyboardInterrupt:
        if not talk.asks:
            raise
        output.note("stopped; the question stays on record")
    except ScientistError as fault:
        if not talk.asks and not isinstance(fault, UsageError):
            raise
        output.failure(fault, False)
    return None
