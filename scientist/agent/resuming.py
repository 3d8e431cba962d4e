"""What a campaign that is taken up again keeps, and what may be another now.

What decides results stays as it was when it opened. The model and the length of its answers
stay as they were last, unless another is named; what an option named, only an option changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from scientist.journal import Journal
from scientist.settings import SERVED, Resolved, Settings

DECIDES_RESULTS = (
    *("seed", "pairs", "most_pairs", "alpha", "temperature", "embedding", "embedding_model"),
    *("libraries", "at_once", "draws", "rung", "approve", "judgements"),
)
MAY_CHANGE = ("endpoint", "model", "context", "max_output")
_TYPED = {"endpoint", "model"}
_AGAIN = re.compile(
    r"\bscientist run(?= --(?:endpoint|model)\b)|(?<=SCIENTIST_MAX_OUTPUT=)(\d+) scientist run\b"
)


@dataclass(frozen=True)
class Standing:
    """The settings of a campaign as they were last, and whether an option named its model."""

    settings: dict[str, Any]
    typed: bool = False


def typed(now: Resolved) -> bool:
    """Whether an option of the command names the model."""
    return any(now.origins[name] == "flag" for name in _TYPED)


def stands(journal: Journal, name: str) -> Standing:
    """How a campaign stands, by what it was opened and resumed with."""
    last = Standing({})
    for entry in journal.entries("campaign_opened", "campaign_resumed", campaign=name):
        settings = {**last.settings, **(entry.data.get("settings") or {})}
        last = Standing(settings, last.typed or bool(entry.data.get("typed")))
    return last


def settings(now: Resolved, before: Standing) -> Settings:
    """The settings that a campaign goes on with.

    The name of a served model means nothing embedded, and the other way round: it goes with
    its endpoint.
    """
    named = {name for name in MAY_CHANGE if now.origins[name] not in ("default", SERVED)}
    if before.typed:
        named -= {name for name in _TYPED if now.origins[name] != "flag"}
    if "endpoint" in named and bool(now.values.endpoint) != bool(before.settings["endpoint"]):
        named.add("model")
    kept = {
        name: value
        for name, value in before.settings.items()
        if name in DECIDES_RESULTS or name.startswith("sandbox_") or name in {*MAY_CHANGE} - named
    }
    return Settings.model_validate({**now.values.model_dump(), **kept})


def changes(before: Standing, now: Settings) -> dict[str, tuple[Any, Any]]:
    """What of the model is another, by setting: before and now."""
    pairs = {name: (before.settings[name], getattr(now, name)) for name in MAY_CHANGE}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def hint(given: str, name: str) -> str:
    """A hint that ends with the campaign going on, not with another one."""
    again = f"scientist run --resume {name}"
    if "--resume" in given:
        return given
    mended = _AGAIN.sub(lambda found: f"{found[1]} {again}" if found[1] else again, given)
    return mended if mended != given else f"{given}; then: {again}" if given else again
