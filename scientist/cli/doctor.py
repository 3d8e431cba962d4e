"""`scientist doctor`: is everything here that a run needs? Each line with its fix."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scientist.cli import options, output
from scientist.errors import ScientistError

if TYPE_CHECKING:
    from scientist.settings import Settings

LEAST_FREE_GB = 3.0
MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    what: str
    state: str
    detail: str
    fix: str = ""


def doctor(
    endpoint: options.EndpointOption = None,
    chroma: options.ChromaOption = None,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Look at everything a run needs; nothing is downloaded or changed. Exit 1 if a part fails."""
    from scientist.workspace import locate

    settings = options.settings(workspace, endpoint=endpoint, chroma=chroma).values
    root = locate(workspace)
    found = _examine(settings, root)
    lines = [replace(line, fix=output.located(line.fix)) for line in found]
    if as_json:
        output.document([asdict(line) for line in lines])
    else:
        for line in lines:
            output.result(f"{MARKS[line.state]}  {line.what:<10} {line.detail}")
            if line.fix:
                output.result(f"      hint: {line.fix}")
    if any(line.state == "fail" for line in lines):
        raise typer.Exit(1)


def _examine(settings: Settings, root: Path) -> Iterator[Line]:
    checks: tuple[tuple[str, Callable[[], Line]], ...] = (
        ("python", _python),
        ("disk", lambda: _disk(settings)),
        ("workspace", lambda: _workspace(root)),
        ("journal", lambda: _journal(root)),
        ("sandbox", _sandbox),
        ("libraries", lambda: _libraries(settings)),
        ("executor", lambda: _executor(settings)),
        ("model", lambda: _model(settings)),
        ("endpoint", lambda: _endpoint(settings)),
        ("embedding", lambda: _embedding(settings)),
        ("store", lambda: _store(settings, root)),
        ("resume", lambda: _checkpoints(settings, root)),
        ("gpu", _gpu),
    )
    for what, check in checks:
        try:
            yield check()
        except ScientistError as fault:
            yield Line(what, "fail", fault.message, fault.hint)


def _python() -> Line:
    place = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        return Line("python", "warn", f"{place}: the sandbox needs Linux", "use a Linux machine")
    return Line("python", "ok", place)


def _disk(settings: Settings) -> Line:
    folder = settings.cache_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if free < LEAST_FREE_GB:
        return Line(
            "disk",
            "warn",
            f"{free:.1f} GB free at {folder}; a first run needs {LEAST_FREE_GB:g}",
            "free some space, or set SCIENTIST_CACHE_DIR to a folder on another disk",
        )
    return Line("disk", "ok", f"{free:.0f} GB free at {folder}")


def _workspace(root: Path) -> Line:
    import os

    if not root.exists():
        return Line("workspace", "ok", f"{root} (made at the first run)")
    if not os.access(root, os.W_OK | os.X_OK):
        return Line(
            "workspace", "fail", f"{root} cannot be written", "scientist run --workspace DIR"
        )
    from scientist import sharing, workspace

    workspace.check_room(root)
    kind = sharing.filesystem(root)
    if kind not in sharing.LOCAL:
        detail = f"{root}, on {kind or 'an unknown file system'}: one machine at a time may write"
        return Line("workspace", "ok", detail)
    return Line("workspace", "ok", str(root))


def _journal(root: Path) -> Line:
    from scientist.journal import verify

    found = verify(root / "journal")
    if not found.passed:
        return Line(
            "journal", "fail", f"{found.problem} at {found.place}", "scientist audit verify"
        )
    return Line("journal", "ok", f"{found.events} events and {found.blobs} blobs verify")


def _sandbox() -> Line:
    from scientist.lab import cgroup, tiers

    tier = tiers.choose()
    held = f"{len(tier.attacks) - len(tier.open_to)} of {len(tier.attacks)} attacks contained"
    group = " and a control group" if cgroup.possible() else ""
    held += f"; memory of the whole tree: by a watchdog{group}"
    if tier.better:
        reduced = f"tier {tier.name}: {held}; not: {', '.join(tier.open_to)}; tier A: {tier.better}"
        return Line("sandbox", "warn", reduced, tiers.FIX_A)
    return Line("sandbox", "ok", f"tier {tier.name}: {held}")


