"""What a user asks to be served, and the command that asks for it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any, Literal

Backend = Literal["vllm", "llamacpp", "onnx"]  # the last: MiniLM, which only embeds
BACKENDS: dict[str, Backend | None] = {"auto": None, "vllm": "vllm", "llamacpp": "llamacpp"}
PORT, EMBEDDING_PORT = 8000, 8001
HOST = "127.0.0.1"
FLAGS = ("backend", "host", "port", "context", "memory", "python")


@dataclass(frozen=True)
class Wish:
    """The options of `scientist model serve`; None where nothing was said."""

    model: str | None = None
    backend: Backend | None = None
    host: str | None = None
    port: int | None = None
    context: int | None = None
    memory: float | None = None  # share of each card's memory
    python: str | None = None
    more: tuple[str, ...] = ()  # further options, for vLLM alone
    embedding: bool = False  # a model that gives vectors

    @property
    def place(self) -> tuple[str, int]:
        """Where to listen: host and port."""
        usual = EMBEDDING_PORT if self.embedding else PORT
        return self.host or HOST, self.port or usual

    def command(self, **changes: Any) -> str:
        """The command line that asks for this, with some of it changed."""
        wish = replace(self, **changes)
        words = ["scientist", "model", "serve", *(["--embedding"] if wish.embedding else [])]
        words += [wish.model] if wish.model else []
        for flag in FLAGS:
            value = getattr(wish, flag)
            if value is not None:
                words += [f"--{flag}", f"{value:g}" if isinstance(value, float) else str(value)]
        return shlex.join([*words, *(("--", *wish.more) if wish.more else ())])
