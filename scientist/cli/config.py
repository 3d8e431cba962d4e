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
    """Every setting, its value, where that comes from, and what it means.

    The first that says something counts: a flag, the environment (SCIENTIST_ROUNDS for rounds),
    scientist.toml in the workspace, the user's scientist.toml, a served model, the default.
    """
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
