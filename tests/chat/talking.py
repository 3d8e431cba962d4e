"""A conversation with a scripted model, over a small record and tools of its own.

As a process of its own, for tests that kill it:  python talking.py FOLDER URL QUESTION|-
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scientist.agent.toolkit import Toolkit
from scientist.chat.session import Session, open_session
from scientist.journal import Journal
from scientist.llm.endpoint import Endpoint, Handle
from scientist.memory.store import Store
from scientist.settings import Settings
from scientist.workspace import Workspace

SHELF = {
    "look": '''"""Look something up on the shelf."""

from pydantic import BaseModel

from scientist.agent.toolkit import Told
from scientist.errors import ScientistError


class Arguments(BaseModel):
    what: str


def call(arguments, desk):
    if arguments.what == "nothing":
        raise ScientistError("the shelf has fallen down")
    return arguments.what, "1 thing"


def tell(what):
    long = "long " * (400 if what.startswith("much") else 1)
    return Told(f"{what}: F1 stands by E1:2. {long}", ("F1", "E1:2"))
''',
    "paint": '''"""Paint the shelf.

More about it.
"""

import os
import time
from pathlib import Path

from pydantic import BaseModel

from scientist.agent.toolkit import Told

CHANGES = True


class Arguments(BaseModel):
    colour: str


def call(arguments, desk):
    with Path(desk.workspace.root, "shelf").open("a") as shelf:
        shelf.write(arguments.colour + "\\n")
    if arguments.colour == "forever":
        time.sleep(600)
    return arguments.colour, "1 shelf"


def tell(colour):
    return Told(f"The shelf is {colour}.")
''',
}


class Ear:
    """A front end that remembers what it heard, and decides as it was told."""

    def __init__(self, yes: bool = False) -> None:
        self.yes = yes
        self.thought = self.said = ""
        self.tools: list[tuple[str, str]] = []
        self.asked: list[tuple[str, dict[str, Any], str]] = []

    def thinking(self, piece: str) -> None:
        self.thought += piece

    def words(self, piece: str) -> None:
        self.said += piece

    def used(self, tool: str, _arguments: object, summary: str, _size: int, _time: float) -> None:
        self.tools.append((tool, summary))

    def decide(self, tool: str, arguments: dict[str, Any], plan: str) -> bool:
        self.asked.append((tool, arguments, plan))
        return self.yes


def shelf(folder: Path) -> Toolkit:
    """The tools of these tests: one that looks, one that changes something."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in SHELF.items():
        (folder / f"{name}.py").write_text(code)
    return Toolkit(folder)


@contextmanager
def talk(
    root: Path, url: str, thread: str | None = None, context: int | None = None
) -> Iterator[Session]:
    """A thread of a workspace, new or named."""
    place = Workspace(root)
    root.mkdir(parents=True, exist_ok=True)
    settings = Settings(endpoint=url, retries=0, connect_timeout=1, max_output=100)
    handle = Handle(Endpoint(url, "none", "scripted", "external", context=context))
    with (
        Journal(place.journal, write=True) as journal,
        Store(place, settings) as store,
        open_session(
            place, journal, store, settings, handle, thread, shelf(root.parent / "shelf")
        ) as session,
    ):
        yield session


def answer(text: str, *cites: str) -> dict[str, Any]:
    """An answer of one sentence, as the model writes it."""
    return {"answer": [{"says": text, "cites": list(cites)}]}


def look(what: str = "cats") -> dict[str, Any]:
    return {"tool": "look", "what": what}


def main(folder: str, url: str, question: str) -> None:
    """Ask one question with a user who says yes; - goes on with the one that was broken off."""
    ear = Ear(yes=True)
    with talk(Path(folder), url, "T1" if question == "-" else None) as session:
        given = session.ask(None if question == "-" else question, ear)
    told = {"answer": given.model_dump(mode="json"), "asked": len(ear.asked), "tools": ear.tools}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
