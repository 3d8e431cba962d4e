"""`scientist corpus`: the essays the scientist reads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scientist.cli import options, output

app = typer.Typer(help="The essays to work from.", no_args_is_help=True)


@app.command("add")
def add_(
    path: Annotated[Path, typer.Argument(help="a file (md, txt, html, pdf) or a folder of them")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Add essays; what is there already is left as it is."""
    from scientist.corpus.store import add

    with options.writing(workspace) as (_, journal):
        added = add(journal, path)
    if as_json:
        output.document([asdict(item) for item in added])
        return
    for item in added:
        state = "added" if item.new else "was there"
        output.result(f"{item.essay}  {state}  {item.title} ({item.sentences} sentences)")


@app.command("list")
def list_(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """All essays of the workspace."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        views = project.essays(journal)
    if as_json:
        output.document([asdict(view) for view in views])
        return
    if not views:
        output.note("no essays yet; hint: scientist corpus add FILE_OR_FOLDER")
        return
    output.table(
        ("id", "sentences", "title", "themes"),
        [(v.id, v.sentences, v.title, ", ".join(v.themes)) for v in views],
    )


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="what to look for, in plain words")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many sentences")] = 8,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Sentences nearest in meaning, with their addresses."""
    from scientist.journal import project

    settings = options.settings(workspace, chroma=chroma).values
    with options.searching(workspace, settings) as (journal, store, _):
        hits = store.search_passages(query, limit)
        titles = {essay.id: essay.title for essay in project.essays(journal)}
    if as_json:
        output.document([asdict(hit) for hit in hits])
        return
    if not hits:
        output.note("nothing to search yet; hint: scientist corpus add FILE_OR_FOLDER")
    for hit in hits:
        title = titles.get(hit.address.split(":")[0], "?")
        output.result(f"[{hit.address}] {1 - hit.distance:.2f}  {' '.join(hit.text.split())}")
        output.result(f"        {title}")
