"""From a wish to a served model: which backend, which model, and the start of it."""

from __future__ import annotations

import importlib.util
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scientist import artifacts
from scientist.artifacts import Progress
from scientist.catalog import DEFAULT_MODEL, MINILM, MINILM_TOKENIZER, MODELS
from scientist.errors import EndpointError, UsageError
from scientist.llm import embedded
from scientist.llm.endpoint import resolve
from scientist.llm.serving import flags, launch, records, table, weights
from scientist.llm.serving.cards import TOOL, Card, NoAnswer, cards
from scientist.llm.serving.launch import Watch
from scientist.llm.serving.records import Record
from scientist.llm.serving.wishes import Backend, Wish
from scientist.settings import Settings

EMBEDDER = "scientist.memory.embedder"
INSTALL = "pip install 'scientist[vllm]'"


def here(wish: Wish) -> list[Card]:
    """The cards of this machine."""
    try:
        return cards()
    except NoAnswer as fault:
        raise EndpointError(
            f"the graphics cards cannot be told: {fault}",
            f"{TOOL} must work first; or {wish.command(backend='llamacpp')}",
        ) from fault


def backend(wish: Wish, found: Sequence[Card], python: str) -> tuple[Backend, str]:
    """The backend for this machine, and why it is that one."""
    if wish.embedding:
        return _embedding_backend(wish)
    if wish.backend:
        return wish.backend, "as asked"
    if not found:
        return "llamacpp", "there is no graphics card"
    if not installed(python):
        return "llamacpp", f"there is a {found[0].name}, but no vLLM: {INSTALL}"
    return "vllm", ", ".join(card.name for card in found)


def _embedding_backend(wish: Wish) -> tuple[Backend, str]:
    if wish.backend == "llamacpp":
        raise UsageError(
            "llama.cpp serves no embedding here: MiniLM needs no backend, other models need vLLM",
            wish.command(backend=None),
        )
    if wish.backend is None and wish.model in (None, MINILM.name):
        return "onnx", "MiniLM runs on the processor"
    if wish.model is None:
        raise UsageError(
            "vLLM serves an embedding model by its name",
            wish.command(model="BAAI/bge-base-en-v1.5"),
        )
    return "vllm", "as asked" if wish.backend else f"only {MINILM.name} runs without it"


def installed(python: str) -> bool:
    """Whether a Python has vLLM, as far as that can be told without starting it."""
    if Path(python) != Path(sys.executable):
        return True
    return importlib.util.find_spec("vllm") is not None


def serve(
    wish: Wish,
    using: Backend,
    found: Sequence[Card],
    python: str,
    settings: Settings,
    progress: Progress,
    watch: Watch | None = None,
) -> Record:
    """Start what was wished for; the record of a server that answers."""
    if using == "llamacpp":
        return _embedded(wish, settings, progress)
    if using == "onnx":
        return launch.begin(_minilm(wish, settings, progress), progress, watch)
    if not installed(python):
        raise EndpointError(
            "vLLM is not installed in this Python",
            f"{INSTALL}, or name the Python that has it: {wish.command(python='PYTHON')}",
        )
    model = wish.model or _recommended(found, wish)
    source = weights.find(model, python, settings, progress)
    place, name = source.place, source.name
    wanted = Record(
        backend="vllm",
        model=name,
        source=place,
        context=flags.context(place, flags.configuration(place), wish, bool(found)),
        wish=wish,
        began=time.time(),
        url=_url(wish),
        key=_key(wish, settings),
        command=tuple(flags.command(python, place, name, wish, found)),
        environment=flags.environment(found, embedded.threads(settings)),
    )
    return launch.begin(wanted, progress, watch)


def _minilm(wish: Wish, settings: Settings, progress: Progress) -> Record:
    """MiniLM on onnxruntime, served by this project (`memory/embedder.py`)."""
    for flag in ("context", "memory", "python", "more"):
        if getattr(wish, flag):
            named = "options after --" if flag == "more" else f"--{flag}"
            raise UsageError(
                f"{named} is for vLLM; {MINILM.name} has nothing to choose",
                wish.command(**{flag: () if flag == "more" else None}),
            )
    files = [
        str(artifacts.obtain(artifact, settings.cache_dir, progress))
        for artifact in (MINILM, MINILM_TOKENIZER)
    ]
    host, port = wish.place
    options = ["--name", MINILM.name, "--host", host, "--port", str(port)]
    return Record(
        backend="onnx",
        model=MINILM.name,
        source=files[0],
        context=None,
        wish=wish,
        began=time.time(),
        url=_url(wish),
        key=_key(wish, settings),
        command=(sys.executable, "-P", "-m", EMBEDDER, *options, *files),
    )


def _url(wish: Wish) -> str:
    """The address by which this machine reaches it."""
    host, port = wish.place
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}/v1"


def _key(wish: Wish, settings: Settings) -> str:
    given = settings.embedding_api_key if wish.embedding else settings.api_key
    return given or secrets.token_urlsafe(24)


def _recommended(found: Sequence[Card], wish: Wish) -> str:
    """The largest model of the table that the cards can hold."""
    if not found:
        return DEFAULT_MODEL
    row = table.fitting(found)
    if row is None:
        raise UsageError("no model of the table fits these cards", wish.command(backend="llamacpp"))
    return row.name


def _embedded(wish: Wish, settings: Settings, progress: Progress) -> Record:
    """llama.cpp, kept until it is stopped."""
    for flag in ("host", "port", "memory", "python", "more"):
        if getattr(wish, flag):
            named = "options after --" if flag == "more" else f"--{flag}"
            raise UsageError(
                f"{named} is for vLLM; llama.cpp listens on a loopback port of its own",
                wish.command(**{flag: () if flag == "more" else None}),
            )
    chosen = settings.model_copy(
        update={
            "model": wish.model or settings.model or DEFAULT_MODEL,
            "context": wish.context or settings.context,
        }
    )
    if chosen.model not in MODELS and not str(chosen.model).lower().endswith(".gguf"):
        raise UsageError(
            f"llama.cpp runs {', '.join(MODELS)} or a .gguf file, not {chosen.model!r}",
            "scientist model list",
        )
    found = resolve(chosen, progress)
    with embedded.lease(found, chosen) as folder:
        state = embedded.ensure(folder, found, chosen, progress)
        embedded.keep(folder)
    record = Record(
        backend="llamacpp",
        model=found.name,
        source=chosen.model if chosen.model in MODELS else str(found.path),
        context=chosen.context,
        wish=wish,
        began=time.time(),
        url=state["url"],
        key=state["key"],
        pid=state["pid"],
        start_time=state["start_time"],
        ready=True,
    )
    place = records.folder_of("llamacpp", record.model)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    records.write(place, record)
    return record
