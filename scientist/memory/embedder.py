"""MiniLM behind an address: the `/v1/embeddings` of OpenAI, for other processes and machines.

`python -m scientist.memory.embedder --name NAME --host HOST --port PORT MODEL TOKENIZER`, started
by `scientist model serve --embedding` (`llm/serving/launch.py`). Its vectors are those that MiniLM
gives within a process. The key comes in its environment; whatever is below `/v1` needs it.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import sys
from array import array
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from scientist.memory.embedding import MiniLM, Vector

KEY = "SCIENTIST_EMBEDDING_API_KEY"
MOST_BYTES = 16_000_000  # of a request
MOST_TEXTS = 2048
SILENT_SECONDS = 60.0  # of a connection that is kept open


class Refused(Exception):
    """A request that cannot be answered, with its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Embedder(ThreadingHTTPServer):
    """One model; each connection has a thread, and one of them computes at a time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, place: tuple[str, int], name: str, model: MiniLM, key: str) -> None:
        super().__init__(place, Handler)
        self.name, self.model, self.key = name, model, key
        self._computing = Lock()

    def answer(self, request: Any) -> dict[str, Any]:
        """The vectors of a request's texts."""
        texts, plain = self._asked(request)
        with self._computing:
            vectors = self.model.embed(texts)
        rows = [
            {"object": "embedding", "index": number, "embedding": _written(vector, plain)}
            for number, vector in enumerate(vectors)
        ]
        read = self.model.tokens(texts)
        used = {"prompt_tokens": read, "total_tokens": read}
        return {"object": "list", "data": rows, "model": self.name, "usage": used}

    def _asked(self, request: Any) -> tuple[list[str], bool]:
        """The texts of a request, and whether their vectors are wanted as numbers."""
        if not isinstance(request, dict):
            raise Refused(400, "a JSON object with model and input is wanted")
        if request.get("model", self.name) != self.name:
            raise Refused(404, f"the model {request['model']} is not served; {self.name} is")
        given = request.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(400, "input is to be a text or a list of texts")
        if not 0 < len(texts) <= MOST_TEXTS:
            raise Refused(400, f"input is to be 1 to {MOST_TEXTS} texts, not {len(texts)}")
        if request.get("dimensions", self.model.dimension) != self.model.dimension:
            raise Refused(400, f"a vector has {self.model.dimension} dimensions")
        form = request.get("encoding_format", "float")
        if form not in ("float", "base64"):
            raise Refused(400, "encoding_format is float or base64")
        return texts, form == "float"

    def models(self) -> dict[str, Any]:
        """What is served."""
        about = {"id": self.name, "object": "model", "owned_by": "scientist"}
        return {"object": "list", "data": [about]}


class Handler(BaseHTTPRequestHandler):
    """The few addresses of an embedding server."""

    server: Embedder
    protocol_version = "HTTP/1.1"
    timeout = SILENT_SECONDS
    _unread = 0  # bytes of the request's body

    def do_GET(self) -> None:
        match self.path:
            case "/health":
                self._say(200, {"status": "ok"})
            case "/v1/models":
                self._answer(self.server.models)
            case _:
                self._answer(self._unknown)

    def do_POST(self) -> None:
        told = self.headers.get("Content-Length", "")
        self._unread = int(told) if told.isdecimal() else 0
        self._answer(self._embed if self.path == "/v1/embeddings" else self._unknown)

    def log_message(self, *_: object) -> None:
        """Texts and addresses are nobody's business."""

    def _answer(self, work: Callable[[], dict[str, Any]]) -> None:
        try:
            said = self.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(said, f"Bearer {self.server.key}".encode()):
                raise Refused(401, "the key is wrong")
            self._say(200, work())
        except Refused as fault:
            self._skip()
            error = {"message": str(fault), "type": "invalid_request_error", "code": fault.status}
            self._say(fault.status, {"error": error})

    def _embed(self) -> dict[str, Any]:
        return self.server.answer(self._body())

    def _unknown(self) -> dict[str, Any]:
        raise Refused(404, "there are GET /health, GET /v1/models and POST /v1/embeddings")

    def _body(self) -> Any:
        if not self._unread:
            self.close_connection = True
            raise Refused(411, "a Content-Length is wanted")
        if self._unread > MOST_BYTES:
            raise Refused(413, f"a request may have {MOST_BYTES} bytes")
        raw, self._unread = self.rfile.read(self._unread), 0
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as fault:
            raise Refused(400, "the request is no JSON") from fault

    def _skip(self) -> None:
        """Read the rest of a refused request: who still sends would not hear why."""
        self.close_connection |= self._unread > MOST_BYTES
        left, self._unread = min(self._unread, MOST_BYTES), 0
        while left and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _written(vector: Vector, plain: bool) -> list[float] | str:
    """A vector as numbers, or as the bytes of 32-bit ones, which clients of OpenAI ask for."""
    if plain:
        return vector
    packed = array("f", vector)
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()


def main(words: list[str]) -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("model", type=Path)
    parser.add_argument("tokenizer", type=Path)
    told = parser.parse_args(words)
    model = MiniLM(told.model, told.tokenizer)
    Embedder((told.host, told.port), told.name, model, os.environ[KEY]).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
