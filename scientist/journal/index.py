"""Where every event lies, by campaign, kind, phase, time and by what it names.

A projection of the segments: a SQLite file beside the journal's folder, brought up to date when it
is asked, thrown away and made again when it does not fit. It only says where to look: each line is
read from the journal and held against its own hash. A small journal is indexed in memory, and so
is one whose folder cannot be written. `verify` never asks here.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

from scientist.errors import JournalError, WorkspaceError
from scientist.journal.chain import Entry, decode, split
from scientist.journal.filing import SCHEMA, Filing, words
from scientist.journal.places import segments

FILE = "index.sqlite"
OTHER_VERSION = "it is of another version"  # and made anew when it is next asked
LEAST_BYTES = 4 * 1024 * 1024  # a smaller journal is read faster than a file is kept in step
TOGETHER = 256  # places that are looked up at once: the first line must not wait for the last
BUSY_SECONDS = 30.0
Told = Callable[[int], None]


class _Unfit(Exception):
    """The index does not say what the journal says."""


@dataclass(frozen=True)
class Query:
    """Which events are meant; None and nothing mean any."""

    kinds: Sequence[str] = ()
    campaign: str | None = None
    phase: str | None = None
    since: int | None = None  # microseconds of the epoch, the first that counts
    until: int | None = None  # and the first that does not count any more
    before: int | None = None  # only events before that place
    after: int | None = None
    name: str | None = None  # what the event names
    backwards: bool = False


class Index:
    """The index of one journal, for reading; `told` hears how many events were taken in."""

    def __init__(self, folder: Path, told: Told | None = None) -> None:
        self.folder = folder
        self.file = folder.absolute().parent / FILE
        self._told = told
        self._files: dict[int, BinaryIO] = {}
        self._words: dict[tuple[str, int], str] = {}  # they are only ever added to
        self._segments = segments(folder)
        self.db = self._opened()

    def close(self) -> None:
        """Give back the descriptors."""
        for file in self._files.values():
            file.close()
        self._files, self._words = {}, {}
        self.db.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refresh(self) -> None:
        """Take in what was written since it was last looked at."""
        self._segments = segments(self.folder)
        try:
            Filing(self.db, self.folder, self._segments, self._told).bring_up_to_date()
        except (_Unfit, sqlite3.DatabaseError) as fault:
            if held(fault):
                raise WorkspaceError(
                    f"{self.file} is in use by another process", "ask again in a minute"
                ) from fault
            self._anew()

    # -- asking ----------------------------------------------------------------

    def entries(self, query: Query) -> Iterator[Entry]:
        """The events that are meant, one by one as they are read."""
        return (decode(line) for line in self.lines(query))

    def lines(self, query: Query) -> Iterator[bytes]:
        """Their lines, byte for byte; a damaged line of the journal ends this as an error."""
        last: int | None = None
        again = True
        while True:
            try:
                for place, line in self._found(query, last):
                    yield line
                    last = place
                break
            except (_Unfit, sqlite3.DatabaseError) as fault:
                if held(fault):
                    raise WorkspaceError(
                        f"{self.file} is in use by another process", "ask again in a minute"
                    ) from fault
                if not again:
                    raise JournalError(str(fault), "scientist audit verify") from fault
                again = False
                self._anew()
        if damaged := self._row("SELECT n FROM event WHERE kind IS NULL ORDER BY n LIMIT 1"):
            raise JournalError(
                f"line {damaged[0]} of the journal is damaged", "scientist audit verify"
            )

    def naming(self, name: str, *kinds: str) -> list[Entry]:
        """The events of some kinds that name an id, a digest or a hash, in order."""
        return list(self.entries(Query(kinds=kinds, name=name)))

    def saying(self, text: str) -> list[Entry]:
        """The events with exactly these words as a statement or a sentence."""
        return self.naming(words(text))

    def like(self, start: str) -> list[str]:
        """The digests and hashes that begin so, at most a few."""
        rows = self.db.execute(
            "SELECT DISTINCT name FROM name WHERE name >= ? AND name < ? LIMIT 8",
            (start, start + "g"),
        )
        return [str(row[0]) for row in rows]

    def campaigns(self) -> list[str]:
        """Every campaign and thread that something happened in, in the order of the record."""
        rows = self.db.execute("SELECT word FROM campaign WHERE word != '' ORDER BY id")
        return [str(row[0]) for row in rows]

    def count(self, query: Query) -> int:
        """How many events are meant."""
        where, values = self._where(query)
        found = self._row(f"SELECT count(*) FROM {_table(query)} WHERE {where}", values)
        return int(found[0]) if found else 0

    def words(self, table: str) -> list[str]:
        """Every kind, or every phase, that is on record."""
        rows = self.db.execute(f"SELECT word FROM {table} ORDER BY word")
        return [str(row[0]) for row in rows]

    def place(self, entry: Entry) -> tuple[str, int]:
        """The file in which an event stands, and the byte at which its line begins."""
        row = self._row("SELECT segment, offset FROM event WHERE n = ?", (entry.seq,))
        return (str(self._segments[row[0]]), int(row[1])) if row else ("", 0)

    # -- looking up ------------------------------------------------------------

    def _found(self, query: Query, last: int | None) -> Iterator[tuple[int, bytes]]:
        where, values = self._where(query)
        order, beyond = ("DESC", "<") if query.backwards else ("ASC", ">")
        while True:
            behind = "" if last is None else f" AND event.n {beyond} {last}"
            rows = self.db.execute(
                "SELECT event.n, segment, offset, length, kind, campaign"
                f" FROM {_table(query)} WHERE {where}{behind}"
                f" ORDER BY event.n {order} LIMIT {TOGETHER}",
                values,
            ).fetchall()
            for row in rows:
                last = int(row[0])
                yield last, self._line(row)
            if len(rows) < TOGETHER:
                return

    def _where(self, query: Query) -> tuple[str, list[Any]]:
        parts, values = ["kind IS NOT NULL"], list[Any]()
        if query.kinds:
            marks = ",".join("?" * len(query.kinds))
            # the plus keeps SQLite from an index that is no help where a name picks a few
            column = "+kind" if query.name is not None else "kind"
            parts.append(f"{column} IN (SELECT id FROM kind WHERE word IN ({marks}))")
            values += query.kinds
        for table, word in (("campaign", query.campaign), ("phase", query.phase)):
            if word is not None:
                column = f"+{table}" if table == "phase" or query.name is not None else table
                parts.append(f"{column} = (SELECT id FROM {table} WHERE word = ?)")
                values.append(word)
        for test, limit in (
            ("time >= ?", query.since),
            ("time < ?", query.until),
            ("event.n < ?", query.before),
            ("event.n > ?", query.after),
        ):
            if limit is not None:
                parts.append(test)
                values.append(limit)
        if query.name is not None:
            parts.append("name.name = ?")
            values.append(query.name)
        return " AND ".join(parts), values

    def _line(self, row: Sequence[Any]) -> bytes:
        """The line at a place, if it is the one that the index means."""
        number, segment, offset, length, kind, campaign = row
        file = self._files.get(segment)
        if file is None:
            try:
                file = self._files[segment] = self._segments[segment].open("rb")
            except (OSError, IndexError) as fault:
                raise _Unfit(f"segment {segment + 1} is gone") from fault
        file.seek(offset)
        line = file.read(length)
        parts = split(line)
        if parts is None:
            raise _Unfit(f"event {number} is not where it was")
        if hashlib.sha256(parts[0]).hexdigest() != parts[1]:
            raise _Unfit(f"event {number} was altered: its hash does not match its bytes")
        entry = decode(line)
        if (entry.kind, entry.campaign or "") != (
            self._word("kind", kind),
            self._word("campaign", campaign),
        ):
            raise _Unfit(f"event {number} is not what it was")
        return line

    def _word(self, table: str, number: int) -> str | None:
        known = self._words.get((table, number))
        if known is None and (
            row := self._row(f"SELECT word FROM {table} WHERE id = ?", (number,))
        ):
            known = self._words[table, number] = str(row[0])
        return known

    def _row(self, ask: str, values: Sequence[Any] = ()) -> Any:
        return self.db.execute(ask, values).fetchone()

    # -- keeping in step -------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        """An index that has everything: from its file if it can be, else in memory."""
        size = sum(file.stat().st_size for file in self._segments)
        if size >= LEAST_BYTES:
            for _ in range(2):
                try:
                    return self._on_disk()
                except sqlite3.OperationalError:
                    break  # it cannot be written, or is held by somebody
                except (sqlite3.DatabaseError, _Unfit):
                    with suppress(OSError):
                        self.file.unlink()
        return self._in_memory()

    def _on_disk(self) -> sqlite3.Connection:
        if self.file.is_symlink():
            self.file.unlink()  # it would lead a writer elsewhere
        known = sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            self._ready(known)
        except BaseException:
            known.close()
            raise
        return known

    def _in_memory(self) -> sqlite3.Connection:
        """A copy of what the file has, if it fits; else everything is read."""
        memory = sqlite3.connect(":memory:", isolation_level=None)
        with suppress(sqlite3.DatabaseError, _Unfit, OSError):
            if self.file.is_file() and not self.file.is_symlink():
                with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True)) as known:
                    known.backup(memory)
                self._ready(memory)
                return memory
        memory.close()
        memory = sqlite3.connect(":memory:", isolation_level=None)
        self._ready(memory)
        return memory

    def _ready(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        have = _schema(db)
        if have and have != set(SCHEMA):
            raise _Unfit("an index of another version")
        Filing(db, self.folder, self._segments, self._told).bring_up_to_date()

    def _anew(self) -> None:
        """Begin again: what is there is not the index of this journal."""
        self.close()
        with suppress(OSError):
            self.file.unlink()
        self._segments = segments(self.folder)
        self.db = self._opened()


_EVERYTHING = (
    (
        "SELECT event.n, segment, offset, length, kind.word, campaign.word, phase.word, time"
        " FROM event LEFT JOIN kind ON kind.id = kind LEFT JOIN campaign ON campaign.id = campaign"
        " LEFT JOIN phase ON phase.id = event.phase ORDER BY event.n",
        0,
    ),
    ("SELECT name, n FROM name ORDER BY name, n", 1),
)


def held(fault: Exception) -> bool:
    """Whether another process holds the index."""
    return isinstance(fault, sqlite3.OperationalError) and "locked" in str(fault)


def forget(folder: Path) -> None:
    """Throw the index of a journal away; whoever asks next makes another."""
    (folder.absolute().parent / FILE).unlink(missing_ok=True)


def differs(folder: Path) -> str:
    """Where the index file of a journal says something else than the journal; '' if nowhere."""
    file = folder.absolute().parent / FILE
    if not file.is_file():
        return ""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    kept = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, isolation_level=None)
    with closing(fresh), closing(kept):
        try:
            kept.execute("BEGIN")  # as it is now: another process may be filing
            if _schema(kept) != set(SCHEMA):
                return OTHER_VERSION
            last = kept.execute("SELECT max(n) FROM event").fetchone()[0] or 0  # it may be behind
            Filing(fresh, folder, segments(folder), None).bring_up_to_date()
            for ask, at in _EVERYTHING:
                right = (row for row in fresh.execute(ask) if row[at] <= last)
                for one, other in zip_longest(right, kept.execute(ask)):
                    if one != other:
                        return f"about event {(one or other)[at]}"
        except sqlite3.DatabaseError as fault:
            return f"it cannot be read: {fault}"
    return ""


def _schema(db: sqlite3.Connection) -> set[str]:
    """What the tables and indexes of a database were made with."""
    return {row[0] for row in db.execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL")}


def _table(query: Query) -> str:
    if query.name is None:
        return "event"
    return "name CROSS JOIN event ON event.n = name.n"
