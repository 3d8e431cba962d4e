"""A served model as settings: used wherever nobody named an endpoint or another model."""

from __future__ import annotations

from typing import Any

from scientist.llm.serving import flags, records
from scientist.settings import SERVED, Resolved

DRAWS = 3  # a graphics card writes several answers in little more time than one


def settle(resolved: Resolved) -> Resolved:
    """The settings with what is served, said to come from there."""
    values = resolved.values
    record = None if values.endpoint else records.wanted(values.model)
    if record is None:
        return resolved
    told: dict[str, Any] = {"model": record.model, "endpoint": record.url}
    on_card = record.backend == "vllm" and not flags.on_processor(record.environment or {})
    if on_card and resolved.origins["draws"] == "default":
        told["draws"] = DRAWS
    if record.backend == "llamacpp":
        told = {"model": record.source}
        if resolved.origins["context"] == "default":
            told["context"] = record.context
    origins = {**resolved.origins, **dict.fromkeys(told, SERVED)}
    return Resolved(values=values.model_copy(update=told), origins=origins)
