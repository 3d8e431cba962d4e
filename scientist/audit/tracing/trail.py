"""What a trace is made with: the journal, its index, and what was told already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from scientist.audit.tracing.node import Blob, Node
from scientist.errors import JournalError
from scientist.events import EVENT
from scientist.journal import Entry, Journal, blobs, project
from scientist.journal.index import Index, Query
from scientist.records import Trial

M = TypeVar("M", bound=BaseModel)


@dataclass
class Trail:
    """One trace while it is made; what was told once is only pointed to afterwards."""

    journal: Journal
    index: Index
    told: set[str] = field(default_factory=set)

    def entries(self, query: Query) -> Iterator[Entry]:
        """The events that are meant, each held against its schema."""
        return (sound(entry) for entry in self.index.entries(query))

    def naming(self, name: str, *kinds: str) -> list[Entry]:
        """The events of some kinds that name an id, a digest or a hash."""
        return list(self.entries(Query(kinds=kinds, name=name)))

    def about(self, name: str, *kinds: str) -> list[Entry]:
        """Those that are about it, and do not merely name it."""
        return [one for one in self.naming(name, *kinds) if subject(one) == name]

    def first(self, name: str, *kinds: str) -> Entry | None:
        """The first event of some kinds that is about an id."""
        return next(iter(self.about(name, *kinds)), None)

    def last(self, name: str, *kinds: str) -> Entry | None:
        """The last one."""
        return next(iter(reversed(self.about(name, *kinds))), None)

    def trials(self, digest: str | None, entry: Entry) -> list[Trial]:
        """The raw trials in a blob that an event names."""
        try:
            return project.raw_trials(self.journal, digest)
        except ValueError as fault:
            raise unfit(entry, f"its trials are none: {str(fault).splitlines()[0]}") from fault

    def blob(self, what: str, digest: str | None) -> tuple[Blob, ...]:
        """A blob by its hash; none if there is none."""
        if not digest:
            return ()
        return (Blob(what, digest, blobs.path(self.journal.blob_folder, digest)),)

    def step(
        self,
        what: str,
        text: str,
        entry: Entry | None = None,
        blobs: Sequence[Blob] = (),
        lines: Sequence[str] = (),
    ) -> Node:
        """A step without what it rests on."""
        return Node(what, text, tuple(lines), entry, tuple(blobs))

    def again(self, name: str) -> bool:
        """Whether an id was told before; from now on it was."""
        known = name in self.told
        self.told.add(name)
        return known

    def text(self, digest: str) -> str:
        """What a blob says."""
        try:
            return self.journal.get(digest).decode()
        except UnicodeDecodeError as fault:
            raise JournalError(
                f"blob {digest[:12]} is no text: {fault}", "scientist audit verify"
            ) from fault


def sound(entry: Entry) -> Entry:
    """An event that is what events of its kind are."""
    try:
        EVENT.validate_python({"kind": entry.kind, **entry.data})
    except (ValidationError, TypeError) as fault:
        raise unfit(entry, str(fault).splitlines()[0]) from fault
    return entry


def record(model: type[M], data: Any, entry: Entry) -> M:
    """A record out of an event; an event that does not fit is named."""
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        raise unfit(entry, str(fault).splitlines()[0]) from fault


def value(data: Mapping[str, Any], entry: Entry, *path: str) -> Any:
    """A part of an event; an event that lacks it is named."""
    found: Any = data
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            raise unfit(entry, f"it has no {'.'.join(path)}")
        found = found[name]
    return found


def unfit(entry: Entry, why: str) -> JournalError:
    """That an event is not what events of its kind are."""
    return JournalError(
        f"event {entry.seq} ({entry.kind}) does not fit its schema: {why}",
        "scientist audit verify",
    )


def subject(entry: Entry) -> str:
    """The id that an event is about."""
    data: Any = entry.data
    match entry.kind:
        case "hypothesis_proposed":
            found = data.get("hypothesis", {}).get("id", "")
        case "finding_recorded":
            found = data.get("finding", {}).get("id", "")
        case "assertion_made":
            found = data.get("assertion", {}).get("id", "")
        case "conflict_found":
            found = data.get("conflict", {}).get("id", "")
        case "conflict_resolved":
            found = data.get("resolution", {}).get("conflict", "")
        case "protocol_sealed":
            found = data.get("digest", "")
        case _:
            names = ("experiment", "hypothesis", "essay", "assertion", "thread")
            found = next((data[name] for name in names if name in data), "")
    return str(found)
