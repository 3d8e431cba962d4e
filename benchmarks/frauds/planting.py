"""Plant one fraud in a copy of a clean record, verify it, and say what came of it."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import campaigns
from audit.forging import journal_of

from frauds.kinds import ANCHOR, DEEP, KEY, RERUN, STRUCTURE, Fraud, Kind, Unfit
from scientist.audit.verifying import Fault, Outcome, verify_workspace
from scientist.journal import anchors, signing
from scientist.settings import Settings
from scientist.workspace import Workspace

BY_BYTES = (
    ("anchor", "anchor"),
    ("checkpoint", "checkpoint"),
    ("signature", "checkpoint"),
    ("ledger", "checkpoint"),
    ("blob", "blob hash"),
    ("schema", "schema"),
)
TRIES = 25  # so many times as many records as cases are looked at for a place
_WORD = r"(?<![0-9A-Za-z]){}(?![0-9])"


@dataclass
class Case:
    """One fraud in one record, and what verify had to say."""

    record: str
    caught: bool
    by: str = ""
    rightly: bool = False
    alone: bool = False  # found without what was kept elsewhere
    seconds: float = 0.0
    said: str = ""


@dataclass
class Tally:
    """All cases of one kind."""

    kind: Kind
    cases: list[Case] = field(default_factory=list)

    @property
    def caught(self) -> int:
        return sum(case.caught for case in self.cases)

    @property
    def rightly(self) -> int:
        return sum(case.rightly for case in self.cases)

    def by(self) -> str:
        counts: dict[str, int] = {}
        for case in self.cases:
            if case.caught:
                counts[case.by] = counts.get(case.by, 0) + 1
        listed = sorted(counts.items(), key=lambda one: -one[1])
        return ", ".join(f"{name} {count}" for name, count in listed)


def copy(workspace: Path, into: Path) -> Path:
    """A copy that may be spoilt; beside it stands which record it is of."""
    place = Path(tempfile.mkdtemp(dir=into)) / "w"
    shutil.copytree(workspace, place, symlinks=True)
    (place.parent / "origin").write_text(workspace.parent.name)
    return place


def try_kind(kind: Kind, records: Sequence[Path], cases: int, seed: int, into: Path) -> Tally:
    """So many cases of a kind, each in a record and at a place drawn by the seed."""
    chance = random.Random(f"{seed} {kind.name} {kind.strength}")
    tally = Tally(kind)
    for record in _drawn(records, chance, TRIES * cases):
        if len(tally.cases) == cases:
            break
        place = copy(record, into)
        try:
            fraud = kind.plant(place, random.Random(chance.random()))
            tally.cases.append(_case(kind, fraud, record, place))
        except Unfit:
            continue
        finally:
            shutil.rmtree(place.parent, ignore_errors=True)
    return tally


def _drawn(records: Sequence[Path], chance: random.Random, most: int) -> Iterator[Path]:
    """Every record in turn, in an order that is drawn anew each time round."""
    given = 0
    while given < max(most, len(records)):
        for record in chance.sample(list(records), len(records)):
            yield record
            given += 1


def _case(kind: Kind, fraud: Fraud, record: Path, place: Path) -> Case:
    began = time.perf_counter()
    alone = verified(place, kind.needs)
    found = alone
    if kind.needs == ANCHOR and alone.passed and not _noted(alone, fraud):
        kept = [one.anchor for one in anchors.kept(record / "journal")]
        now = anchors.now(record / "journal")
        found = verify_workspace(Workspace(place), given=[*kept, now])
    elif kind.needs == KEY and alone.passed:
        found = verify_workspace(Workspace(place), keys=[signing.public()])
    seconds = time.perf_counter() - began
    origin = record.parent.name
    if found.fault is None:
        noted = _noted(found, fraud)
        return Case(origin, noted, "a note", noted, noted, seconds)
    rightly = named(found.fault, fraud)
    if found is not alone:  # an anchor or a key names where trust ends, not what was done
        rightly = (found.fault.since or 1) <= _altered(record, place)
    return Case(
        origin,
        True,
        by(found.fault, kind.needs if found is not alone else ""),
        rightly,
        not alone.passed,
        seconds,
        found.fault.message,
    )


def _altered(record: Path, place: Path) -> int:
    """The number of the first line that is not what it was."""
    before, after = (journal_of(one).read_bytes().splitlines() for one in (record, place))
    for number, line in enumerate(before, 1):
        if number > len(after) or after[number - 1] != line:
            return number
    return len(before) + 1


def _noted(found: Outcome, fraud: Fraud) -> bool:
    return any(name in note for note in found.notes for name in fraud.names)


def verified(
    place: Path, needs: str = DEEP, told: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Verify as a sceptic would, as thoroughly as is asked for."""
    check = None
    if needs == RERUN:
        from scientist.audit.verifying.rerun import check_with

        check = check_with(Settings(jobs=2), told)
    return verify_workspace(Workspace(place), deep=needs != STRUCTURE, rerun=check)


def by(fault: Fault, flag: str = "") -> str:
    """What found it, in a word or two."""
    if fault.check == "the runs":
        return "rerun"
    if fault.check != "the bytes":
        return fault.check.removeprefix("the ")
    if flag == KEY:
        return "key"
    for word, name in BY_BYTES:
        if word in fault.problem:
            return name
    return "chain"


def named(fault: Fault, fraud: Fraud) -> bool:
    """Whether one of the names of the place that is bad is told."""
    text = f"{fault.check} {fault.message}"
    return any(
        re.search(_WORD.format(re.escape(name)), text) or (not name[-1:].isdigit() and name in text)
        for name in fraud.names
    )


def by_command(place: Path, data: Path) -> tuple[int, str]:
    """The same by the command: its exit code and what it said."""
    done = campaigns.scientist(
        "audit", "verify", "--deep", "-w", place, timeout=600, XDG_DATA_HOME=str(data)
    )
    return done.returncode, done.stderr
