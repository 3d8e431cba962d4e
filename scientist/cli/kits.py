"""`scientist kit`: the ready experiment families."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from scientist.cli import driving, options, output
from scientist.errors import UsageError


class Way(StrEnum):
    """Which way the treatment is expected to move the metric."""

    INCREASE = "increase"
    DECREASE = "decrease"


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


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="name of a kit")],
    param: Annotated[
        list[str] | None, typer.Option("--param", help="a parameter as NAME=VALUE; repeatable")
    ] = None,
    treatment: Annotated[str | None, typer.Option(help="the arm that is tested")] = None,
    control: Annotated[str | None, typer.Option(help="the arm it is compared with")] = None,
    metric: Annotated[str | None, typer.Option(help="what is measured")] = None,
    direction: Annotated[Way | None, typer.Option(help="what the treatment should do")] = None,
    pairs: options.PairsOption = None,
    jobs: options.JobsOption = None,
    executor: options.ExecutorOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Test one comparison of a kit: sealed, contained, judged and recorded. No model is asked."""
    from scientist.agent import given
    from scientist.lab.kits import load

    kit = load(name)
    hypothesis = given.of_kit(kit, _chosen(param or []), treatment, control, metric, direction)
    driving.test(workspace, hypothesis, (), as_json, pairs=pairs, jobs=jobs, executor=executor)


def _chosen(words: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in words:
        name, equals, value = word.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise UsageError(f"{word!r} is not NAME=VALUE", "scientist kit run KIT --param a=1")
    return found
