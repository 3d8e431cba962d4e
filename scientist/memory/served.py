"""Vectors from a server: the `/v1/embeddings` that vLLM, llama.cpp and others have.

The id names the model and not the address, so that the same model may be served elsewhere. The
server cannot be held to a hash: whoever changes the model under its name makes a wrong store.
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scientist.addresses import local
from scientist.errors import EndpointError, UsageError
from scientist.settings import Settings

if TYPE_CHECKING:
    import httpx2

    from scientist.memory.embedding import Vector

BATCH = 32
UNEQUAL = ["A learner that keeps stable features makes fewer errors under shift.", "Short."]
SAME = 0.999  # likeness of two vectors of one text; rounding changes less
MOST_LETTERS = 1000  # of a text: as much as the embedding of this machine reads
BACKOFF_SECONDS = 0.5
SERVE = "scientist model serve --embedding"
OTHER = "or another embedding: SCIENTIST_EMBEDDING=minilm scientist rebuild"
NAME = f"{SERVE}, or SCIENTIST_EMBEDDING=served SCIENTIST_EMBEDDING_MODEL=NAME scientist rebuild"
PASSING = (408, 425, 429)


def name_of(settings: Settings) -> str:
    """The id of the embedding that is served under the name of the settings."""
    if not settings.embedding_model:
        raise UsageError("the embedding is served, but which model is it?", NAME)
    return f"served {settings.embedding_model}"


class Served:
    """Vectors of a model that a server embeds with."""

    def __init__(self, settings: Settings) -> None:
        self.id = name_of(settings)
        self._model = str(settings.embedding_model)
        if not settings.embedding_endpoint:
            raise UsageError(
                f"no server is named that embeds with {self._model}",
                f"{SERVE}, or SCIENTIST_EMBEDDING_ENDPOINT=URL scientist rebuild",
            )
        self._url = f"{settings.embedding_endpoint.strip().rstrip('/')}/embeddings"
        self._key = settings.embedding_api_key
        self._tries = settings.retries + 1
        self._seconds = settings.request_timeout
        self._connect = settings.connect_timeout

    @cached_property
    def dimension(self) -> int:
        """How many numbers a vector has; the server is asked once."""
        return len(self.embed(["-"])[0])

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector for each text, the beginning of which counts."""
        # servers refuse a text without a word
        said = [text[:MOST_LETTERS].strip() or "-" for text in texts]
        size = self._size if len(said) > 1 else 1
        parts = [said[start : start + size] for start in range(0, len(said), size)]
        return [vector for part in parts for vector in self._vectors(part)]

    @cached_property
    def _size(self) -> int:
        """How many texts go together: one, where a vector depends on what it is asked with."""
        alone = [self._vectors([text])[0] for text in UNEQUAL]
        pairs = zip(alone, self._vectors(UNEQUAL), strict=True)
        same = all(sum(a * b for a, b in zip(*pair, strict=True)) > SAME for pair in pairs)
        return BATCH if same else 1

    def _vectors(self, texts: list[str]) -> list[Vector]:
        return self._read(self._ask(texts), len(texts))

    @cached_property
    def _http(self) -> httpx2.Client:
        import httpx2

        client = httpx2.Client(
            timeout=httpx2.Timeout(self._seconds, connect=self._connect),
            trust_env=not local(self._url),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
        )
        weakref.finalize(self, client.close)
        return client

    def _ask(self, texts: list[str]) -> Any:
        """What the server answers, over however many passing faults the settings allow."""
        import httpx2

        request = {"model": self._model, "input": texts, "encoding_format": "float"}
        problem = ""
        for number in range(self._tries):
            if number:
                time.sleep(BACKOFF_SECONDS * 2 ** (number - 1))
            try:
                answer = self._http.post(self._url, json=request)
            except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
                problem = f"no server answers at {self._url} ({type(fault).__name__})"
                continue
            if answer.status_code == 200:
                try:
                    return answer.json()
                except ValueError:
                    problem = f"{self._url} answers, but not with JSON"
                    break
            said = " ".join(answer.text.split())[:200]
            problem = f"{self._url} refuses to embed ({answer.status_code}): {said}"
            if answer.status_code not in PASSING and answer.status_code < 500:
                break
        raise self._gone(problem)

    def _read(self, answer: Any, count: int) -> list[Vector]:
        """The vectors of an answer in the order of the texts, each of length one."""
        try:
            rows = sorted(answer["data"], key=lambda row: int(row["index"]))
            vectors = [[float(x) for x in row["embedding"]] for row in rows]
            lengths = [math.sqrt(math.fsum(x * x for x in vector)) for vector in vectors]
            usable = len(vectors) == count and len({len(vector) for vector in vectors}) == 1
            if not usable or not all(length > 0 and math.isfinite(length) for length in lengths):
                raise ValueError
        except (KeyError, TypeError, ValueError) as fault:
            said = f"what {self._url} sends are not {count} vectors"
            raise self._gone(said) from fault
        return [
            [x / length for x in vector] for vector, length in zip(vectors, lengths, strict=True)
        ]

    def _gone(self, problem: str) -> EndpointError:
        return EndpointError(
            f"the embedding {self._model} is not served: {problem}",
            f"start that server again (ours: {SERVE}), {OTHER}",
        )
