"""Saved reports against what the record renders: as it was when the campaign ended, or is now.

A report is written when its campaign ends; what was recorded later, of other campaigns too, may
show in a new one. So it is rendered from the record as it was at the checkpoints since that end,
and after whatever another campaign added in the minute in which it was written.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scientist import __version__
from scientist.audit import report as reports
from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry, Journal
from scientist.journal.checkpoints import KIND

MOST_MOMENTS = 4
WHILE_SECONDS, MOST_MEANWHILE = 60, 40
SHOWING = (
    *("finding_recorded", "protocol_sealed", "judged", "hypothesis_proposed", "code_written"),
    *("assertion_made", "assertion_pinned", "relation_judged", "conflict_found"),
    *("conflict_resolved", "campaign_opened", "campaign_closed"),
)


def check(audit: Audit) -> None:
    """Every report in the workspace's folder, in both forms."""
    opened = {
        str(entry.campaign): str(entry.data["versions"].get("scientist", ""))
        for entry in audit.journal.entries("campaign_opened")
    }
    for name, version in opened.items():
        files = [audit.place.reports / f"{name}.{ending}" for ending in ("md", "html")]
        saved = {file.name: text for file in files if (text := _text(file)) is not None}
        if not saved:
            continue
        wrong = _unlike(audit.journal, name, saved)
        if wrong and version != __version__:
            audit.notes.append(f"{wrong} was written by version {version} and not compared")
        elif wrong:
            raise Broken(
                f"the report {wrong} is not what the record renders: it was edited",
                f"reports/{wrong}",
                {f"reports/{wrong}"},  # nothing of the record rests on it
                f"scientist audit report {name} --html {name}.html",
            )
        else:
            audit.count("reports", len(saved))


def _unlike(journal: Journal, name: str, saved: dict[str, str]) -> str:
    """The first file that no moment of the record renders; empty if each is one's."""
    left = dict(saved)
    for moment in _moments(journal, name):
        with _as_of(journal, moment) as then, Journal(Path(then)) as past:
            made = reports.make(past, name)
        for ending, text in (("md", made.markdown), ("html", made.html)):
            if left.get(f"{name}.{ending}") == text:
                del left[f"{name}.{ending}"]
        if not left:
            return ""
    return next(iter(left))


def _moments(journal: Journal, name: str) -> Iterator[int]:
    """How many events there were when a report may have been written, the likeliest first."""
    ends = [entry.seq for entry in journal.entries("campaign_closed", campaign=name)]
    signed = list(journal.entries(KIND))
    found: dict[int, None] = {}
    for end in reversed(ends):
        later = [entry for entry in signed if entry.seq > end][:MOST_MOMENTS]
        found |= dict.fromkeys((*(entry.seq for entry in later), end))
        found |= dict.fromkeys(_meanwhile(journal, later[0]) if later else ())
    last = sum(1 for _ in journal.raw())
    yield from dict.fromkeys((*found, last))


def _meanwhile(journal: Journal, ended: Entry) -> Iterator[int]:
    """What others wrote while a report was made that may show in it."""
    began = datetime.datetime.fromisoformat(ended.time)
    shows = [e for e in journal.since(ended.seq, *SHOWING) if e.seq > ended.seq][:MOST_MEANWHILE]
    for entry in shows:
        if (datetime.datetime.fromisoformat(entry.time) - began).total_seconds() > WHILE_SECONDS:
            return
        yield entry.seq


def _as_of(journal: Journal, events: int) -> tempfile.TemporaryDirectory[str]:
    """The first events of a journal as a journal of its own; the blobs are the same."""
    folder = tempfile.TemporaryDirectory()
    Path(folder.name, "blobs").symlink_to(journal.blob_folder.absolute())
    with Path(folder.name, "000001.jsonl").open("wb") as file:
        for number, line in enumerate(journal.raw(), 1):
            if number > events:
                break
            file.write(line)
    return folder


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
