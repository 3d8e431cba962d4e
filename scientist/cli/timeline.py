"""`scientist audit show`: what happened in a campaign, line by line, as the journal has it.

Lines are printed as they are found; the index of the journal knows where they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from scientist.audit.headline import INDENT, bare, line, searched
from scientist.cli import options, output
from scientist.errors import UsageError
from scientist.records import clean, printable

if TYPE_CHECKING:
    from scientist.audit.tracing.exchange import Exchange, Tries
    from scientist.journal import Entry, Journal
    from scientist.journal.index import Index, Query

PAGE = 40  # lines that a reader is to see at once
SHOWN = 600  # characters of a message or an answer


@dataclass
class _Wanted:
    """What of a campaign is told, and how."""

    journal: Journal
    text: str
    everything: bool
    calls: bool
    diff: bool
    as_json: bool
    tries: Tries | None = None


def show(
    campaign: Annotated[str, typer.Argument(help="id of a campaign or a thread: C1, T1")],
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="only events of this kind; may repeat"),
    ] = None,
    phase: Annotated[
        str | None, typer.Option(help="only what happened in this phase, such as judge")
    ] = None,
    text: Annotated[str | None, typer.Option(help="only events that hold this text")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="from 2026-01-31T09:30 on (UTC)")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="up to that time")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="also the events that have no line of their own")
    ] = False,
    calls: Annotated[
        bool, typer.Option("--calls", help="what the model was asked and what it answered")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="what each try at a piece of code changed")
    ] = False,
    costs: Annotated[
        bool, typer.Option("--costs", help="tokens, seconds and trials by phase, and no timeline")
    ] = False,
    first: Annotated[int | None, typer.Option(min=1, help="only the first so many")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="only the last so many")] = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """The timeline of a campaign, as it was shown live; --json prints every event."""
    if first is not None and last is not None:
        hint = f"scientist audit show {campaign} --last {last}"
        raise UsageError("the first and the last are two timelines", hint)
    with options.indexed(workspace) as (journal, index):
        query = _query(index, campaign.upper(), kind or [], phase, since, until)
        if costs:
            if text or kind or phase or calls or diff or first or last:
                raise UsageError("--costs goes alone", f"scientist audit show {campaign} --costs")
            _costs(index, query, as_json)
            return
        wanted = _Wanted(journal, (text or "").lower(), everything or bool(kind), calls, diff,
                         as_json)  # fmt: skip
        _print(_chosen(index, query, wanted, first, last), as_json)


def _query(
    index: Index,
    campaign: str,
    kinds: list[str],
    phase: str | None,
    since: str | None,
    until: str | None,
) -> Query:
    from scientist.journal.index import Query

    if campaign not in index.campaigns():
        raise UsageError(f"there is no campaign {campaign}", "scientist audit list")
    for what, said, known in (
        ("kind", kinds, index.words("kind")),
        ("phase", [phase] if phase else [], index.words("phase")),
    ):
        for one in said:
            if one not in known:
                raise UsageError(
                    f"no event has the {what} {clean(one)}",
                    f"scientist audit show {campaign} --{what} {known[0] if known else '…'}; "
                    f"there are: {', '.join(known)}",
                )
    return Query(
        kinds=kinds,
        campaign=campaign,
        phase=phase,
        since=_moment(since, f"scientist audit show {campaign} --since"),
        until=_moment(until, f"scientist audit show {campaign} --until"),
    )


def _moment(said: str | None, command: str) -> int | None:
    from scientist.journal.filing import moment

    if said is None:
        return None
    found = moment(said)
    if found is None:
        raise UsageError(f"{clean(said)} is no time", f"{command} 2026-01-31T09:30 (UTC)")
    return found


def _chosen(
    index: Index, query: Query, wanted: _Wanted, first: int | None, last: int | None
) -> Iterator[str]:
    """The lines to print; the last ones are looked for from the end."""
    from scientist.audit.tracing.exchange import Tries

    wanted.tries = Tries()
    if last is None:
        told = (_told(entry, wanted) for entry in index.entries(query))
        return islice((one for one in told if one), first)
    backwards = index.entries(replace(query, backwards=True))
    plain = replace(wanted, calls=False, diff=False)
    found = list(islice((entry for entry in backwards if _told(entry, plain)), last))
    return (told for told in (_told(entry, wanted) for entry in reversed(found)) if told)


def _told(entry: Entry, wanted: _Wanted) -> str:
    """What is printed of an event; nothing if it is not wanted."""
    from scientist.audit.tracing.exchange import exchange

    spoken = entry.kind == "model_called" and (wanted.calls or wanted.diff)
    call = exchange(wanted.journal, entry) if spoken else None
    if wanted.text and wanted.text not in searched(entry, call if wanted.calls else None):
        return ""
    changed = wanted.tries.add(call) if call and wanted.diff and wanted.tries else []
    if wanted.as_json:
        return _as_json(entry, call if wanted.calls else None, changed)
    said = line(entry) or (bare(entry) if wanted.everything else "")
    if not said:
        return ""
    lines = [f"{entry.seq:>6} {entry.time[11:19]} {said}"]
    if call and wanted.calls:
        lines += _spoken(call, wanted.journal)
    lines += [f"{INDENT}    {one}" for one in changed]
    return "\n".join(lines)


def _as_json(entry: Entry, call: Exchange | None, changed: list[str]) -> str:
    plain = asdict(entry)
    if call is not None:
        plain["call"] = asdict(call)
    if changed:
        plain["diff"] = changed
    return output.json_text(plain)


def _spoken(call: Exchange, journal: Journal) -> list[str]:
    """A call as it was heard: each message, the reasoning and the answer, cut where it is long."""
    said = [
        *((role, text, call.request_blob) for role, text in call.messages),
        ("reasoning", call.reasoning, call.response_blob),
        ("answer", call.answer, call.response_blob),
    ]
    return [
        f"{INDENT}    {clean(role):<9} {_cut(text, digest, journal)}"
        for role, text, digest in said
        if text
    ]


def _cut(text: str, digest: str, journal: Journal) -> str:
    from scientist.journal.blobs import path

    shown = f"\n{INDENT}              ".join(printable(text[:SHOWN]).strip().splitlines())
    if len(text) <= SHOWN:
        return shown
    rest = f"… {len(text) - SHOWN:,} characters more: {path(journal.blob_folder, digest)}"
    return f"{shown}\n{INDENT}              {rest}"


def _print(lines: Iterator[str], as_json: bool) -> None:
    """Print lines as they come; the first page is not kept back."""
    for number, told in enumerate(lines, start=1):
        if as_json:
            output.write(told)
        else:
            output.result(told)
        if number == PAGE:
            sys.stdout.flush()


def _costs(index: Index, query: Query, as_json: bool) -> None:
    """What every phase took, and all of it together."""
    from scientist.audit.spending import by_phase
    from scientist.audit.tracing.trail import sound
    from scientist.cli import costs
    from scientist.journal.costs import cost_of

    entries = [sound(entry) for entry in index.entries(query)]
    phases = by_phase(entries)
    whole = cost_of(entries)
    if as_json:
        output.document({"phases": [asdict(one) for one in phases], "campaign": whole.plain()})
        return
    output.table(
        ("phase", "times", "seconds", "calls", "read", "cached", "written", "model s", "trials"),
        [
            (
                *(one.phase or "-", one.times, f"{one.seconds:.1f}", one.calls, one.prompt),
                *(one.cached, one.completion, f"{one.model_seconds:.1f}", one.trials),
            )
            for one in phases
        ],
    )
    for said in costs.summary(whole):
        output.result(said)
