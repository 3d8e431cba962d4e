"""What is derived from the journal and kept beside it, against the journal: `scientist rebuild`."""

from __future__ import annotations

import sqlite3

from scientist import __version__, sharing
from scientist.audit.verifying.outcome import Audit, Broken
from scientist.errors import UsageError, WorkspaceError
from scientist.journal import index
from scientist.settings import load
from scientist.workspace import explain

REBUILD = "scientist rebuild (the record itself stands; this is derived from it)"


def _other_versions(audit: Audit) -> list[str]:
    """Versions that wrote the record, and perhaps the store, besides this one."""
    opened = audit.journal.entries("campaign_opened")
    versions = {str(entry.data["versions"].get("scientist", "unknown")) for entry in opened}
    return sorted(versions - {__version__})


def check(audit: Audit) -> None:
    """The index of events, then the vector store."""
    try:
        where = index.differs(audit.place.journal)
    except sqlite3.DatabaseError as fault:
        if index.held(fault):
            raise WorkspaceError(
                f"{index.FILE} is in use by another process", "ask again in a minute"
            ) from fault
        where = f"it cannot be read: {fault}"
    if where == index.OTHER_VERSION:
        audit.notes.append(f"{index.FILE} was not compared: {where}")
    elif where:
        raise Broken(f"the index of events is not what the journal gives: {where}", hint=REBUILD)
    if audit.place.chroma.is_dir():
        _store(audit)


def _store(audit: Audit) -> None:
    """The store in the workspace, or on the server that this user, not the workspace, names."""
    from scientist.memory import contents
    from scientist.memory.server import notes

    try:
        sharing.check(audit.place)
        settings = load(None).values
        found = contents.compare(audit.place, settings, audit.journal)
    except (UsageError, WorkspaceError) as fault:
        if "damaged" in fault.message:
            raise Broken(fault.message, hint=REBUILD) from fault
        audit.notes.append(f"the vector store was not compared: {fault.message}")
        return
    except OSError as fault:
        said = explain(fault, audit.place.chroma).message
        audit.notes.append(f"the vector store was not compared: {said}")
        return
    if settings.chroma is None and notes(audit.place.chroma):
        audit.notes.append(
            "the vector store on a server was not compared: "
            "SCIENTIST_CHROMA=URL scientist audit verify --deep"
        )
    if found.other_words and (others := _other_versions(audit)):
        audit.notes.append(
            f"the vector store says something else than this version would ({found.problem}); the "
            f"record was begun by version {', '.join(others)}: scientist rebuild makes it anew"
        )
    elif found.problem:
        raise Broken(
            f"the vector store is not what the journal gives: {found.problem}", hint=REBUILD
        )
    audit.counts["documents in the vector store"] = found.same
