"""`scientist ask`: one question, one checked answer; the rest of a conversation is `chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output

if TYPE_CHECKING:
    from scientist.events import TurnAnswered

ThreadOption = Annotated[
    str | None,
    typer.Option("--thread", metavar="ID", help="a conversation to go on with, such as T1"),
]


def ask(
    question: Annotated[str, typer.Argument(help="what to ask; - reads it from stdin")],
    thread: ThreadOption = None,
    endpoint: options.EndpointOption = None,
    model: options.ModelOption = None,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Answer a question from what is on record; each sentence with what it rests on.

    A sentence that the record does not bear out says so. What would change something is done
    only after a yes, and never without a terminal.
    """
    from scientist.cli.conversing import answers, opening, reading, turns

    asked = opening.question(question)
    resolved = options.settings(workspace, endpoint=endpoint, model=model, chroma=chroma)
    with opening.room(workspace, resolved.values) as room:
        screen = turns.screen(room, asks=reading.interactive() and not as_json)
        with turns.thread(room, thread) as talk:
            answer: TurnAnswered = turns.take(talk, asked, screen)
        if as_json:
            shown = answers.document(answer, asked, room.journal, room.place, screen.tools)
            output.document(shown)
        else:
            answers.show(answer, room.journal, room.place)
            turns.footer(answer, room.place)
