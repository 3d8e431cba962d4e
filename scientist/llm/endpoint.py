"""Which model to talk to: a server the user named, else one that is served, else the embedded one.

`connect` gives a handle with the endpoint; its `revive` brings a dead server of ours
back, so that a killed server costs a campaign one retried call. What is served comes in
through the settings (`llm/serving/found.py`), so that a record says which it was.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from scientist import artifacts
from scientist.addresses import local
from scientist.artifacts import Progress
from scientist.catalog import DEFAULT_MODEL, MODELS
from scientist.errors import EndpointError, UsageError
from scientist.llm import embedded
from scientist.llm.embedded import Weights
from scientist.llm.serving import launch, records
from scientist.settings import Settings

LIST_SECONDS = 15.0
NO_KEY = "none"  # what servers that want none are sent


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server and the model to ask for there."""

    url: str
    api_key: str
    model: str
    kind: Literal["embedded", "external"]
    model_digest: str = ""
    context: int | None = None


@dataclass
class Handle:
    """An endpoint in use."""

    endpoint: Endpoint
    _revive: Callable[[], Endpoint] | None = None

    def revive(self) -> Endpoint:
        """Bring the server back if it is ours and dead."""
        if self._revive is not None:
            self.endpoint = self._revive()
        return self.endpoint


@contextmanager
def connect(settings: Settings, progress: Progress | None = None) -> Iterator[Handle]:
    """An endpoint that answers, for as long as the block lasts."""
    if settings.endpoint:
        yield _served(settings, progress) or Handle(external(settings))
        return
    weights = resolve(settings, progress)
    with embedded.lease(weights, settings) as folder:

        def ensure() -> Endpoint:
            state = embedded.ensure(folder, weights, settings, progress)
            return Endpoint(
                url=state["url"],
                api_key=state["key"],
                model=state["model"],
                kind="embedded",
                model_digest=state["digest"],
                context=state["context"],
            )

        yield Handle(ensure(), ensure)


def _served(settings: Settings, progress: Progress | None) -> Handle | None:
    """A handle on a server that `scientist model serve` started; None if it is another's."""
    assert settings.endpoint is not None
    ours = records.at(settings.endpoint)
    if ours is None:
        return None
    folder, _ = ours
    say = progress or (lambda _what, _done, _total: None)
    launch.ensure(folder, say)
    endpoint = external(settings)

    def again() -> Endpoint:
        launch.ensure(folder, say)
        return endpoint

    return Handle(endpoint, again)


def check(settings: Settings) -> None:
    """Refuse a model or an address that there cannot be; nothing is asked, fetched or started."""
    if settings.endpoint:
        _check_url(settings.endpoint.strip())
    elif path := _own_weights(settings):
        _check_weights(path)


def resolve(settings: Settings, progress: Progress | None = None) -> Weights:
    """The weights a user means: a file, or a model of the catalogue, fetched if needed."""
    cache = settings.cache_dir
    if path := _own_weights(settings):
        _check_weights(path)
        stamp = cache / "stamps" / hashlib.sha256(os.fsencode(path)).hexdigest()
        return Weights(path.stem, path, artifacts.remembered_digest(path, stamp))
    name = settings.model or DEFAULT_MODEL
    artifact = MODELS[name].artifact
    return Weights(name, artifacts.obtain(artifact, cache, progress), artifact.sha256)


def _own_weights(settings: Settings) -> Path | None:
    """The file of weights that is meant; None for a model of the catalogue that can be run so."""
    name = settings.model or DEFAULT_MODEL
    if name in MODELS:
        if settings.context > MODELS[name].context:
            raise UsageError(
                f"{name} has a context of {MODELS[name].context} tokens, {settings.context} are "
                "set",
                f"SCIENTIST_CONTEXT={MODELS[name].context} scientist run",
            )
        return None
    path = Path(name).expanduser().absolute()
    if path.suffix.lower() != ".gguf" and not path.is_file():
        raise UsageError(
            f"there is no embedded model {name!r}; there are {', '.join(MODELS)}",
            "scientist model list, or name a server too: --endpoint URL",
        )
    return path


