"""One turn from a front end: open the thread, ask, follow, and say what it took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scientist.cli import options, output
from scientist.cli.conversing import by_hand
from scientist.cli.conversing.screen import Screen

if TYPE_CHECKING:
    from scientist.chat.session import Session
    from scientist.cli.conversing.opening import Room
    from scientist.events import TurnAnswered
    from scientist.workspace import Workspace


def screen(room: Room, asks: bool) -> Screen:
    """What follows the turns of a conversation."""

    def command(tool: str, arguments: dict[str, Any]) -> str:
        return by_hand.command(tool, arguments, room)

    return Screen(output.console(), asks, command)


@contextmanager
def thread(room: Room, name: str | None) -> Iterator[Session]:
    """A thread that this process drives."""
    from scientist.chat.session import open_session

    with open_session(
        room.place, room.journal, room.store, room.settings, room.handle, name, room.toolkit
    ) as session:
        yield session


def take(session: Session, asked: str | None, screen: Screen) -> TurnAnswered:
    """Ask, or with None go on with what was not answered."""
    with screen.turn():
        return session.ask(asked, screen)


def footer(answer: TurnAnswered, place: Workspace) -> None:
    """What a turn took, and how to go on."""
    used = answer.usage
    first = answer.first_token_seconds
    began = f", first word after {first:.1f} s" if first is not None else ""
    output.note(
        f"{answer.thread} turn {answer.turn}: {used.prompt} tokens read ({used.cached} cached), "
        f"{used.completion} written in {answer.seconds:.1f} s{began}"
    )
    output.note(f"to go on: scientist chat --thread {answer.thread}{options.at(place)}")
