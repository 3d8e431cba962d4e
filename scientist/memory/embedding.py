"""Turn text into vectors: on this machine, or by a server (`served.py`).

The id of an embedding is stored with every collection, because vectors of two models
cannot be compared. A weaker model is used only when a setting asks for it.
"""

from __future__ import annotations

import importlib.util
import shlex
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from scientist import artifacts, catalog
from scientist.artifacts import Progress
from scientist.errors import WeightsError
from scientist.memory.served import Served, name_of
from scientist.settings import Settings

Vector = list[float]
Embed = Callable[[Sequence[str]], list[Vector]]
THREADS = 2
BATCH = 16
MOST_TOKENS = 256
MOST_REMEMBERED = 8192  # texts; some 25 MB
IDS = {"minilm": "all-minilm-l6-v2-int8", "wordllama": "wordllama-l2-supercat-256"}
_MINILM = (catalog.MINILM, catalog.MINILM_TOKENIZER)
_WITH_WORDLLAMA = "pip install wordllama && SCIENTIST_EMBEDDING=wordllama scientist rebuild"


class Embedding(Protocol):
    """A way to embed; only vectors of one id may be compared."""

    @property
    def id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector for each text, the same whatever its neighbours are."""
        ...


class Remembering:
    """An embedding that computes a text once, as long as it is among those last asked for."""

    def __init__(self, embedding: Embedding, most: int = MOST_REMEMBERED) -> None:
        self._embedding = embedding
        self._most = most
        self._known: dict[str, array[float]] = {}  # the one asked for last comes last

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One unit vector for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        computed = self._embedding.embed(new) if new else []
        fresh = {text: array("d", vector) for text, vector in zip(new, computed, strict=True)}
        found = {text: fresh.get(text) or self._known.pop(text) for text in dict.fromkeys(texts)}
        self._known.update(found)
        for text in list(self._known)[: max(0, len(self._known) - self._most)]:
            del self._known[text]
        return [found[text].tolist() for text in texts]


def similarity(one: Vector, other: Vector) -> float:
    """How near two unit vectors are in meaning: the cosine of the angle between them."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def identity(settings: Settings) -> str:
    """The id of the embedding the settings name, without loading it."""
    return name_of(settings) if settings.embedding == "served" else IDS[settings.embedding]


def load(settings: Settings, progress: Progress | None = None) -> Embedding:
    """The embedding the settings name; fetches MiniLM's weights if they are not here."""
    if settings.embedding == "served":
        return Served(settings)
    if settings.embedding == "wordllama":
        return WordLlama()
    try:
        model, tokenizer = (artifacts.obtain(one, settings.cache_dir, progress) for one in _MINILM)
    except WeightsError as fault:
        raise WeightsError(
            f"the embedding model is not here: {fault.message}",
            f"{fault.hint}; or use the weaker embedding: {_WITH_WORDLLAMA}",
        ) from fault
    return MiniLM(model, tokenizer)


def here(name: str, cache: Path) -> Embedding | None:
    """The embedding that a setting names, if nothing has to be fetched or asked for it."""
    if name != "minilm":
        return None
    model, tokenizer = (artifacts.cached(one, cache) for one in _MINILM)
    return MiniLM(model, tokenizer) if model and tokenizer else None


class MiniLM:
    """all-MiniLM-L6-v2 with int8 weights on onnxruntime: mean over tokens, unit length."""

    id = IDS["minilm"]
    dimension = 384

    def __init__(self, model: Path, tokenizer: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as fault:  # neither library has one base class for a damaged file
            raise WeightsError(
                f"the embedding model in {model.parent} cannot be loaded: {fault}",
                f"rm {shlex.join((str(model), str(tokenizer)))} && scientist model pull",
            ) from fault
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)

    def tokens(self, texts: Sequence[str]) -> int:
        """How many tokens of the texts are read."""
        return sum(len(encoded.ids) for encoded in self._tokenizer.encode_batch(list(texts)))

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Texts of like length share a batch, so that little padding is computed."""
        import numpy as np

        tokens = [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        vectors = np.empty((len(tokens), self.dimension), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            width = len(tokens[places[-1]])
            ids = np.zeros((len(places), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(places):
                ids[row, : len(tokens[place])] = tokens[place]
                mask[row, : len(tokens[place])] = 1
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            states = np.asarray(self._session.run(None, feed)[0])
            mean = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[places] = mean / np.linalg.norm(mean, axis=1, keepdims=True).clip(1e-12)
        return [[float(x) for x in row] for row in vectors]


class WordLlama:
    """Word vectors averaged: quick, small and weaker; needs the package wordllama.

    Its weights are read from the installed package. The package itself is not
    imported: it sets up logging for the whole process and may look for downloads.
    """

    id = IDS["wordllama"]
    dimension = 256

    def __init__(self) -> None:
        found = importlib.util.find_spec("wordllama")
        if found is None or not found.submodule_search_locations:
            raise WeightsError(
                "the embedding wordllama is not installed",
                "pip install 'scientist[wordllama]', or use the better one: "
                "SCIENTIST_EMBEDDING=minilm scientist rebuild",
            )
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = Path(found.submodule_search_locations[0])
        try:
            weights = load_file(folder / "weights" / "l2_supercat_256.safetensors")
            self._tokenizer = Tokenizer.from_file(
                str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
            )
            self._words = weights["embedding.weight"].astype("float32")
        except Exception as fault:  # neither library has one base class for a damaged file
            raise WeightsError(
                f"the embedding wordllama cannot be loaded: {fault}",
                "pip install --force-reinstall wordllama",
            ) from fault
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """The mean of a text's word vectors."""
        import numpy as np

        vectors = []
        for encoded in self._tokenizer.encode_batch(list(texts), add_special_tokens=False):
            mean = self._words[encoded.ids or [0]].mean(axis=0)
            vectors.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
        return [[float(x) for x in row] for row in vectors]