def _check_weights(path: Path) -> None:
    """Refuse a file that is not there, cannot be read, or has no weights in it."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise UsageError(f"{path} is no GGUF file", "scientist model list")
    except FileNotFoundError as fault:
        raise UsageError(f"there are no weights at {path}", "scientist model list") from fault
    except OSError as fault:
        raise UsageError(
            f"{path} cannot be read: {fault.strerror}", "scientist model list"
        ) from fault


def external(settings: Settings) -> Endpoint:
    """Check the server a user named, and choose the model there."""
    assert settings.endpoint is not None
    given = settings.endpoint.strip().rstrip("/")
    if not settings.api_key and (ours := records.at(given)):
        settings = settings.model_copy(update={"api_key": ours[1].key})
    has_path = _check_url(given)
    candidates = [given] if has_path else [f"{given}/v1", given]
    problem = None
    for url in candidates:
        try:
            models = _models(url, settings)
        except _NotCompatible as fault:
            problem = problem or fault
            continue
        name = _choose(models, settings.model, url)
        return Endpoint(
            url=url,
            api_key=settings.api_key or NO_KEY,
            model=name,
            kind="external",
            context=_context(next(model for model in models if model["id"] == name)),
        )
    assert problem is not None
    raise problem


class _NotCompatible(EndpointError):
    """Something answers there; another path of it may be the right one."""


def _check_url(given: str) -> bool:
    """Whether a URL has a path of its own; what is no URL is refused."""
    try:
        parts = urlsplit(given)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"{given!r} is no URL", "scientist run --endpoint http://127.0.0.1:8000/v1"
        )
    if parts.username or parts.password:
        raise UsageError(  # the URL is written into the record, the key never is
            "a key does not belong into the endpoint's URL",
            f"SCIENTIST_API_KEY=… scientist run --endpoint {parts.scheme}://{parts.hostname}/v1",
        )
    return bool(parts.path)


def _models(url: str, settings: Settings) -> list[dict[str, Any]]:
    import httpx2

    key = settings.api_key or NO_KEY
    if not (key.isascii() and key.isprintable()):
        raise UsageError(
            "the API key has characters that no key can have",
            f"SCIENTIST_API_KEY=… scientist run --endpoint {url}",
        )
    headers = {"Authorization": f"Bearer {key}"}
    timeout = httpx2.Timeout(LIST_SECONDS, connect=settings.connect_timeout)
    try:
        answer = httpx2.get(
            f"{url}/models", headers=headers, timeout=timeout, trust_env=not local(url)
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
        raise EndpointError(
            f"no model server answers at {url} ({type(fault).__name__})",
            f"start it, check the URL (scientist doctor --endpoint {url}), or use the embedded "
            "model: --endpoint embedded",
        ) from fault
    if answer.status_code in (401, 403):
        raise key_refused(url)
    try:
        listed = answer.json()["data"]
        if answer.status_code != 200 or not all(isinstance(model["id"], str) for model in listed):
            raise ValueError
    except (ValueError, KeyError, TypeError) as fault:
        raise _NotCompatible(
            f"{url} answers, but not as an OpenAI-compatible server (status {answer.status_code})",
            "give the URL that ends in /v1: scientist run --endpoint http://HOST:PORT/v1",
        ) from fault
    return list(listed)


def key_refused(url: str) -> EndpointError:
    """What to say of a server that wants another key."""
    hint = f"SCIENTIST_API_KEY=… scientist run --endpoint {url}"
    return EndpointError(f"{url} refuses the key", hint)


def _choose(models: list[dict[str, Any]], wanted: str | None, url: str) -> str:
    names = [model["id"] for model in models]
    if wanted is not None and wanted in names:
        return wanted
    if wanted is None and len(names) == 1:
        return str(names[0])
    listed = ", ".join(names)
    if not names:
        raise EndpointError(f"{url} serves no model", "start that server with a model")
    problem = "serves several models" if wanted is None else f"does not serve {wanted!r}; it serves"
    raise EndpointError(
        f"{url} {problem}: {listed}",
        f"scientist run --endpoint {url} --model {shlex.quote(names[0])}",
    )


def _context(model: dict[str, Any]) -> int | None:
    """What a server says about its context; vLLM and llama.cpp say it in different places."""
    about = model.get("meta")
    value = model.get("max_model_len") or (about.get("n_ctx") if isinstance(about, dict) else None)
    return value if isinstance(value, int) and value > 0 else None
