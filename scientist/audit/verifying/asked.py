"""Whether a hypothesis is what the model read in a question: metric, direction, and settings.

Which metric the words mean is worked out again where nothing has to be fetched for it. The arms
are chances, which the answer does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from scientist.audit.verifying.outcome import Audit
from scientist.errors import UsageError
from scientist.lab import kits, measures, wording
from scientist.memory import embedding
from scientist.memory.embedding import Embedding
from scientist.settings import load

UNKNOWN = "which metric a question means was not worked out again: its embedding is not here"


def same(
    audit: Audit, hypothesis: Mapping[str, Any], said: Mapping[str, Any], embedded: str
) -> bool:
    """Whether it follows from an answer, and the embedding that the settings named."""
    question, metric = hypothesis["rationale"], hypothesis["metric"]
    settings = dict(wording.bound(question, said))
    parameters = hypothesis["parameters"]
    if not set(hypothesis["conditions"]) <= set(settings):
        return False
    if any(parameters.get(name) != value for name, value in settings.items()):
        return False
    try:
        kit = kits.load(hypothesis["kit"])
    except UsageError:  # this version does not have it any more
        return True
    if metric not in measures.possible(kit, question) or said.get("metric") not in kit.metrics:
        return False
    if known := _embedding(embedded):
        if metric != measures.meant(kit, question, said, known.embed):
            return False
    elif UNKNOWN not in audit.notes:
        audit.notes.append(UNKNOWN)
    return bool(hypothesis["direction"] == measures.direction(kit.metrics[metric], question, said))


@lru_cache(maxsize=1)
def _embedding(name: str) -> Embedding | None:
    """Loaded once, however many questions a record holds."""
    return embedding.here(name, load(None).values.cache_dir)
