"""`scientist model`: weights, what is served, and what a server can do."""

from __future__ import annotations

from typing import Annotated

import typer

from scientist.cli import options, output, serving
from scientist.errors import UsageError

app = typer.Typer(help="The model and its server.", no_args_is_help=True)


@app.command("list")
def list_(
    vllm: Annotated[
        bool, typer.Option("--vllm", help="open models for vLLM, by the memory of the cards")
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Models the embedded server can run, and which are here."""
    if vllm:
        serving.table(as_json)
        return
    from scientist.artifacts import cached
    from scientist.catalog import DEFAULT_MODEL, MODELS

    settings = options.settings(workspace).values
    rows = [
        {
            "name": name,
            "default": name == (settings.model or DEFAULT_MODEL),
            "here": cached(model.artifact, settings.cache_dir) is not None,
            "megabytes": model.artifact.size // 10**6,
            "context": model.context,
            "licence": model.artifact.licence,
            "sha256": model.artifact.sha256,
            "about": model.about,
        }
        for name, model in MODELS.items()
    ]
    if as_json:
        output.document(rows)
        return
    output.table(
        ("name", "", "here", "MB", "context", "licence", "about"),
        [
            (
                *(row["name"], "default" if row["default"] else ""),
                *("yes" if row["here"] else "no", row["megabytes"], row["context"]),
                *(row["licence"], row["about"]),
            )
            for row in rows
        ],
    )


@app.command()
def pull(
    name: Annotated[
        str | None,
        typer.Argument(
            help="a name of `model list` (default: the one that is set)", show_default=False
        ),
    ] = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Fetch weights and the embedding model, each checked by its hash."""
    from scientist.artifacts import obtain
    from scientist.catalog import DEFAULT_MODEL, MINILM, MINILM_TOKENIZER, MODELS
    from scientist.cli.progress import downloads

    settings = options.settings(workspace).values
    wanted = name or settings.model or DEFAULT_MODEL
    if wanted not in MODELS:
        raise UsageError(f"there is no model {wanted!r} to fetch", "scientist model list")
    with downloads() as progress:
        paths = [
            obtain(artifact, settings.cache_dir, progress)
            for artifact in (MODELS[wanted].artifact, MINILM, MINILM_TOKENIZER)
        ]
    if as_json:
        output.document([str(path) for path in paths])
        return
    for path in paths:
        output.note(f"ready: {path}")


@app.command()
def probe(
    endpoint: options.EndpointOption = None,
    model: options.ModelOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Measure what the model and its server can do."""
    from scientist.cli.progress import downloads
    from scientist.llm.endpoint import connect
    from scientist.llm.probe import probe as measure

    settings = options.settings(workspace, endpoint=endpoint, model=model).values
    with downloads() as progress, connect(settings, progress) as handle:
        found = measure(handle, settings)
    if as_json:
        output.document(found.model_dump(mode="json"))
        return
    output.result(f"{found.model} at {found.url} ({found.kind})")
    output.table(
        ("what", "result", "detail"),
        [(item.what, item.result, item.detail) for item in found.items],
    )


app.command("serve")(serving.serve)
app.command("status")(serving.status)
app.command("stop")(serving.stop)
