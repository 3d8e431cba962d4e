"""Anchors: what the tree was at some size, kept where whoever rewrites the record does not reach.

An anchor is written SIZE:ROOT. It is printed when a command ends, may go into a file or a git note,
and is kept by itself in the user's data folder, under the hash of the record's first event. A text
with anchors in it, whatever else it says, can be given to `audit verify --anchor`.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from scientist.errors import UsageError, WorkspaceError
from scientist.journal import merkle, signing
from scientist.journal.chain import split
from scientist.journal.places import segments
from scientist.workspace import explain

NOTES = "scientist"  # the git notes are under refs/notes/scientist
_ANCHOR = re.compile(r"(?<![0-9a-f])([1-9][0-9]{0,17}):([0-9a-f]{64})(?![0-9a-f])")
_KEPT = re.compile(rf'{_ANCHOR.pattern} (\S+) ("(?:[^"\\]|\\.)*")\Z')
_HINT = "scientist audit verify --anchor SIZE:ROOT (as a command printed it), or --anchor FILE"


class Anchor(NamedTuple):
    """The root of the tree over the first `size` events."""

    size: int
    root: str

    def __str__(self) -> str:
        return f"{self.size}:{self.root}"


@dataclass(frozen=True)
class Kept:
    """An anchor in the user's data folder: when and of which journal folder it was taken."""

    anchor: Anchor
    time: str
    place: Path


def now(folder: Path) -> Anchor:
    """The anchor of a journal as it is."""
    tree = merkle.Tree()
    for one in merkle.leaves(folder):
        tree.add(one)
    return Anchor(tree.size, tree.root())


def given(text: str) -> list[Anchor]:
    """What a user names: an anchor itself, or a file that has some."""
    if found := _ANCHOR.fullmatch(text.strip()):
        return [Anchor(int(found[1]), found[2])]
    try:
        said = Path(text).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as fault:
        raise UsageError(f"{text!r} is neither an anchor nor a file with one", _HINT) from fault
    anchors = [Anchor(int(one[1]), one[2]) for one in _ANCHOR.finditer(said)]
    if not anchors:
        raise UsageError(f"there is no anchor in {text}", _HINT)
    return anchors


def identity(folder: Path) -> str:
    """What tells one record from another: the hash of its first event; empty if there is none."""
    for file in segments(folder)[:1]:
        with file.open("rb") as opened:
            if parts := split(opened.readline()):
                return parts[1]
    return ""


def own_file(name: str) -> Path:
    """Where the anchors of a record are kept for this user."""
    return signing.data_folder() / "anchors" / name


def keep(folder: Path, anchor: Anchor) -> None:
    """Keep an anchor of a journal in the user's data folder; where that cannot be, go without."""
    time = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    file = own_file(identity(folder))
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _append(file, f"{anchor} {time} {json.dumps(str(folder.resolve()))}")
    except OSError:
        return


def kept(folder: Path) -> list[Kept]:
    """The anchors of a record that this user has, in the order in which they were taken."""
    name = identity(folder)
    return list(_read(own_file(name))) if name else []


def before(folder: Path) -> list[Kept]:
    """Anchors of other records that were taken in this very folder."""
    mine, place = identity(folder), folder.resolve()
    try:
        others = sorted(one for one in own_file("").iterdir() if one.name != mine)
    except OSError:
        return []
    return [one for file in others for one in _read(file) if one.place == place]


def counts(one: Kept, folder: Path) -> bool:
    """Whether an anchor speaks of this folder: a copy that lives on elsewhere has its own."""
    here = folder.resolve()
    return one.place == here or identity(one.place) != identity(folder)


def append(file: Path, anchor: Anchor) -> None:
    """Add an anchor to a file of the user's choice."""
    time = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    try:
        _append(file, f"{anchor} {time}")
    except OSError as fault:
        raise explain(fault, file) from fault


def note(where: Path, anchor: Anchor) -> str:
    """Write an anchor into a git note on HEAD of a repository; returns the commit."""
    commit = _git(where, "rev-parse", "--verify", "HEAD").strip()
    _git(where, "notes", "--ref", NOTES, "append", "-m", str(anchor), commit)
    return commit


def _git(where: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(where), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as fault:
        raise WorkspaceError("git is not installed", "scientist audit anchor FILE") from fault
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["git failed"])[-1]
        raise WorkspaceError(
            f"no note can be written in {where}: {said}",
            "scientist audit anchor FILE (or make a first commit)",
        )
    return done.stdout


def _append(file: Path, line: str) -> None:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(file, flags, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        cut_off = size and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, ("\n" * bool(cut_off) + line + "\n").encode())
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path) -> Iterator[Kept]:
    """What can be read; a line that a crash cut off is none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        if found := _KEPT.match(line):
            yield Kept(Anchor(int(found[1]), found[2]), found[3], Path(json.loads(found[4])))
