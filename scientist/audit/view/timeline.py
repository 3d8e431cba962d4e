"""A window onto what happened in a campaign: so many lines before or after a place, filtered.

The index says where events are; only those of a window are read. A search for words stops after a
while and says how far it came, so that no page waits for a long record.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from scientist.audit import headline
from scientist.audit.tracing.exchange import exchange
from scientist.audit.view.record import Opened
from scientist.errors import UsageError
from scientist.journal import Entry
from scientist.journal.filing import moment
from scientist.journal.index import Query
from scientist.records import clean

WINDOW = 120  # lines that a page begins with; more come as they are asked for
SECONDS = 0.4  # for which a search looks before it shows what it has
LABEL = 11  # columns of a headline before its words
MOST_ROUNDS = 200
NEAR = 320  # characters of data that a line shows


@dataclass(frozen=True)
class Filters:
    """Which events are meant, as the address of a page says it."""

    kind: str = ""
    phase: str = ""
    text: str = ""
    since: str = ""
    until: str = ""
    every: bool = False
    calls: bool = False

    def asked(self, **more: object) -> str:
        """The same as part of an address."""
        given = {name: value for name, value in vars(self).items() if value}
        given |= {name: 1 for name in ("every", "calls") if given.get(name)}
        return urlencode({**given, **more})

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.kind or self.phase or self.text or self.since or self.until)


@dataclass(frozen=True)
class Row:
    """One event as a line."""

    seq: int
    time: str
    kind: str
    label: str
    said: str


@dataclass
class Window:
    """Lines in the order of the record, and what lies before and behind them."""

    rows: list[Row] = field(default_factory=list)
    earlier: int = 0  # the place before which there may be more; 0: nothing
    later: int = 0  # the place behind which there may be more; 0: nothing yet
    stopped: int = 0  # where a search ran out of time


def filters(given: Mapping[str, str]) -> Filters:
    """What the address of a page asks for."""

    def text(name: str) -> str:
        return clean(given.get(name, ""))

    return Filters(
        kind=text("kind"),
        phase=text("phase"),
        text=text("text"),
        since=text("since"),
        until=text("until"),
        every=bool(text("every")),
        calls=bool(text("calls")),
    )


def query(opened: Opened, campaign: str | None, wanted: Filters) -> Query:
    """The same for the index; what is no kind, phase or time is refused."""
    for what, said in (("kind", wanted.kind), ("phase", wanted.phase)):
        if said and said not in opened.index.words(what):
            raise UsageError(f"no event has the {what} {said}", f"scientist audit show {campaign}")
    return Query(
        kinds=(wanted.kind,) if wanted.kind else () if wanted.every else headline.TOLD,
        campaign=campaign,
        phase=wanted.phase or None,
        since=_moment(wanted.since),
        until=_moment(wanted.until),
    )


def _moment(said: str) -> int | None:
    found = moment(said) if said else None
    if said and found is None:
        raise UsageError(f"{said} is no time", "write 2026-01-31T09:30 (UTC)")
    return found


def window(
    opened: Opened,
    campaign: str | None,
    wanted: Filters,
    *,
    after: int | None = None,
    before: int | None = None,
    size: int = WINDOW,
    kinds: tuple[str, ...] = (),
) -> Window:
    """The lines behind a place, or those before it; before nothing means the last ones."""
    asked = query(opened, campaign, wanted)
    backwards = after is None
    asked = replace(asked, after=after, before=before, backwards=backwards)
    if kinds:
        asked = replace(asked, kinds=kinds)
    found = Window()
    ends = time.monotonic() + SECONDS
    seen, last = 0, 0
    entries = opened.index.entries(asked)
    for entry in entries:
        seen, last = seen + 1, entry.seq
        if not wanted.text or _says(opened, entry, wanted):
            found.rows.append(row(entry, wanted.text))
        if len(found.rows) >= size or (wanted.text and time.monotonic() > ends):
            break
    more = next(entries, None) is not None
    found.stopped = last if more and len(found.rows) < size else 0
    if backwards:
        found.rows.reverse()
        found.earlier = last if more else 0
        newest = found.rows[-1].seq if found.rows else last
        behind = replace(asked, before=None, after=newest, backwards=False)
        found.later = newest if next(opened.index.entries(behind), None) else 0
    else:
        found.later = last if more else 0
        found.earlier = (found.rows[0].seq if found.rows else (after or 0) + 1) if after else 0
    return found


def row(entry: Entry, text: str = "") -> Row:
    """An event as a line; one without a headline shows its data, about the words looked for."""
    told = headline.line(entry)
    if told:
        label = told[:LABEL].strip()
        said = told[LABEL:].replace("\n" + headline.INDENT, "\n").strip()
    else:
        label, said = "", _near(clean(json.dumps(entry.data, ensure_ascii=False)), text)
    return Row(entry.seq, entry.time, entry.kind, label or entry.kind.replace("_", " "), said)


def _near(data: str, text: str) -> str:
    """The part of an event's data in which the words stand, else its beginning."""
    begin = max(0, data.lower().find(text.lower()) - NEAR // 3) if text else 0
    shown = data[begin : begin + NEAR]
    return "… " * (begin > 0) + shown + " …" * (begin + NEAR < len(data))


def rounds(opened: Opened, campaign: str) -> list[tuple[int, int]]:
    """Where each round begins, if they are few enough to leap to."""
    asked = Query(kinds=("phase_started",), campaign=campaign, phase="survey")
    if opened.index.count(asked) > MOST_ROUNDS:
        return []
    found: dict[int, int] = {}
    for entry in opened.index.entries(asked):
        found.setdefault(int(entry.data.get("round", 0)), entry.seq)
    return sorted(found.items())


def _says(opened: Opened, entry: Entry, wanted: Filters) -> bool:
    spoken = wanted.calls and entry.kind == "model_called"
    call = exchange(opened.journal, entry) if spoken else None
    return wanted.text.lower() in headline.searched(entry, call)


def words(opened: Opened) -> dict[str, list[str]]:
    """The kinds and phases there are to choose from."""
    return {name: [one for one in opened.index.words(name) if one] for name in ("kind", "phase")}
