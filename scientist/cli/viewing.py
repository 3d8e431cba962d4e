"""`scientist audit view`: the record as pages in a browser on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scientist.cli import options, output


def view(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="the port to listen on; 0: any that is free")
    ] = 0,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="open it in the browser")] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Show the record as pages: timeline, graph, plots, traces, search; live while a campaign runs.

    Listens on 127.0.0.1 alone, until Ctrl-C. The address that it prints holds the token without
    which nothing is shown.
    """
    from scientist.audit import view as pages
    from scientist.workspace import existing, locate

    pages.require()
    place = existing(locate(workspace))

    def ready(url: str) -> None:
        if as_json:
            output.json_line({"url": url})
        else:
            output.result(url)
        sys.stdout.flush()
        output.note(f"showing {place.root}; Ctrl-C ends it")
        if open_:
            import webbrowser

            if not webbrowser.open(url):
                output.note("no browser could be opened; open the address yourself")

    try:
        pages.serve(place, port, ready, options.indexing())
    except KeyboardInterrupt:
        output.note("ended")  # to stop it is how it ends
