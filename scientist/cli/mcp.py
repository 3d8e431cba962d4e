"""`scientist mcp`: the store for other assistants, over the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from scientist.cli import options, output


def mcp(
    allow_launch: Annotated[
        bool,
        typer.Option(
            "--allow-launch", help="also offer tools that propose hypotheses and launch tests"
        ),
    ] = False,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
) -> None:
    """Serve the tools of a conversation to an assistant, over stdin and stdout.

    Every call is recorded. Nothing on record is changed by the tools without --allow-launch.
    """
    from scientist.chat import mcp as protocol
    from scientist.workspace import existing, locate

    protocol.require()
    settings = options.settings(workspace, chroma=chroma).values
    place = existing(locate(workspace))
    with options.searching(workspace, settings) as (journal, store, _):
        output.note(f"serving {place.root} over stdin and stdout; Ctrl-C ends it")
        protocol.serve(place, journal, store, settings, allow_launch)
