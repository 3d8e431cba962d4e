"""Turn text into vectors on this machine. The model is named in every collection.

A weaker model is used only when a user asks for it, never in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scientist import artifacts, catalog
from scientist.artifacts import Progress
from scientist.errors import ScientistError, WeightsError
from scientist.settings import Settings

if TYPE_CHECKING:
    import numpy as np

MOST_TOKENS = 256
Vector = list[float]


@dataclass(frozen=True)
class Embedding:
    """A way to embed; `id` tells whether two vectors may be compared."""

    id: str
    dimension: int
    embed: Callable[[Sequence[str]], list[Vector]]


def open_embedding(settings: Settings, progress: Progress | None = None) -> Embedding:
    """The embedding the settings name."""
    if settings.embedding == "wordllama":
        return _wordllama()
    try:
        model = artifacts.obtain(catalog.MINILM, settings.cache_dir, progress)
        tokenizer = artifacts.obtain(catalog.MINILM_TOKENIZER, settings.cache_dir, progress)
    except WeightsError as fault:
        raise WeightsError(
            fault.message,
            f"{fault.hint}; or use the weaker embedding: pip install wordllama, then "
            "SCIENTIST_EMBEDDING=wordllama scientist rebuild",
        ) from fault
    return _minilm(str(model), str(tokenizer))


def _minilm(model: str, tokenizer: str) -> Embedding:
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    words = Tokenizer.from_file(tokenizer)
    words.no_padding()
    words.enable_truncation(MOST_TOKENS)

    def one(text: str) -> np.ndarray[Any, Any]:
        encoded = words.encode(text)
        ids = np.array([encoded.ids], dtype=np.int64)
        mask = np.ones_like(ids)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = np.asarray(session.run(None, feed)[0])[0]
        mean = states.mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12))

    def embed(texts: Sequence[str]) -> list[Vector]:
        # one at a time: the int8 model scales by the whole batch, so that a sentence's
        # vector would depend on its neighbours
        return [[float(x) for x in one(text)] for text in texts]

    return Embedding("all-minilm-l6-v2-int8", 384, embed)


def _wordllama() -> Embedding:
    try:
        from wordllama import WordLlama
    except ImportError:
        raise ScientistError(
            "the embedding wordllama is not installed", "pip install 'scientist[wordllama]'"
        ) from None
    model = WordLlama.load(disable_download=True)

    def embed(texts: Sequence[str]) -> list[Vector]:
        return [[float(x) for x in row] for row in model.embed(list(texts), norm=True)]

    return Embedding("wordllama-l2-256", 256, embed)
