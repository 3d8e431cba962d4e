"""How busy a server is, read from its own metrics; vLLM and llama.cpp name them differently."""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass
from typing import Any

from scientist.errors import EndpointError
from scientist.llm.streaming import reaching

SECONDS = 5.0
LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
NAMES = {
    "running": ("vllm:num_requests_running", "llamacpp:requests_processing"),
    "waiting": ("vllm:num_requests_waiting", "llamacpp:requests_deferred"),
    "prompt_tokens": ("vllm:prompt_tokens_total", "llamacpp:prompt_tokens_total"),
    "written_tokens": ("vllm:generation_tokens_total", "llamacpp:tokens_predicted_total"),
    "cache_queries": ("vllm:prefix_cache_queries_total",),
    "cache_hits": ("vllm:prefix_cache_hits_total",),
    "cache_used": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
}


@dataclass(frozen=True)
class Figures:
    """What a server says of itself; None for what it does not."""

    running: float | None = None
    waiting: float | None = None
    prompt_tokens: float | None = None
    written_tokens: float | None = None
    cache_queries: float | None = None
    cache_hits: float | None = None
    cache_used: float | None = None

    @property
    def hit_rate(self) -> float | None:
        """The share of prompt tokens that the prefix cache served since the start."""
        if not self.cache_queries or self.cache_hits is None:
            return None
        return self.cache_hits / self.cache_queries


def read(url: str, key: str) -> Figures:
    """The figures of the server at an address."""
    import httpx2

    place = f"{url.rstrip('/').removesuffix('/v1')}/metrics"
    headers = {"Authorization": f"Bearer {key}"}
    try:
        answer = httpx2.get(place, headers=headers, timeout=SECONDS, **reaching(url))
    except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
        raise EndpointError(
            f"no model server answers at {url} ({type(fault).__name__})", "scientist model serve"
        ) from fault
    if answer.status_code != 200:
        raise EndpointError(
            f"the server at {url} gives no metrics (status {answer.status_code})",
            "vLLM and llama.cpp do; scientist model probe measures any server",
        )
    return parse(answer.text)


def parse(text: str) -> Figures:
    """Figures from a page of metrics; the same one of several engines is summed."""
    found: dict[str, float] = {}
    for name, value in LINE.findall(text):
        found[name] = found.get(name, 0.0) + float(value)
    told = {
        what: next((found[name] for name in names if name in found), None)
        for what, names in NAMES.items()
    }
    return Figures(**told)


def throughput(url: str, key: str, seconds: float) -> tuple[Figures, dict[str, Any]]:
    """The figures now, and tokens a second over a short while."""
    before, began = read(url, key), time.monotonic()
    time.sleep(seconds)
    now = read(url, key)
    passed = time.monotonic() - began

    def rate(name: str) -> float | None:
        first, last = getattr(before, name), getattr(now, name)
        return None if first is None or last is None else (last - first) / passed

    rates = {"read_a_second": rate("prompt_tokens"), "written_a_second": rate("written_tokens")}
    return now, {**asdict(now), "hit_rate": now.hit_rate, **rates}
