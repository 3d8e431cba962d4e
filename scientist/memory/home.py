"""Where the generations of a store live: a folder of the workspace, or a Chroma server.

A generation is a set of collections made by one embedding. A rebuild fills the next one and then
switches to it; what a store knows of itself is its state.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol

from scientist.errors import WorkspaceError

if TYPE_CHECKING:
    from chromadb.api.client import Client

REBUILD = "scientist rebuild"


@dataclass(frozen=True)
class State:
    """How far a generation follows the journal."""

    embedding: str
    seq: int = 0
    hash: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    writes: int = 0  # moves before and after every write, so that readers notice


def from_plain(raw: dict[str, Any]) -> State:
    """A state as it was written down; KeyError if a part is missing."""
    return State(**{f.name: raw[f.name] for f in fields(State)})


class Home(Protocol):
    """What a store needs of the place where it lives."""

    name: str  # what messages call it

    def current(self) -> str | None:
        """The generation in use; None if there never was one."""

    def following(self) -> str:
        """The name of the next generation, which is empty."""

    def adopt(self, generation: str) -> None:
        """Make a generation the one in use, in one step, and remove the one before."""

    def discard(self, generation: str) -> None:
        """Remove a generation that did not get finished."""

    def read_state(self, generation: str) -> State:
        """How far the generation has come, as the last writer left it."""

    def write_state(self, generation: str, state: State) -> None:
        """Say how far the generation has come."""

    def held(self, alone: bool = False) -> AbstractContextManager[None]:
        """Keep a rebuild away from open stores, and open stores away from a rebuild."""

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time; the others wait."""

    def connect(self, generation: str, /) -> Client:
        """Chroma, with the collections of a generation."""

    def release(self, client: Client) -> None:
        """Give back what `connect` opened."""

    def close(self) -> None:
        """Give back what stays open between two clients."""

    def called(self, generation: str, collection: str, /) -> str:
        """The name of a collection at Chroma."""

    def explained(self) -> AbstractContextManager[None]:
        """Turn what Chroma raises into words and a fix."""


def damaged(home: Home, reason: object) -> WorkspaceError:
    """The store cannot be used, but everything in it can be made again."""
    said = (str(reason).splitlines() or [""])[0][:200]
    return WorkspaceError(f"{home.name} is damaged: {said}", REBUILD)
