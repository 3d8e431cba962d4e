"""`scientist audit anchor` and `audit prove`: what lets others check the record without us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scientist.cli import options, output
from scientist.errors import UsageError


def anchor(
    file: Annotated[
        Path | None, typer.Argument(help="a file to append it to", show_default=False)
    ] = None,
    git: Annotated[
        bool,
        typer.Option("--git", help="write it as a git note on HEAD of the repository you are in"),
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """The anchor of the record as it is: its size and the root of its Merkle tree.

    Kept where whoever could rewrite the record cannot reach, it shows later that nothing was taken
    away or changed: scientist audit verify --anchor FILE.
    """
    from scientist.journal import anchors, signing

    with options.reading(workspace) as (place, _):
        found = anchors.now(place.journal)
        if not found.size:
            raise UsageError(f"{place.root} holds no record", f"scientist run{options.at(place)}")
        where = options.at(place)
    if file is not None:
        anchors.append(file, found)
        output.note(f"anchor appended to {file}")
    if git:
        commit = anchors.note(Path.cwd(), found)
        output.note(f"anchor noted on commit {commit[:12]}; to see it: {SHOWN}")
    key = signing.public()
    if as_json:
        output.document({"size": found.size, "root": found.root, "anchor": str(found), "key": key})
        return
    output.result(str(found))
    if key:
        output.note(f"public key: {key}")
    output.note(f"to check: scientist audit verify --anchor {found}{where}")


def prove(
    event: Annotated[
        int, typer.Argument(min=1, help="number of the event, as audit show prints it")
    ],
    size: Annotated[
        int | None,
        typer.Option(min=1, help="for the tree of so many events (default: all)"),
    ] = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Print, as JSON, a proof that an event stands in the record; it needs no other event.

    The root in it is what an anchor of that size must say; scientist audit verify --proof FILE
    checks it, and so do twenty lines of any language (RFC 6962).
    """
    from scientist.journal import proofs

    del as_json  # it is JSON in any case
    with options.reading(workspace) as (place, journal):
        where = options.at(place)
        events = sum(1 for _ in journal.raw())
        if event > (size or events) or (size or 0) > events:
            raise UsageError(
                f"there are {events} events, so none {max(event, size or 0)}",
                f"scientist audit prove {events}{where} (the last one)"
                if events
                else f"scientist run{where}",
            )
        found = proofs.prove(place.journal, event, size)
    output.document(found.model_dump(mode="json"))


SHOWN = "git notes --ref scientist show"
