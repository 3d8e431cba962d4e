"""The one vLLM of the tests: served by the real command, found as a user's commands find it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from campaigns import command, environment
from ports import free_port

from scientist.llm.serving import records
from scientist.llm.serving.records import Record
from tests.llm.serving import environment as vllm

MODEL = "smollm2-135m"
# one thread: several would wait for each other whenever one shares its core with other tests
SETTINGS = {"SCIENTIST_THREADS": "1", "SCIENTIST_CONNECT_TIMEOUT": "10"}


def run(
    folder: Path, *words: object, timeout: float = 600, **more: str
) -> subprocess.CompletedProcess[str]:
    """One command of a user whose servers are in a folder of their own."""
    told = environment(SCIENTIST_RUNTIME_DIR=str(folder), **SETTINGS, **more)
    return subprocess.run(
        command(*words), env=told, capture_output=True, text=True, timeout=timeout
    )


@contextmanager
def served(folder: Path, *words: object) -> Iterator[Record]:
    """A model that is served while the block lasts."""
    python = vllm.python()
    if python is None:
        pytest.skip("there is no vLLM environment; make test-vllm makes it")
    began = run(
        *(folder, "model", "serve", MODEL, "--backend", "vllm", "--python", python),
        *("--port", free_port(), *words),
    )
    try:
        assert began.returncode == 0, began.stderr
        os.environ["SCIENTIST_RUNTIME_DIR"] = str(folder)
        record = records.wanted(MODEL)
        assert record
        yield record
    finally:
        run(folder, "model", "stop")
        os.environ.pop("SCIENTIST_RUNTIME_DIR", None)
