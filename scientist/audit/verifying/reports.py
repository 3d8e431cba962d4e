"""Saved reports: what was written, and what the record renders.

Their hashes are on record, so whoever edits one is found out whatever version looks. Where the
very code that rendered it is at hand, it is rendered again, from the record as it was when the
report was written; another campaign may have added something in that minute.
"""

from __future__ import annotations

import datetime
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

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
    """Every report in the workspace's folder: its bytes, then its rendering."""
    written: dict[str, list[Entry]] = {}
    for entry in audit.journal.entries("report_written"):
        written.setdefault(entry.data["of"], []).append(entry)
    for opening in audit.journal.entries("campaign_opened"):
        name = str(opening.campaign)
        files = [audit.place.reports / f"{name}.{ending}" for ending in ("md", "html")]
        saved = {file.name: text for file in files if (text := _text(file)) is not None}
        if not saved:
            continue
        told = [_telling(written.get(name, ()), *one) for one in saved.items()]
        if name in written and None in told:
            wrong = list(saved)[told.index(None)]
            raise _edited(name, wrong, "is not what was written: it was edited")
        same = [entry for entry in told if entry and entry.data["maker"] == reports.maker()]
        if name not in written or len(same) == len(saved):  # else other code rendered it
            wrong = _unlike(audit.journal, name, saved, same[-1].seq if same else None)
            if wrong and name in written:
                raise _edited(name, wrong, "is not what the record renders")
            if wrong:
                said = f"{wrong} is from before reports were on record: nobody can tell"
                audit.notes.append(said)
        audit.count("reports", len(saved))


def _telling(written: Sequence[Entry], file: str, text: str) -> Entry | None:
    """The last event that tells of a file as it is."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = [entry for entry in written if entry.data["files"].get(file) == digest]
    return found[-1] if found else None


def _edited(name: str, file: str, what: str) -> Broken:
    return Broken(
        f"the report {file} {what}",
        f"reports/{file}",
        {f"reports/{file}"},  # nothing of the record rests on it
        f"scientist audit report {name} --html {name}.html",
    )


def _unlike(journal: Journal, name: str, saved: dict[str, str], before: int | None) -> str:
    """The first file that no moment of the record renders; empty if each is one's."""
    left = dict(saved)
    moments = dict.fromkeys((*(() if before is None else (before - 1,)), *_moments(journal, name)))
    for moment in moments:
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
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
