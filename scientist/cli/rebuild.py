"""`scientist rebuild`: make the vector store anew from the journal alone."""

from __future__ import annotations

from scientist.cli import options, output


def rebuild(
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Make the vector store anew from the journal."""
    from scientist.cli.progress import downloads
    from scientist.journal.index import forget
    from scientist.memory.store import rebuild as make

    settings = options.settings(workspace, chroma=chroma).values
    with options.writing(workspace, must_exist=True) as (place, journal), downloads() as progress:
        forget(journal.folder)  # what is read next makes it anew
        count = make(journal, place, settings, progress)
    if as_json:
        output.document({"records": count})
        return
    output.result(f"rebuilt: {count} records")
