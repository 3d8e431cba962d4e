"""A real OpenAI-compatible HTTP server that gives prepared answers; the only stand-in in the tests.

    with ScriptedServer(["plain text", {"a": 1}, Fault(503), lambda request: "..."]) as server:
        Client(Handle(server.endpoint()), ...)
        server.assert_done()

Answers are used in order: a dict is sent as JSON text, a callable gets the request's JSON, a
Fault misbehaves (a status, a cut stream, a hang, garbage), a Likely is one token with the chances
of others. A server that runs dry answers 500
and fails `assert_done`. `script=` answers every request without end. Requests are kept in
`server.requests`. `pages=` are what else it tells, such as /props and /metrics. As a process of
its own, for tests that kill its clients:

    python tests/scripted.py ANSWERS.json PORT_FILE

where ANSWERS.json maps the name of the asked schema to a list of answers; the last repeats.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = "scripted"


@dataclass
class Fault:
    """A way to misbehave."""

    status: int = 200
    message: str = "scripted fault"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # pieces of the stream before the connection breaks
    text: str = "half an answer that never ends"
    delay: float = 0.0
    garbage: bytes | None = None  # a body that is no protocol at all
    finish: str = "stop"
    reasoning: str = ""


@dataclass
class Likely:
    """One token, the likeliest, with the chances of it and its alternatives."""

    chances: dict[str, float]

    @property
    def text(self) -> str:
        return max(self.chances, key=lambda token: self.chances[token])

    def log_probabilities(self) -> dict[str, Any]:
        each = [
            {"token": token, "logprob": math.log(chance), "bytes": list(token.encode())}
            for token, chance in sorted(self.chances.items(), key=lambda one: -one[1])
        ]
        return {"content": [{**each[0], "top_logprobs": each}], "refusal": None}


Answer = str | dict[str, Any] | Fault | Likely | Callable[[dict[str, Any]], Any]


class ScriptedServer:
    """Serves on a loopback port while the block lasts."""

    def __init__(
        self,
        answers: Sequence[Answer] = (),
        *,
        script: Callable[[dict[str, Any]], Any] | None = None,
        models: Sequence[str] = (MODEL,),
        models_body: bytes | None = None,
        key: str | None = None,
        port: int = 0,
        counts: bool = True,
        pages: Mapping[str, Callable[[], str]] | None = None,
    ) -> None:
        self.answers = list(answers)
        self.script = script
        self.models = models
        self.models_body = models_body
        self.key = key
        self.counts = counts
        self.pages = pages or {}
        self.requests: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.ran_dry = False
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def assert_done(self) -> None:
        """Every answer was asked for, and no more."""
        assert not self.ran_dry, "the script ran dry: the model was asked more often than planned"
        assert not self.answers, f"{len(self.answers)} prepared answers were never asked for"

    def next(self, request: dict[str, Any], body: bytes) -> Any:
        with self._lock:
            self.requests.append(request)
            self.bodies.append(body)
            if self.script is not None:
                answer: Any = self.script(request)
            elif self.answers:
                answer = self.answers.pop(0)
            else:
                self.ran_dry = True
                return Fault(400, "the script ran dry")
        return answer(request) if callable(answer) else answer


def _handler(owner: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if owner.key and self.headers.get("Authorization") != f"Bearer {owner.key}":
                self._send(401, b'{"error": {"message": "wrong key"}}')
            elif self.path in owner.pages:
                self._send(200, owner.pages[self.path]().encode())
            elif self.path.endswith("/models"):
                listed = {"object": "list", "data": [{"id": name} for name in owner.models]}
                body = owner.models_body
                self._send(200, json.dumps(listed).encode() if body is None else body)
            else:
                self._send(404, b'{"error": {"message": "not here"}}')

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = json.loads(body)
            answer = owner.next(request, body)
            fault = answer if isinstance(answer, Fault) else Fault()
            time.sleep(fault.delay)
            if fault.garbage is not None:
                self._send(200, fault.garbage, "text/html")
                return
            if fault.status != 200:
                content = json.dumps({"error": {"message": fault.message}}).encode()
                self._send(fault.status, content, headers=fault.headers)
                return
            text = (
                fault.text
                if isinstance(answer, Fault | Likely)
                else answer
                if isinstance(answer, str)
                else json.dumps(answer)
            )
            try:
                likely = answer.log_probabilities() if isinstance(answer, Likely) else None
                self._stream(request, text, fault, likely)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _stream(self, request: dict[str, Any], text: str, fault: Fault, likely: Any) -> None:
            usage = {
                "prompt_tokens": len(json.dumps(request["messages"])) // 4,
                "completion_tokens": max(1, len(text) // 4),
                "total_tokens": 0,
                "prompt_tokens_details": {"cached_tokens": 7},
            }
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            pieces = [text[i : i + 11] for i in range(0, len(text), 11)]
            if fault.reasoning:
                self._event({"reasoning_content": fault.reasoning}, None)
            for number, piece in enumerate(pieces):
                if fault.cut_after is not None and number >= fault.cut_after:
                    return
                self._event({"content": piece}, None, likely)
            self._event({}, fault.finish)
            if owner.counts:
                self._data({**_chunk(), "choices": [], "usage": usage})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, delta: dict[str, Any], finish: str | None, likely: Any = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": likely}
            self._data({**_chunk(), "choices": [choice]})

        def _data(self, content: dict[str, Any]) -> None:
            self.wfile.write(b"data: " + json.dumps(content).encode() + b"\n\n")

        def _send(
            self,
            status: int,
            body: bytes,
            kind: str = "application/json",
            headers: dict[str, str] | None = None,
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _chunk() -> dict[str, Any]:
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL}


def main(arguments: list[str]) -> None:
    """Serve prepared answers by schema name until the process is killed."""
    prepared = {k: list(v) for k, v in json.loads(Path(arguments[0]).read_text()).items()}

    def script(request: dict[str, Any]) -> Any:
        answers = prepared[request["response_format"]["json_schema"]["name"]]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    with ScriptedServer(script=script) as server:
        part = Path(f"{arguments[1]}.part")
        part.write_text(str(server.port))
        part.replace(arguments[1])
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1:])
