"""`scientist model serve|status|stop`: a model that stays, and how busy it is."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.cli import options, output
from scientist.errors import EndpointError, ScientistError, UsageError
from scientist.records import count

if TYPE_CHECKING:
    from scientist.llm.serving.records import Record

LOOK_SECONDS = 0.5


def serve(
    model: Annotated[
        str | None,
        typer.Argument(
            help="a folder, a name on the hub, a .gguf file, or a name of `model list` "
            "(default: what suits the cards)",
            show_default=False,
        ),
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Argument(help="further options for vLLM, after --", show_default=False),
    ] = None,
    backend: Annotated[
        str, typer.Option(metavar="NAME", help="vllm, llamacpp, or auto: vllm where a card is")
    ] = "auto",
    host: Annotated[
        str | None, typer.Option(help="address to listen at (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="port to listen at (default: 8000; for --embedding 8001)", min=1, max=65535
        ),
    ] = None,
    context: Annotated[int | None, typer.Option(help="tokens a call may have", min=512)] = None,
    memory: Annotated[
        float | None, typer.Option(help="share of each card's memory", min=0.05, max=0.99)
    ] = None,
    python: Annotated[str | None, typer.Option(help="the Python that has vLLM")] = None,
    embedding: Annotated[
        bool,
        typer.Option("--embedding", help="serve a model that embeds (default: MiniLM)"),
    ] = False,
    foreground: Annotated[
        bool,
        typer.Option(
            "--foreground", help="stay, show the log, end with Ctrl-C (not for llama.cpp)"
        ),
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Serve a model until it is stopped; every other command then uses it.

    llama.cpp listens on a loopback port of its own: --host, --port, --memory and --python are for
    vLLM.
    """
    from scientist.cli.progress import downloads
    from scientist.llm.serving import choose, launch, records
    from scientist.llm.serving.wishes import BACKENDS, Wish

    if backend not in BACKENDS:
        raise UsageError(
            f"there is no backend {backend!r}: {', '.join(BACKENDS)}", "scientist model serve"
        )
    settings = options.settings(workspace).values
    wish = Wish(
        model=model,
        backend=BACKENDS[backend],
        host=host,
        port=port,
        context=context,
        memory=memory,
        python=python,
        more=tuple(more or ()),
        embedding=embedding,
    )
    with_vllm = python or settings.vllm_python or sys.executable
    found = choose.here(wish) if wish.backend != "llamacpp" else []
    using, why = choose.backend(wish, found, with_vllm)
    output.note(f"backend: {using} ({why})")
    if foreground and using == "llamacpp":
        raise UsageError("--foreground is not for llama.cpp: it has no log to show", wish.command())
    log = _Log()
    record: Record | None = None
    try:
        with downloads() as progress:
            record = choose.serve(
                *(wish, using, found, with_vllm, settings, progress),
                watch=log.show if foreground else None,
            )
        if as_json:
            output.document(_shown(record))
        else:
            output.result(f"{record.model} is served at {record.url} ({record.backend})")
        if foreground:
            sys.stdout.flush()
            _stay(record, log)
    finally:
        if foreground and record:
            launch.end(records.folder_of(record.backend, record.model), record)
    use = (
        "SCIENTIST_EMBEDDING=served scientist rebuild" if embedding else "other commands use it now"
    )
    output.note(f"{use}; scientist model status, scientist model stop")


def _stay(record: Record, log: _Log) -> None:
    """Show the log until the server ends; it is an error if nobody stopped it."""
    from scientist.llm.serving import records

    folder = records.folder_of(record.backend, record.model)
    while record.lives:
        log.show(folder / "log")
        time.sleep(LOOK_SECONDS)
    if records.read(folder):
        log.show(folder / "log")
        raise EndpointError(f"{record.model} has ended by itself", record.wish.command())