def _model(settings: Settings) -> Line:
    from scientist.artifacts import cached
    from scientist.catalog import DEFAULT_MODEL, MODELS

    if settings.endpoint:
        return Line("model", "ok", f"{settings.model or 'the one'} served at {settings.endpoint}")
    name = settings.model or DEFAULT_MODEL
    if name.endswith(".gguf"):
        found = Path(name).expanduser().is_file()
        return Line(
            "model", "ok" if found else "fail", name, "" if found else "scientist model list"
        )
    if name not in MODELS:
        return Line("model", "fail", f"there is no model {name!r}", "scientist model list")
    if cached(MODELS[name].artifact, settings.cache_dir) is None:
        size = MODELS[name].artifact.size / 1e9
        return Line(
            "model",
            "warn",
            f"{name} is not here yet ({size:.1f} GB)",
            f"scientist model pull {name}",
        )
    return Line("model", "ok", f"{name}, SHA-256 {MODELS[name].artifact.sha256[:12]} verified")


def _endpoint(settings: Settings) -> Line:
    import importlib.util

    if settings.endpoint:
        from scientist.llm.endpoint import external
        from scientist.llm.serving import records

        ours = records.at(settings.endpoint)
        if ours and not ours[1].lives:
            ended = (
                f"the served {ours[1].model} has ended; the next command that needs it starts it"
            )
            return Line("endpoint", "warn", ended, f"scientist model stop; log: {ours[0] / 'log'}")
        endpoint = external(settings)
        return Line("endpoint", "ok", f"{endpoint.url} serves {endpoint.model}")
    if importlib.util.find_spec("xllamacpp") is None:
        return Line(
            "endpoint", "fail", "the embedded server is not installed", "pip install xllamacpp"
        )
    from scientist.llm.embedded import servers

    running = servers()
    if running:
        return Line("endpoint", "ok", f"embedded, running at {running[0]['url']}")
    return Line("endpoint", "ok", "embedded, starts on first use")


def _executor(settings: Settings) -> Line:
    from scientist.lab.executors import ready

    return Line("executor", "ok", ready.check(settings))


def _embedding(settings: Settings) -> Line:
    from scientist.artifacts import cached
    from scientist.catalog import MINILM, MINILM_TOKENIZER

    if settings.embedding == "served":
        from scientist.memory.embedding import load

        served = load(settings)
        return Line("embedding", "ok", f"{served.id}, {served.dimension} numbers a vector")
    if settings.embedding == "wordllama":
        return Line("embedding", "warn", "wordllama: weaker than the default", "")
    if any(cached(artifact, settings.cache_dir) is None for artifact in (MINILM, MINILM_TOKENIZER)):
        return Line("embedding", "warn", f"{MINILM.name} is not here yet", "scientist model pull")
    return Line("embedding", "ok", MINILM.name)


def _store(settings: Settings, root: Path) -> Line:
    from scientist.memory.server import Server
    from scientist.workspace import Workspace

    folder = Workspace(root).chroma
    if settings.chroma is None:
        return Line("store", "ok", f"in {folder}")
    Server(folder, settings.chroma, settings.chroma_token, settings.connect_timeout).reach()
    return Line("store", "ok", f"the Chroma server at {settings.chroma} answers")


def _checkpoints(settings: Settings, root: Path) -> Line:
    from scientist.agent.postgres import Database
    from scientist.workspace import Workspace

    if settings.checkpoints is None:
        return Line("resume", "ok", f"checkpoints in {Workspace(root).checkpoints}")
    kept = Database(settings.checkpoints, root, "", settings.connect_timeout)
    kept.reach()
    return Line("resume", "ok", f"checkpoints at {kept.name}, which answers")


def _libraries(settings: Settings) -> Line:
    """What experiment code may import, and whether it is there."""
    from scientist.lab import checks

    found = checks.available(settings.libraries)
    here = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    missing = [name for name, version in found.items() if version is None]
    detail = here or "none that experiments may import"
    if missing:
        detail += f"; not installed: {', '.join(missing)}"
    if found.get("numpy", "") is None:
        return Line("libraries", "warn", detail, "pip install numpy")
    return Line("libraries", "ok", detail)


def _gpu() -> Line:
    from scientist.llm.serving import records, table
    from scientist.llm.serving.cards import TOOL, NoAnswer, cards

    try:
        found = cards()
    except NoAnswer as fault:
        return Line("gpu", "warn", str(fault), TOOL)
    if not found:
        return Line("gpu", "ok", "none: the embedded model runs on the processor")
    detail = "; ".join(f"{card.name}, {card.megabytes} MB" for card in found)
    fits = table.fitting(found)
    serve = f"scientist model serve {fits.name}" if fits else "scientist model serve"
    fix = "" if any(records.every()) else f"pip install 'scientist[vllm]', then: {serve}"
    return Line("gpu", "ok", detail, fix)
