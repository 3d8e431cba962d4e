"""vLLM's command line for a model and the cards it is to run on, or for the processor.

Only options that servers from 0.11 on understand; what a user adds comes last and wins.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scientist.errors import EndpointError
from scientist.llm.serving import table
from scientist.llm.serving.cards import Card
from scientist.llm.serving.wishes import Wish

MODULE = "vllm.entrypoints.openai.api_server"
MOST_CONTEXT = 32768  # more than any prompt of the project needs; the cache has room for more calls
PROCESSOR_CONTEXT = 8192
MEMORY = 0.90
LEAST_MEMORY = 0.30
LEFT_FREE_MB = 1024
BFLOAT16_FROM = (8, 0)
CACHE_SPACE, CACHE_GIGABYTES = "VLLM_CPU_KVCACHE_SPACE", 2  # of the processor alone
STRUCTURED = {"backend": "xgrammar", "disable_any_whitespace": True}


def command(python: str, source: str, name: str, wish: Wish, cards: Sequence[Card]) -> list[str]:
    """The whole command line."""
    facts = configuration(source)
    words = [python, "-m", MODULE, "--model", source, "--served-model-name", name]
    host, port = wish.place
    words += ["--host", host, "--port", str(port)]
    if wish.embedding:
        return [*words, *_embedding(wish, cards, facts), *wish.more]
    words += ["--enable-prefix-caching", "--enable-prompt-tokens-details"]
    words += ["--disable-uvicorn-access-log"]
    words += ["--structured-outputs-config", json.dumps(STRUCTURED)]
    if length := context(source, facts, wish, bool(cards)):
        words += ["--max-model-len", str(length)]
    words += _of_cards(wish, cards, facts) if cards else ["--enforce-eager", "--dtype", "bfloat16"]
    found = table.parsers(name if table.parsers(name) != table.Parsers() else source)
    if found.tools:
        words += ["--enable-auto-tool-choice", "--tool-call-parser", found.tools]
    if found.reasoning:
        words += ["--reasoning-parser", found.reasoning]
    return [*words, *wish.more]


def _embedding(wish: Wish, cards: Sequence[Card], facts: dict[str, Any]) -> list[str]:
    """What a model that gives vectors is told; how much it reads is its own affair."""
    words = ["--runner", "pooling", "--disable-uvicorn-access-log"]
    words += ["--max-model-len", str(wish.context)] if wish.context else []
    exact = ["--enforce-eager", "--dtype", "float32"]  # a processor gains nothing by less
    return [*words, *(_of_cards(wish, cards, facts) if cards else exact)]


def environment(cards: Sequence[Card], threads: int) -> dict[str, str]:
    """What vLLM is told through its environment: nothing goes out, and the processor's cache."""
    told = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if not cards:
        told |= {
            CACHE_SPACE: str(CACHE_GIGABYTES),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # a bound thread waits for whoever has its core
            "OMP_NUM_THREADS": str(threads),
        }
    return {name: os.environ.get(name, value) for name, value in told.items()}


def on_processor(told: Mapping[str, str]) -> bool:
    """Whether an environment that was made here is that of a vLLM without a card."""
    return CACHE_SPACE in told


def configuration(source: str) -> dict[str, Any]:
    """The model's own description of itself, if it is a folder of this machine."""
    try:
        told = json.loads((Path(source) / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def context(source: str, facts: dict[str, Any], wish: Wish, on_cards: bool) -> int | None:
    """Tokens a call may have; None leaves it to the server."""
    if wish.context is not None:
        return wish.context
    row = table.known(source)
    native = facts.get("max_position_embeddings") or (row.context if row else None)
    most = MOST_CONTEXT if on_cards else PROCESSOR_CONTEXT
    return min(native, most) if isinstance(native, int) else None


def _of_cards(wish: Wish, cards: Sequence[Card], facts: dict[str, Any]) -> list[str]:
    several = together(len(cards), facts.get("num_attention_heads"))
    used = cards[:several]
    words = ["--gpu-memory-utilization", f"{wish.memory or _share(used, wish):.2f}"]
    if several > 1:
        words += ["--tensor-parallel-size", str(several)]
    old = any(card.capability < BFLOAT16_FROM for card in used)
    return [*words, "--dtype", "float16" if old else "auto"]


def together(cards: int, heads: int | None) -> int:
    """How many cards share each layer: a power of two that divides the attention heads."""
    several = 1 << int(math.log2(cards))
    while heads and heads % several:
        several //= 2
    return several


def _share(cards: Sequence[Card], wish: Wish) -> float:
    """The share of memory to take: the usual one, or what others have left free."""
    left = min((card.free - LEFT_FREE_MB) / card.megabytes for card in cards)
    share = math.floor(min(MEMORY, left) * 100) / 100
    if share < LEAST_MEMORY:
        fullest = min(cards, key=lambda card: card.free)
        raise EndpointError(
            f"{fullest.name} has {fullest.free} of {fullest.megabytes} MB free: "
            "other processes hold the rest",
            f"nvidia-smi shows them; or {wish.command(memory=LEAST_MEMORY / 2)}",
        )
    return share
