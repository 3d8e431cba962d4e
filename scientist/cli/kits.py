"""`scientist kit`: the ready experiment families."""

from __future__ import annotations

from typing import Annotated

import typer

from scientist.cli import options, output

app = typer.Typer(help="Ready experiment families.", no_args_is_help=True)


@app.command("list")
def list_(as_json: options.JsonOption = False) -> None:
    """All kits."""
    from scientist.lab.kits import all_kits

    kits = all_kits()
    if as_json:
        output.document([kit.model_dump(mode="json", exclude={"code"}) for kit in kits])
        return
    output.table(
        ("name", "arms", "directions", "title"),
        [(kit.name, len(kit.arms), ", ".join(kit.directions), kit.title) for kit in kits],
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="name of a kit")],
    as_json: options.JsonOption = False,
) -> None:
    """What a kit varies, measures and can be set to."""
    from scientist.lab.kits import load

    kit = load(name)
    if as_json:
        output.document(kit.model_dump(mode="json", exclude={"code"}))
        return
    output.result(f"{kit.name}: {kit.title}")
    output.result(f"  {kit.summary}")
    output.result(f"  varies      {kit.factor}")
    for arm, text in kit.arms.items():
        output.result(f"  arm         {arm}: {text}")
    for metric, facts in kit.metrics.items():
        output.result(
            f"  metric      {metric} ({facts.better} is better, smallest effect of interest "
            f"{facts.smallest_effect:g}): {facts.description}"
        )
    for parameter, limits in kit.parameters.items():
        output.result(
            f"  parameter   {parameter} {limits.low:g} to {limits.high:g}, default "
            f"{limits.default:g}: {limits.description}"
        )
    output.result(f"  limits      {kit.limits}")
