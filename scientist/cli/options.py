"""What many commands share: options, and opening a workspace to read or to write."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.errors import ScientistError, UsageError

if TYPE_CHECKING:
    from scientist.artifacts import Progress
    from scientist.journal import Journal
    from scientist.journal.index import Index
    from scientist.memory.store import Store
    from scientist.settings import Resolved, Settings
    from scientist.workspace import Workspace

NOTED = 200_000  # events that are indexed without a word
WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="the workspace folder (default: ./workspace)", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint", metavar="URL", help="OpenAI-compatible server, or: embedded (the default)"
    ),
]
ChromaOption = Annotated[
    str | None,
    typer.Option("--chroma", metavar="URL", help="Chroma server for the vector store"),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="model name, or a .gguf file")]
PairsOption = Annotated[
    int | None, typer.Option(help="seeds of an experiment (default: as its smoke run suggests)")
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", help="trials that run at once; 0: as many as processors")
]
ExecutorOption = Annotated[
    str | None,
    typer.Option("--executor", help="where trials run: local, ray or slurm", metavar="NAME"),
]


PlotOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE.svg", help="draw it into a file, too")
]


def check_svg(plot: Path | None, command: str) -> None:
    """Refuse, before any work, a plot that could not be written for its name."""
    if plot is not None and plot.suffix.lower() != ".svg":
        named = shlex.quote(str(plot.with_suffix(".svg")))
        raise UsageError(f"{plot} is no .svg file", f"{command} --plot {named}")


def at(place: Workspace) -> str:
    """What a command needs besides to act on this workspace: nothing for the default one."""
    default = place.root == Path("workspace").absolute()
    return "" if default else f" -w {shlex.quote(str(place.root))}"


def save(path: Path, text: str, what: str, again: str) -> None:
    """Write a file whole and say where; `again` is the command that writes one."""
    from scientist import workspace
    from scientist.cli import output

    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a file", f"{again} FILE")
        workspace.save(path, text)
    except OSError as fault:
        raise UsageError(
            f"{path} cannot be written: {fault.strerror or fault}",
            f"{again} FILE, in a folder you may write to",
        ) from fault
    output.note(f"{what} written to {path}")


def indexing() -> Callable[[int], None]:
    """Says now and then how far the reading of a large journal has come."""
    from scientist.cli import output

    told = 0

    def tell(events: int) -> None:
        nonlocal told
        if events - told >= NOTED:
            told = events
            output.note(f"indexing the journal: {events:,} events")

    return tell


@contextmanager
def indexed(directory: Path | None) -> Iterator[tuple[Journal, Index]]:
    """A workspace that is there, its journal and the index that finds its lines."""
    from scientist.journal.index import Index

    with reading(directory) as (_, journal), Index(journal.folder, indexing()) as index:
        yield journal, index


@contextmanager
def reading(directory: Path | None) -> Iterator[tuple[Workspace, Journal]]:
    """A workspace that is there, its journal opened for reading."""
    from scientist.journal import Journal
    from scientist.workspace import existing, locate

    workspace = existing(locate(directory))
    with Journal(workspace.journal) as journal:
        yield workspace, journal


@contextmanager
def writing(
    directory: Path | None, must_exist: bool = False, tell: bool = False
) -> Iterator[tuple[Workspace, Journal]]:
    """A workspace to write to, its journal opened for writing and signed when this ends.

    With `tell` the anchor of what was written is printed: it lets anybody see later that nothing
    was taken away.
    """
    from scientist import sharing
    from scientist.journal import Journal
    from scientist.settings import secrets
    from scientist.workspace import existing, locate, writable

    if must_exist:
        existing(locate(directory))
    workspace = writable(locate(directory))
    with sharing.held(workspace), Journal(workspace.journal, write=True) as journal:
        journal.hide(*secrets())
        before = journal.head[0]
        try:
            yield workspace, journal
        finally:
            _sign(journal, tell and journal.head[0] != before)


def _sign(journal: Journal, tell: bool) -> None:
    """A checkpoint over what a command wrote; a fault here must not hide another."""
    from scientist.cli import output
    from scientist.journal import checkpoints

    try:
        anchor = checkpoints.sign(journal, "a command ended")
    except (ScientistError, OSError, ValueError):
        return  # what is wrong with the record, `audit verify` says
    if tell and anchor:
        output.note(f"anchor: {anchor}")


@contextmanager
def searching(
    directory: Path | None, settings: Settings
) -> Iterator[tuple[Journal, Store, Progress]]:
    """A workspace that is there, its vector store in step with it, and what shows downloads."""
    from scientist.cli.progress import downloads
    from scientist.memory.store import Store

    with (
        writing(directory, must_exist=True) as (place, journal),
        downloads() as progress,
        Store(place, settings, progress) as store,
    ):
        store.sync(journal)
        yield journal, store, progress


def settings(directory: Path | None, **flags: Any) -> Resolved:
    """The settings of a command."""
    from scientist.cli import output
    from scientist.llm.serving.found import settle
    from scientist.settings import load
    from scientist.workspace import locate

    return settle(load(locate(directory), flags, command=output.command()))
