"""A real vLLM that embeds, started by the command and used by whoever says that one is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from ports import free_port

from scientist.llm.serving import records
from scientist.llm.serving.found import settle
from scientist.memory import load as embedding
from scientist.memory.embedding import similarity
from scientist.settings import load

from .environment import python
from .vllm_server import MODEL, run

pytestmark = pytest.mark.vllm


def test_another_model_embeds_with_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = python()
    if inside is None:
        pytest.skip("there is no vLLM environment; make test-vllm makes it")
    monkeypatch.setenv("SCIENTIST_RUNTIME_DIR", str(tmp_path))
    wish = ("--embedding", MODEL, "--backend", "vllm", "--context", 512, "--python", inside)
    began = run(tmp_path, "model", "serve", *wish, "--port", free_port())
    try:
        assert began.returncode == 0, began.stderr
        found = embedding(settle(load(None, {"embedding": "served"})).values)
        assert found.id == f"served {MODEL}"
        one, near, far = found.embed(
            ["learners keep causes", "models keep causal features", "fish market opens at six"]
        )
        assert similarity(one, near) > similarity(one, far)
        assert records.wanted(None) is None  # nobody would talk to it
    finally:
        stopped = run(tmp_path, "model", "stop")
    assert stopped.stderr == "1 server ended\n"
