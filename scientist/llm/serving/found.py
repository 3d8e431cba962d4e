"""A served model as settings: used wherever nobody named an endpoint or another model."""

from __future__ import annotations

from typing import Any

from scientist.llm.serving import flags, records
from scientist.settings import SERVED, Resolved, Settings

DRAWS = 3  # a graphics card writes several answers in little more time than one


def settle(resolved: Resolved) -> Resolved:
    """The settings with what is served, said to come from there."""
    told = {**_model(resolved), **_embedding(resolved.values)}
    if not told:
        return resolved
    origins = {**resolved.origins, **dict.fromkeys(told, SERVED)}
    return Resolved(values=resolved.values.model_copy(update=told), origins=origins)


def _model(resolved: Resolved) -> dict[str, Any]:
    values = resolved.values
    record = None if values.endpoint else records.wanted(values.model)
    embedded = resolved.origins["endpoint"] != "default"  # somebody said so
    if record is None or (embedded and record.backend != "llamacpp"):
        return {}
    told: dict[str, Any] = {"model": record.model, "endpoint": record.url}
    on_card = record.backend == "vllm" and not flags.on_processor(record.environment or {})
    if on_card and resolved.origins["draws"] == "default":
        told["draws"] = DRAWS
    if record.backend == "llamacpp":
        told = {"model": record.source}
        if resolved.origins["context"] == "default":
            told["context"] = record.context
    return told


def _embedding(values: Settings) -> dict[str, Any]:
    """What is not said of the server that embeds, if it is one of ours."""
    if values.embedding != "served":
        return {}
    record = records.embedding(values.embedding_model, values.embedding_endpoint)
    if record is None:
        return {}
    told = {
        "embedding_endpoint": record.url,
        "embedding_model": record.model,
        "embedding_api_key": record.key,
    }
    return {name: value for name, value in told.items() if getattr(values, name) is None}
