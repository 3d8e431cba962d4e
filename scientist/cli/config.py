"""`scientist config`: every setting, its value, and where it came from."""

from __future__ import annotations

import typer

from scientist.cli import options, output

app = typer.Typer(help="Settings and their origins.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Settings and their origins."""


@app.command()
def show(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """Every setting: flag > environment > workspace/scientist.toml > user file > default."""
    from scientist.settings import Settings

    rows = options.settings(workspace).shown()
    if as_json:
        output.document({name: {"value": value, "origin": origin} for name, value, origin in rows})
        return
    output.table(
        ("setting", "value", "origin", "meaning"),
        [
            (name, "-" if value is None else value, origin, Settings.model_fields[name].description)
            for name, value, origin in rows
        ],
    )
