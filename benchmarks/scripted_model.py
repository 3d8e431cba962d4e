"""A model that costs nothing: a process of its own that fills in whatever schema it is asked for.

    with serve() as url: ...

Its answers are valid and always the same for the same request: of several choices it takes one by
the hash of the prompt, a text is the first sentence that the prompt numbers, and a question for
chances gets "C".
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"
CHANCES = {"A": 0.05, "B": 0.05, "C": 0.9}
_NUMBERED = re.compile(r"^\[1\] (.+)$", re.MULTILINE)


@contextmanager
def serve() -> Iterator[str]:
    """The URL of a server that lives as long as the block."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


def fill(schema: dict[str, Any], root: dict[str, Any], chance: random.Random, text: str) -> Any:
    """A value that fits a schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return fill(root["$defs"][name], root, chance, text)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return fill(chance.choice(schema[several]), root, chance, text)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: fill(one, root, chance, text) for name, one in fields.items()}
        case "array":
            count = max(1, schema.get("minItems", 1))
            return [fill(schema["items"], root, chance, text) for _ in range(count)]
        case "string":
            return text[: schema.get("maxLength", 100)].ljust(schema.get("minLength", 0), ".")
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return chance.random() < 0.5
    return None


def answer(request: dict[str, Any]) -> str:
    """What the model says to a request."""
    if request.get("logprobs"):
        return max(CHANCES, key=lambda letter: CHANCES[letter])
    said = json.dumps(request["messages"])
    chance = random.Random(hashlib.sha256(said.encode()).digest())
    prompt = "\n".join(str(message["content"]) for message in request["messages"])
    sentence = _NUMBERED.search(prompt)
    text = sentence[1] if sentence else "What the first sentence says is what is meant here."
    schema = request["response_format"]["json_schema"]["schema"]
    return json.dumps(fill(schema, schema, chance, text))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        body = json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = answer(request)
        words = [
            {"token": token, "logprob": math.log(chance), "bytes": list(token.encode())}
            for token, chance in sorted(CHANCES.items(), key=lambda one: -one[1])
        ]
        likely = {"content": [{**words[0], "top_logprobs": words}]}
        usage = {
            "prompt_tokens": len(json.dumps(request["messages"])) // 4,
            "completion_tokens": max(1, len(text) // 4),
            "total_tokens": 0,
        }
        said = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        ended = {"index": 0, "delta": {}, "finish_reason": "stop"}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self._send([said | ({"logprobs": likely} if request.get("logprobs") else {})])
        self._send([ended])
        self._send([], usage=usage)
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, choices: list[dict[str, Any]], **more: Any) -> None:
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
        content = json.dumps({**chunk, "choices": choices, **more})
        self.wfile.write(f"data: {content}\n\n".encode())


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        server.serve_forever(0.05)
