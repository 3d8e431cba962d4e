"""What is served, on disk: one folder for each model, with its record, lock and log.

A record says what a user wants to be served. It stays until `scientist model stop`, whatever
becomes of the process, so that a server that died is known to be missing.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from scientist.llm.embedded import runtime_folder
from scientist.llm.server import start_time
from scientist.llm.serving.wishes import Backend, Wish

NAME = "state.json"


@dataclass(frozen=True)
class Record:
    """One served model. llama.cpp's process has a state of its own (`llm/embedded.py`)."""

    backend: Backend
    model: str  # the name to ask for
    source: str  # a folder, a file, or a name on the hub
    context: int | None
    wish: Wish
    began: float  # seconds since the epoch
    url: str = ""
    key: str = ""
    pid: int = 0
    start_time: int | None = None
    ready: bool = False  # it has answered once
    command: tuple[str, ...] = ()
    environment: dict[str, str] | None = None

    @property
    def lives(self) -> bool:
        """Whether the process is still that very one."""
        return self.start_time is not None and self.start_time == start_time(self.pid)


def folder_of(backend: Backend, model: str) -> Path:
    """Where the record of a model is."""
    name = re.sub(r"[^\w.-]+", "--", model)
    return runtime_folder() / "served" / f"{backend}-{name}"


def read(folder: Path) -> Record | None:
    """The record in a folder; what makes no sense is none."""
    try:
        told = json.loads((folder / NAME).read_text())
        wish = Wish(**{**told["wish"], "more": tuple(told["wish"]["more"])})
        return Record(**{**told, "wish": wish, "command": tuple(told["command"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(folder: Path, record: Record) -> None:
    """Keep a record, readable by its user alone: it holds the key."""
    part = folder / f"{NAME}.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps(asdict(record)))
    part.replace(folder / NAME)


def forget(folder: Path) -> None:
    """Remove a record and what lies beside it."""
    shutil.rmtree(folder, ignore_errors=True)


def every() -> Iterator[tuple[Path, Record]]:
    """All records of this user on this machine, the latest first."""
    found = [(path.parent, read(path.parent)) for path in runtime_folder().glob(f"served/*/{NAME}")]
    kept = [(folder, record) for folder, record in found if record]
    yield from sorted(kept, key=lambda each: -each[1].began)


def wanted(model: str | None) -> Record | None:
    """The served model that a setting means: the one of that name, or the latest."""
    return next((one for one in _named(model) if not one.wish.embedding), None)


def embedding(model: str | None, url: str | None) -> Record | None:
    """The served model that embeds: the one of that name and address, or the latest."""
    found = (one for one in _named(model) if one.wish.embedding)
    return next((one for one in found if url is None or _bare(url) == _bare(one.url)), None)


def _named(model: str | None) -> Iterator[Record]:
    return (r for _, r in every() if model is None or model in (r.model, r.source))


def _bare(url: str) -> str:
    return url.strip().rstrip("/").removesuffix("/v1")


def at(url: str) -> tuple[Path, Record] | None:
    """The record of the vLLM that has this address."""
    ours = ((f, r) for f, r in every() if r.backend == "vllm")
    return next(((f, r) for f, r in ours if _bare(r.url) == _bare(url)), None)
