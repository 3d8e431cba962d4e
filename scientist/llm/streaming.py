"""What comes over the wire of one streamed answer: text, reasoning, usage, exact bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scientist.addresses import local
from scientist.records import Usage

if TYPE_CHECKING:
    import ssl

    import httpx2

OnText = Callable[[str, str], None]
OPEN, CLOSE = "<think>", "</think>"


@dataclass
class Wire:
    """The exact bytes of the last request and of its answer, as far as it came."""

    request: bytes = b""
    response: bytearray = field(default_factory=bytearray)


def recording_client(wire: Wire, timeout: httpx2.Timeout, url: str) -> httpx2.Client:
    """An HTTP client that keeps what passes through it, uncompressed."""
    import httpx2

    class Tee(httpx2.SyncByteStream):
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __iter__(self) -> Iterator[bytes]:
            for piece in self.inner:
                wire.response += piece
                yield piece

        def close(self) -> None:
            self.inner.close()

    def sent(request: httpx2.Request) -> None:
        wire.request = request.read()
        wire.response = bytearray()

    def received(response: httpx2.Response) -> None:
        response.stream = Tee(response.stream)

    return httpx2.Client(
        timeout=timeout,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [sent], "response": [received]},
        **reaching(url),
    )


def reaching(url: str) -> dict[str, Any]:
    """How a single request reaches an address: without a proxy on this machine, trusting whom."""
    away = not local(url)
    return {"trust_env": away, "verify": _trusted(away)}


@lru_cache(maxsize=2)
def _trusted(from_environment: bool) -> ssl.SSLContext:
    """Whom to trust; reading all certificates takes longer than a short call."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=from_environment)


@dataclass
class Heard:
    """What an answer consists of so far, when it was asked for, and how long it took."""

    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    usage: Usage = field(default_factory=Usage)
    first_token_seconds: float | None = None
    alternatives: list[tuple[str, float]] = field(default_factory=list)  # to the first token


def listen(chunks: Iterable[Any], heard: Heard, on_text: OnText | None) -> None:
    """Gather a stream, separating reasoning from the answer as it comes."""
    began = time.monotonic()
    splitter = ThinkSplitter()

    def pass_on(kind: str, piece: str) -> None:
        if not piece:
            return
        if kind == "reasoning":
            heard.reasoning += piece
        else:
            heard.text += piece
        if on_text:
            on_text(kind, piece)

    for chunk in chunks:
        if chunk.usage:
            heard.usage = usage_of(chunk)
        for choice in chunk.choices[:1]:
            delta = choice.delta
            if choice.logprobs and choice.logprobs.content and not heard.alternatives:
                likely = choice.logprobs.content[0].top_logprobs or []
                heard.alternatives = [(each.token, float(each.logprob)) for each in likely]
            extra = delta.model_extra or {}
            thought = extra.get("reasoning_content") or extra.get("reasoning") or ""
            if (thought or delta.content) and heard.first_token_seconds is None:
                heard.first_token_seconds = round(time.monotonic() - began, 4)
            pass_on("reasoning", thought)
            heard.refusal += delta.refusal or ""
            for kind, piece in splitter.feed(delta.content or ""):
                pass_on(kind, piece)
            if choice.finish_reason:
                heard.finish = choice.finish_reason
    for kind, piece in splitter.rest():
        pass_on(kind, piece)
    if CLOSE in heard.text:  # some templates open the tag in the prompt itself
        thought, _, heard.text = heard.text.rpartition(CLOSE)
        heard.reasoning += thought


class ThinkSplitter:
    """Splits text at think tags, also when a tag comes in pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False

    def feed(self, piece: str) -> Iterator[tuple[str, str]]:
        """The parts that are certain by now, each with its kind."""
        self._held += piece
        while True:
            tag = CLOSE if self._inside else OPEN
            kind = "reasoning" if self._inside else "answer"
            at = self._held.find(tag)
            if at < 0:
                keep = next(
                    (n for n in range(len(tag) - 1, 0, -1) if self._held.endswith(tag[:n])), 0
                )
                sure = len(self._held) - keep
                yield kind, self._held[:sure]
                self._held = self._held[sure:]
                return
            yield kind, self._held[:at]
            self._held = self._held[at + len(tag) :]
            self._inside = not self._inside

    def rest(self) -> Iterator[tuple[str, str]]:
        """What was held back, once nothing more comes."""
        yield ("reasoning" if self._inside else "answer"), self._held
        self._held = ""


def usage_of(chunk: Any) -> Usage:
    """The server's own count; llama.cpp tells cached tokens in `timings`."""
    usage = chunk.usage
    details = usage.prompt_tokens_details
    cached = details.cached_tokens if details and details.cached_tokens else 0
    timings = (chunk.model_extra or {}).get("timings") or {}
    return Usage(
        prompt=usage.prompt_tokens or 0,
        cached=cached or int(timings.get("cache_n") or 0),
        completion=usage.completion_tokens or 0,
    )
