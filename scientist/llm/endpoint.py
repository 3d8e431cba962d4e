"""Which model to talk to: a server the user named, else the embedded one.

`connect` gives a handle with the endpoint; its `revive` brings a dead embedded server
back, so that a killed server costs a campaign one retried call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from scientist import artifacts
from scientist.artifacts import Progress
from scientist.catalog import DEFAULT_MODEL, MODELS
from scientist.errors import EndpointError, UsageError
from scientist.llm import embedded
from scientist.llm.embedded import Weights
from scientist.settings import Settings


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
        yield Handle(external(settings))
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


def resolve(settings: Settings, progress: Progress | None = None) -> Weights:
    """The weights a user means: a file, or a model of the catalogue, fetched if needed."""
    name = settings.model or DEFAULT_MODEL
    if name.endswith(".gguf"):
        path = Path(name).expanduser().absolute()
        if not path.is_file():
            raise UsageError(f"there are no weights at {path}", "scientist model list")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise UsageError(f"{path} is no GGUF file", "scientist model list")
        return Weights(path.stem, path, artifacts.digest(path))
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise UsageError(
            f"there is no embedded model {name!r}; there are {known}",
            "scientist model list, or name a server too: --endpoint URL",
        )
    artifact = MODELS[name].artifact
    return Weights(name, artifacts.obtain(artifact, settings.cache_dir, progress), artifact.sha256)


def external(settings: Settings) -> Endpoint:
    """Check the server a user named, and choose the model there."""
    assert settings.endpoint is not None
    given = settings.endpoint.rstrip("/")
    if urlsplit(given).scheme not in ("http", "https") or not urlsplit(given).netloc:
        raise UsageError(
            f"{settings.endpoint!r} is no URL", "scientist run --endpoint http://127.0.0.1:8000/v1"
        )
    candidates = [given] if urlsplit(given).path else [f"{given}/v1", given]
    problem = None
    for url in candidates:
        try:
            models = _models(url, settings)
        except EndpointError as fault:
            problem = problem or fault
            continue
        return Endpoint(
            url=url,
            api_key=settings.api_key or "none",
            model=_choose(models, settings.model, url),
            kind="external",
            context=_context(models, settings.model),
        )
    assert problem is not None
    raise problem


def _models(url: str, settings: Settings) -> list[dict[str, Any]]:
    import httpx2

    headers = {"Authorization": f"Bearer {settings.api_key or 'none'}"}
    timeout = httpx2.Timeout(30, connect=settings.connect_timeout)
    try:
        answer = httpx2.get(f"{url}/models", headers=headers, timeout=timeout)
    except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
        raise EndpointError(
            f"no model server answers at {url} ({type(fault).__name__})",
            "start it, check the URL with scientist doctor, or leave --endpoint out "
            "to use the embedded model",
        ) from fault
    if answer.status_code in (401, 403):
        raise EndpointError(f"{url} refuses the key", "SCIENTIST_API_KEY=… scientist run")
    try:
        listed = answer.json()["data"]
        if answer.status_code != 200 or not all("id" in model for model in listed):
            raise ValueError
    except (ValueError, KeyError, TypeError) as fault:
        raise EndpointError(
            f"{url} answers, but not as an OpenAI-compatible server (status {answer.status_code})",
            "give the URL that ends in /v1: scientist run --endpoint http://HOST:PORT/v1",
        ) from fault
    return list(listed)


def _choose(models: list[dict[str, Any]], wanted: str | None, url: str) -> str:
    names = [str(model["id"]) for model in models]
    if wanted in names:
        return str(wanted)
    if wanted is None and len(names) == 1:
        return names[0]
    listed = ", ".join(names) or "none"
    if wanted is None:
        raise EndpointError(
            f"{url} serves several models: {listed}",
            f"scientist run --model {names[0]}" if names else "start the server with a model",
        )
    raise EndpointError(
        f"{url} does not serve {wanted!r}; it serves: {listed}",
        f"scientist run --model {names[0]}" if names else "start the server with a model",
    )


def _context(models: list[dict[str, Any]], wanted: str | None) -> int | None:
    for model in models:
        if wanted in (None, model["id"]):
            value = model.get("max_model_len") or (model.get("meta") or {}).get("n_ctx")
            return int(value) if value else None
    return None
