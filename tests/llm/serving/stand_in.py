"""What answers like vLLM and starts at once: a server, and an engine in a process of its own.

stand_in.py -m vllm.entrypoints.openai.api_server --port N --max-model-len N …
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

METRICS = b"""# HELP vllm:num_requests_running Number of requests in model execution batches.
vllm:num_requests_running{engine="0",model_name="m"} 2.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
vllm:num_requests_waiting{engine="0",model_name="m"} 5.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 1912.0
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 768.0
vllm:prompt_tokens_total{engine="0",model_name="m"} 1912.0
vllm:generation_tokens_total{engine="0",model_name="m"} 4.9e+01
"""


def main(words: list[str]) -> None:
    told = dict(pairwise(words))
    if told.get("--max-model-len") == "99999":
        sys.exit(
            "max_model_len (99999) is greater than the derived max_model_len "
            "(max_position_embeddings=4096.0 or model_max_length=None)"
        )
    subprocess.Popen(["sleep", "1000"])
    name, key = told["--served-model-name"], os.environ["VLLM_API_KEY"]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers.get("Authorization") == f"Bearer {key}"
            listed = json.dumps({"data": [{"id": name, "max_model_len": 4096}]}).encode()
            self.send_response(200 if allowed or not self.path.startswith("/v1") else 401)
            self.end_headers()
            self.wfile.write(METRICS if self.path == "/metrics" else listed)

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", int(told["--port"])), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
