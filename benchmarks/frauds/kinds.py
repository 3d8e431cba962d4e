"""A kind of fraud: what the cheat does, how well he covers it, and what should find it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit import forging
from audit.forging import Line

PLAIN, COVERED, RETOLD = "plain", "covered", "retold"
STRUCTURE, DEEP, RERUN, ANCHOR, KEY = "verify", "--deep", "--rerun", "--anchor", "--key"


class Unfit(Exception):
    """This record has no place for that fraud."""


@dataclass(frozen=True)
class Fraud:
    """What was done to one record: the names of which at least one must be told."""

    names: tuple[str, ...]


Plant = Callable[[Path, random.Random], Fraud]


@dataclass(frozen=True)
class Kind:
    """One kind in one strength.

    Plain: bytes are edited. Covered: addresses, digests, chain and signatures are made to fit and
    what is derived is gone. Retold: all that follows is computed again, too, and run folders are
    gone. `needs` is the weakest flag that must find it; `why` says what cannot decide it.
    """

    name: str
    strength: str
    plant: Plant
    needs: str = DEEP
    why: str = ""

    @property
    def decidable(self) -> bool:
        """Whether hashes and recomputation alone, without anything kept elsewhere, decide it."""
        return self.needs not in (ANCHOR, KEY)


Edit = Callable[[Path, list[Line], random.Random], tuple[str, ...]]


def covered(edit: Edit) -> Plant:
    """A change of the lines, chained and signed anew; derived files would give it away."""
    return rewritten(edit, uncover)


def rewritten(edit: Edit, after: Callable[[Path], None] = lambda _: None) -> Plant:
    """A change of the lines, chained and signed anew."""

    def plant(workspace: Path, chance: random.Random) -> Fraud:
        lines = forging.read(workspace)
        names = edit(workspace, lines, chance)
        tidied(lines)
        forging.write(workspace, lines)
        after(workspace)
        return Fraud(names)

    return plant


def uncover(workspace: Path) -> None:
    """Take away what follows the record as it was: it can be made again at any time."""
    import shutil

    for name in ("chroma", "reports"):
        shutil.rmtree(workspace / name, ignore_errors=True)
    for file in workspace.glob("index.sqlite*"):
        file.unlink()


def without_runs(workspace: Path) -> None:
    """Run folders gone, too: they are scratch."""
    import shutil

    uncover(workspace)
    shutil.rmtree(workspace / "runs", ignore_errors=True)


def tidied(lines: list[Line]) -> None:
    """A batch ends where the next line is not of it."""
    for one, following in zip(lines, [*lines[1:], None], strict=True):
        alike = following is not None and all(one[n] == following[n] for n in ("time", "campaign"))
        one["more"] = bool(one.get("more") and alike)


def pick(chance: random.Random, found: Iterator[Line] | list[Line]) -> Line:
    """One of these, by chance; a record without any is unfit."""
    listed = list(found)
    if not listed:
        raise Unfit
    return chance.choice(listed)


def told(lines: list[Line], *kinds: str) -> list[Line]:
    """The lines of some kinds."""
    return [line for line in lines if line["kind"] in kinds]


def at(line: Line) -> tuple[str, ...]:
    """How a place in the record is named: by its number, in the file or among the events."""
    seq = line["seq"]
    return (f".jsonl:{seq}", f"event {seq}")