def status(
    endpoint: options.EndpointOption = None,
    seconds: Annotated[
        float, typer.Option(help="how long to measure the throughput", min=0.1, max=60)
    ] = 1.0,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """What is served or running, and how busy it is."""
    rows = [_busy(row, seconds) for row in _running(endpoint, workspace)]
    if as_json:
        output.document([{k: v for k, v in row.items() if k != "key"} for row in rows])
        return
    if not rows:
        output.note("nothing is served; the embedded server starts on first use")
        return
    names = ("model", "url", "state", "context", "at work", "waiting", "tokens/s", "cache hits")
    output.table(
        (*names, "tokens read and written"),
        [
            (
                *(row["model"], row["url"], row["state"], _or_none(row.get("context"))),
                *(_or_none(row.get(name)) for name in ("running", "waiting", "written_a_second")),
                _share(row.get("hit_rate")),
                f"{_or_none(row.get('prompt_tokens'))} and {_or_none(row.get('written_tokens'))}",
            )
            for row in rows
        ],
    )


def stop(
    model: Annotated[
        str | None, typer.Argument(help="which one (default: all)", show_default=False)
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """End what is served, and the embedded servers of this user."""
    from scientist.llm import embedded
    from scientist.llm.serving import launch, records

    ended, known = 0, model is None
    for folder, record in records.every():
        if model not in (None, record.model, record.source):
            continue
        known = True
        if record.backend != "llamacpp":
            ended += launch.end(folder, record)
        else:
            records.forget(folder)  # its process is one of those below
    for path in embedded.runtime_folder().glob("*/state.json"):
        state = embedded.recorded(path.parent)
        if model is None or (state and state["model"] == model):
            known = True
            ended += embedded.stop(path.parent)
    if not known:
        raise UsageError(f"no server has the model {model!r}", "scientist model status")
    if as_json:
        output.document({"ended": ended})
        return
    output.note(f"{count(ended, 'server')} ended")


def table(as_json: bool) -> None:
    """Open models worth serving with vLLM, and which fit the cards of this machine."""
    from scientist.llm.serving import table as models
    from scientist.llm.serving.cards import NoAnswer, cards

    try:
        room = sum(card.megabytes for card in cards()) / 1000
    except NoAnswer:
        room = 0.0
    rows = [
        {
            "name": row.name,
            "gigabytes": row.gigabytes,
            "fits": row.gigabytes <= room,
            "context": row.context,
            "licence": row.licence,
            "tool parser": models.parsers(row.name).tools,
            "reasoning parser": models.parsers(row.name).reasoning,
            "tried": row.tried,
            "about": row.about,
        }
        for row in models.models()
    ]
    if as_json:
        output.document(rows)
        return
    output.table(
        ("name", "GB", "fits", "context", "licence", "tried", "about"),
        [
            (
                *(row["name"], row["gigabytes"], "yes" if row["fits"] else "no"),
                *(row["context"], row["licence"], "yes" if row["tried"] else "no", row["about"]),
            )
            for row in rows
        ],
    )


class _Log:
    """What a log has to show since it was last looked at."""

    def __init__(self) -> None:
        self._seen = 0

    def show(self, file: Path) -> None:
        try:
            with file.open("rb") as stream:
                stream.seek(self._seen)
                text = stream.read()
        except FileNotFoundError:  # it was stopped meanwhile
            return
        whole = text.rpartition(b"\n")[0]
        if whole:
            self._seen += len(whole) + 1
            output.note(whole.decode(errors="replace"))


def _running(endpoint: str | None, workspace: Path | None) -> list[dict[str, Any]]:
    """A server that was named, else all of this user."""
    from scientist.llm import embedded
    from scientist.llm.serving import records

    if endpoint:
        from scientist.llm.endpoint import external

        named = external(options.settings(workspace, endpoint=endpoint).values)
        facts = {"model": named.model, "url": named.url, "context": named.context}
        return [{**facts, "backend": "external", "key": named.api_key, "state": "answers"}]
    served = [record for _, record in records.every() if record.backend != "llamacpp"]
    kept = {record.model for _, record in records.every() if record.backend == "llamacpp"}
    rows = [_shown(record) | {"key": record.key} for record in served]
    return [
        *rows,
        *(
            {
                **state,
                "backend": "llamacpp",
                "state": "served" if state["model"] in kept else "lent",
            }
            for state in embedded.servers()
        ),
    ]


def _shown(record: Record) -> dict[str, Any]:
    """What of a record is for other eyes: all but the key."""
    lives = "served" if record.ready else "starts"
    return {
        "backend": record.backend,
        "model": record.model,
        "url": record.url,
        "pid": record.pid,
        "context": record.context,
        "state": lives if record.lives else "ended",
        "command": list(record.command),
    }


def _busy(row: dict[str, Any], seconds: float) -> dict[str, Any]:
    """A row with the figures of its server, where it gives any."""
    from scientist.llm.serving import figures

    if row["state"] in ("ended", "starts") or row["backend"] == "onnx":
        return row
    try:
        _, told = figures.throughput(row["url"], row["key"], seconds)
    except ScientistError as fault:
        return {**row, "problem": fault.message}
    return {**row, **told}


def _or_none(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
