"""What belongs to a campaign: its events, the essays it read, the blobs they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scientist.audit.tracing.trail import sound
from scientist.errors import ScientistError, UsageError
from scientist.journal import Entry, Journal, blobs
from scientist.journal.index import Index, Query

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BLOB = re.compile(r"(?:[a-z]+_)?blobs?|code_hash")
EXTRA = "pip install 'scientist[export]'"


@dataclass(frozen=True)
class Gathered:
    """A campaign's events in order, after those that added the essays it read."""

    campaign: str
    journal: Journal
    entries: tuple[Entry, ...]
    lines: tuple[bytes, ...]

    @property
    def opened(self) -> Entry:
        return next(one for one in self.entries if one.kind == "campaign_opened")

    @property
    def closed(self) -> Entry | None:
        ends = [one for one in self.entries if one.kind == "campaign_closed"]
        return ends[-1] if ends else None

    def of(self, *kinds: str) -> Iterator[Entry]:
        """The events of some kinds."""
        return (one for one in self.entries if one.kind in kinds)

    def path(self, digest: str) -> Path:
        """Where a blob lies."""
        return blobs.path(self.journal.blob_folder, digest)


def collect(journal: Journal, index: Index, name: str) -> Gathered:
    """Everything that belongs to a campaign."""
    from scientist.journal.chain import decode

    campaign = name.upper()
    opened = next(index.entries(Query(kinds=("campaign_opened",), campaign=campaign)), None)
    if opened is None:
        raise UsageError(f"there is no campaign {name}", "scientist audit list")
    read = set(opened.data.get("essays") or ())
    essays = [
        line
        for line in index.lines(Query(kinds=("essay_added",)))
        if decode(line).data.get("essay") in read
    ]
    lines = (*essays, *index.lines(Query(campaign=campaign)))
    return Gathered(campaign, journal, tuple(sound(decode(line)) for line in lines), lines)


def named(entry: Entry) -> dict[str, str]:
    """The blobs that an event names, each with the field that does; the first one counts."""
    found: dict[str, str] = {}
    todo: list[tuple[str, Any]] = [("", entry.data)]
    while todo:
        key, one = todo.pop()
        if isinstance(one, Mapping):
            todo += one.items()
        elif isinstance(one, list):
            todo += [(key, each) for each in one]
        elif isinstance(one, str) and _BLOB.fullmatch(key) and _DIGEST.fullmatch(one):
            found.setdefault(one, key)
    return found


def need(package: str, what: str) -> None:
    """Refuse, with the command that helps, what a package is missing for."""
    top = package.partition(".")[0]
    if not _there(top) or not _there(package):
        raise ScientistError(f"{what} needs the package {top}, which is not installed", EXTRA)


def _there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
