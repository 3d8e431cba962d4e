"""`scientist audit export`: a campaign in a format that other people's tools read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output
from scientist.errors import UsageError

if TYPE_CHECKING:
    from scientist.audit.exporting import Gathered


class Format(StrEnum):
    """What a campaign can be exported as."""

    RO_CRATE = "ro-crate"
    OTEL = "otel"
    PROV = "prov"
    JSONL = "jsonl"


def export(
    campaign: Annotated[str, typer.Argument(help="id of a campaign, such as C1")],
    form: Annotated[Format, typer.Option("--format", help="the format")],
    to: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="PATH",
            help="a file; for ro-crate a new folder or a .zip; for prov .json or .provn",
        ),
    ],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:  # fmt: skip
    """Write a campaign down as RO-Crate, OpenTelemetry spans, PROV, or lines of the journal."""
    from scientist.audit.exporting import collect

    with options.indexed(workspace) as (journal, index):
        gathered = collect(journal, index, campaign)
        again = f"scientist audit export {gathered.campaign} --format {form} -o"
        files = 1
        if form is Format.RO_CRATE:
            from scientist.audit.exporting.crate import crate

            try:
                files = crate(gathered, to)
            except OSError as fault:
                raise UsageError(
                    f"{to} cannot be written: {fault.strerror or fault}", f"{again} PATH"
                ) from fault
            output.note(f"{files} files written to {to}")
        else:
            options.save(to, _text(gathered, form, to.suffix), f"campaign as {form}", again)
    if as_json:
        output.document({"path": str(to), "events": len(gathered.entries), "files": files})


def _text(gathered: Gathered, form: Format, suffix: str) -> str:
    if form is Format.OTEL:
        from scientist.audit.exporting.spans import otel

        return otel(gathered)
    if form is Format.PROV:
        from scientist.audit.exporting.provenance import prov

        return prov(gathered, suffix)
    return b"".join(gathered.lines).decode()
