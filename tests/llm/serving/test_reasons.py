"""Why a server did not start, read from what real servers wrote."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from scientist.llm.serving import reasons
from scientist.llm.serving.wishes import Wish

LOGS = tomllib.loads(Path(__file__).with_name("logs.toml").read_text())["log"]
WISH = Wish(model="Some/Model", backend="vllm", python="py")
# what a server that came up has written too, so that no pattern may take it for a reason
USUAL = """
INFO [core.py:133] Initializing a V1 LLM engine (v0.32.0) with config: model='out', \
trust_remote_code=False, dtype=torch.bfloat16, max_seq_len=8192
INFO [cpu_worker.py:260] Explicitly set (1.0/15.59) GiB for KV cache on node 0.
INFO [kv_cache_utils.py:2327] CPU KV cache size: 46,592 tokens, Maximum concurrency for 4,096 \
tokens per request: 11.38x
"""


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log["name"])
def test_a_real_log_is_explained_with_a_command(log: dict[str, str]) -> None:
    fault = reasons.explain(USUAL + log["text"], 1, WISH, Path("the-log"))
    assert log["says"] in fault.message
    assert log["hint"] in fault.hint
    assert fault.exit_code == 3
    assert not re.search(r"[{}]", fault.message + fault.hint)


def test_a_hint_keeps_what_was_asked_for() -> None:
    log = next(log["text"] for log in LOGS if log["name"] == "too long a context")
    fault = reasons.explain(log, 1, WISH, Path("the-log"))
    assert fault.hint.startswith(
        "scientist model serve Some/Model --backend vllm --context 8192 --python py"
    )


def test_what_nobody_knows_is_shown_with_its_most_telling_line() -> None:
    log = f"{USUAL}ValueError: the moon is in the way\nshutting down\n"
    fault = reasons.explain(log, 1, WISH, Path("the-log"))
    assert fault.message == "vLLM did not start: ValueError: the moon is in the way"
    assert "the-log" in fault.hint
    assert "it ended with 3" in reasons.explain("", 3, WISH, Path("l")).message


def test_a_killed_server_most_likely_had_too_little_memory() -> None:
    assert "want of memory" in reasons.explain(USUAL, -9, WISH, Path("l")).message


def test_a_hint_for_a_taken_port_names_one_that_is_free() -> None:
    import socket

    hint = reasons.port_taken(WISH).hint
    port = int(hint.partition("--port ")[2].split()[0])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
