"""Files the lines of a journal into its index: kind, campaign, phase, time, and what they name.

Only whole batches count, as everywhere. Filing goes on behind the last line it took, if the files
are still those it read: the hash at the end of that line stands for all before it.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from scientist.journal.chain import MORE
from scientist.records import one_line

SCHEMA = (
    "CREATE TABLE state (version INTEGER, segment INTEGER, offset INTEGER, mark BLOB)",
    "CREATE TABLE read (segment INTEGER PRIMARY KEY, name TEXT, size INTEGER)",
    "CREATE TABLE kind (id INTEGER PRIMARY KEY, word TEXT)",
    "CREATE TABLE campaign (id INTEGER PRIMARY KEY, word TEXT, phase INTEGER)",
    "CREATE TABLE phase (id INTEGER PRIMARY KEY, word TEXT)",
    "CREATE TABLE event (n INTEGER PRIMARY KEY, segment INTEGER, offset INTEGER, length INTEGER,"
    " kind INTEGER, campaign INTEGER, phase INTEGER, time INTEGER)",
    "CREATE TABLE name (name TEXT, n INTEGER, PRIMARY KEY (name, n)) WITHOUT ROWID",
    "CREATE TABLE figures (n INTEGER PRIMARY KEY, numbers BLOB)",
    "CREATE INDEX by_campaign ON event (campaign)",
    "CREATE INDEX by_kind ON event (kind, campaign)",
)
VERSION = 1
NAMING = frozenset(
    (
        *("essay_added", "hypothesis_proposed", "hypothesis_selected", "hypothesis_declined"),
        *("code_written", "code_given_up", "protocol_sealed", "experiment_started", "looked"),
        *("experiment_finished", "judged", "experiment_reproduced", "swept", "finding_recorded"),
        *("assertion_made", "assertion_pinned", "relation_judged", "conflict_found"),
        *("conflict_resolved", "question_answered", "turn_asked", "turn_answered"),
        *("turn_stopped", "turn_undone", "action_decided"),
    )
)
TOGETHER = 20_000
_HEAD = re.compile(
    rb'\{(?:"more":true,)?"seq":\d{1,18},"time":"([^"\\]*)","kind":"([a-z_]+)",'
    rb'"campaign":(?:"([^"\\]*)"|null),"schema":\d+,"data":(?:\{"phase":"([a-z_]+)")?'
)
_NAME = re.compile(r"[A-Z][0-9]{1,9}(?::[0-9]{1,9})?|[0-9a-f]{64}")
_MARK_BYTES = 80  # the end of the last line: its hash
_LONGEST_NAME = 64


class Filing:
    """The index of one journal while it is brought up to date."""

    def __init__(
        self,
        db: sqlite3.Connection,
        folder: Path,
        files: Sequence[Path],
        told: Callable[[int], None] | None,
    ) -> None:
        self._db = db
        self._folder = folder
        self._files = files
        self._told = told
        self._words: dict[str, dict[str, int]] = {}
        self._phases: dict[int, int] = {}
        self._events: list[tuple[Any, ...]] = []
        self._names: list[tuple[str, int]] = []
        self._last = 0

    def bring_up_to_date(self) -> None:
        """Take in what is new; all of it if the files are others than those that were read."""
        state = self._state()
        if state is not None and self._fits(state) and not self._grown(state):
            return
        self._db.execute("BEGIN IMMEDIATE")  # of two that wait here, the second finds it done
        try:
            state = self._state()
            if state is None or not self._fits(state):
                self._empty()
                state = (VERSION, 0, 0, b"")
            self._remember()
            self._take(int(state[1]), int(state[2]), bytes(state[3]))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _state(self) -> tuple[Any, ...] | None:
        try:
            row = self._db.execute("SELECT version, segment, offset, mark FROM state").fetchone()
        except sqlite3.OperationalError as fault:
            if "no such table" in str(fault):
                return None
            raise
        return tuple(row) if row else None

    def _fits(self, state: Sequence[Any]) -> bool:
        """Whether the files begin with what was read."""
        version, segment, offset, mark = state
        if version != VERSION or segment >= max(1, len(self._files)):
            return False
        for number, name, size in self._db.execute("SELECT segment, name, size FROM read"):
            if number >= segment:
                continue
            file = self._files[number]
            if file.name != name or file.stat().st_size != size:
                return False
        if not offset:
            return True
        file = self._files[segment]
        if file.stat().st_size < offset:
            return False
        with file.open("rb") as opened:
            opened.seek(offset - len(mark))
            return bool(mark and opened.read(len(mark)) == mark)

    def _grown(self, state: Sequence[Any]) -> bool:
        segment, offset = int(state[1]), int(state[2])
        if not self._files:
            return False
        return len(self._files) > segment + 1 or self._files[segment].stat().st_size > offset

    def _empty(self) -> None:
        for kind, name in self._db.execute(
            "SELECT type, name FROM sqlite_schema WHERE sql NOT NULL ORDER BY type"
        ).fetchall():
            self._db.execute(f'DROP {kind} IF EXISTS "{name}"')
        for create in SCHEMA:
            if not create.startswith("CREATE INDEX"):
                self._db.execute(create)

    def _remember(self) -> None:
        """What the rows so far are called, and where they end."""
        for table in ("kind", "campaign", "phase"):
            rows = self._db.execute(f"SELECT word, id FROM {table}")
            self._words[table] = {str(word): int(number) for word, number in rows}
        rows = self._db.execute("SELECT id, phase FROM campaign WHERE phase NOT NULL")
        self._phases = {int(number): int(phase) for number, phase in rows}
        self._last = self._db.execute("SELECT max(n) FROM event").fetchone()[0] or 0

    def _take(self, segment: int, offset: int, mark: bytes) -> None:
        waiting: list[tuple[bytes, int, int]] = []
        for number in range(segment, len(self._files)):
            begin = offset if number == segment else 0
            if number > segment:
                offset, mark = 0, b""
            with self._files[number].open("rb") as file:
                file.seek(begin)
                for line in file:
                    place, begin = begin, begin + len(line)
                    if not line.endswith(b"\n"):
                        continue
                    waiting.append((line, number, place))
                    if line.startswith(MORE):
                        continue
                    for one, where, at in waiting:
                        self._file(one, where, at)
                    waiting = []
                    segment, offset, mark = number, begin, line[-_MARK_BYTES:]
        self._write()
        self._note(segment, offset, mark)

    def _note(self, segment: int, offset: int, mark: bytes) -> None:
        """How far this has come, and what the rest is called."""
        for create in SCHEMA[-2:]:
            self._db.execute(create.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS"))
        self._db.execute("DELETE FROM state")
        self._db.execute("INSERT INTO state VALUES (?,?,?,?)", (VERSION, segment, offset, mark))
        self._db.execute("DELETE FROM read")
        self._db.executemany(
            "INSERT INTO read VALUES (?,?,?)",
            [(n, file.name, file.stat().st_size) for n, file in enumerate(self._files[:segment])],
        )
        for table, words in self._words.items():
            columns = "(id, word)" if table == "campaign" else ""
            self._db.executemany(
                f"INSERT OR IGNORE INTO {table} {columns} VALUES (?,?)",
                [(number, word) for word, number in words.items()],
            )
        self._db.executemany(
            "UPDATE campaign SET phase = ? WHERE id = ?",
            [(phase, campaign) for campaign, phase in self._phases.items()],
        )

    def _file(self, line: bytes, segment: int, offset: int) -> None:
        self._last += 1
        found = _HEAD.match(line)
        if found is not None:
            time, kind, campaign, phase = map(_text, found.groups())
        else:
            time, kind, campaign, phase = _read(line)
        if kind is None:  # what it is, nobody can tell: a reader is told so
            self._events.append((self._last, segment, offset, len(line), *[None] * 4))
            return
        place = self._word("campaign", campaign or "")
        if kind == "phase_started" and phase:
            self._phases[place] = self._word("phase", phase)
        row = (self._last, segment, offset, len(line), self._word("kind", kind), place)
        self._events.append((*row, self._phases.get(place), moment(time or "")))
        if kind in NAMING:
            self._names += [(name, self._last) for name in _named(line)]
        if len(self._events) >= TOGETHER:
            self._write()

    def _word(self, table: str, word: str) -> int:
        words = self._words[table]
        return words.setdefault(word, len(words) + 1)

    def _write(self) -> None:
        self._db.executemany("INSERT INTO event VALUES (?,?,?,?,?,?,?,?)", self._events)
        self._db.executemany("INSERT OR IGNORE INTO name VALUES (?,?)", self._names)
        self._events, self._names = [], []
        if self._told:
            self._told(self._last)


def moment(time: str) -> int | None:
    """A time as microseconds of the epoch; None if it is none."""
    try:
        found = datetime.datetime.fromisoformat(time)
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.UTC)
    return round(found.timestamp() * 1e6)


def words(text: str) -> str:
    """The name under which exact words are filed."""
    return "=" + hashlib.sha256(one_line(text).encode(errors="surrogatepass")).hexdigest()[:32]


def _text(part: bytes | None) -> str | None:
    return None if part is None else part.decode(errors="replace")


def _read(line: bytes) -> tuple[str | None, str | None, str | None, str | None]:
    """The same of a line whose parts stand in another order; no kind if it is none."""
    try:
        raw = orjson.loads(line)
        time, kind, campaign, data = raw["time"], raw["kind"], raw["campaign"], raw["data"]
        phase = data.get("phase")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None, None, None
    if not isinstance(kind, str) or not isinstance(campaign, str | None):
        return None, None, None, None
    phase = phase if isinstance(phase, str) else None
    return str(time), kind, campaign, phase


def _named(line: bytes) -> Iterator[str]:
    """The ids, digests and statements in an event; a line that is no JSON has none."""
    try:
        todo: list[Any] = [orjson.loads(line)["data"]]
    except (ValueError, KeyError, TypeError):
        return
    while todo:  # a line of somebody hostile may be nested deeper than functions may
        one = todo.pop()
        if isinstance(one, dict):
            for key in ("statement", "text"):
                if isinstance(one.get(key), str):
                    yield words(one[key])
            if isinstance(one.get("essay"), str) and isinstance(one.get("sentence"), int):
                yield f"{one['essay']}:{one['sentence']}"
            if isinstance(one.get("thread"), str) and isinstance(one.get("turn"), int):
                yield f"{one['thread']}:{one['turn']}"
            todo += one.values()
        elif isinstance(one, list):
            todo += one
        elif isinstance(one, str) and len(one) <= _LONGEST_NAME and _NAME.fullmatch(one):
            yield one
