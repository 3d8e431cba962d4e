"""The shipped table of models: which fits the cards, and which parsers a family needs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from scientist.llm.serving.cards import Card

FILE = Path(__file__).with_name("models.toml")


@dataclass(frozen=True)
class Served:
    """A model of the table."""

    name: str
    gigabytes: float
    context: int
    licence: str
    tried: bool
    about: str


@dataclass(frozen=True)
class Parsers:
    """What vLLM reads tool calls and reasoning of a family with; empty for none."""

    tools: str = ""
    reasoning: str = ""


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())


def models() -> list[Served]:
    """Every model of the table, small to large."""
    return [Served(**row) for row in _read()["model"]]


def known(name: str) -> Served | None:
    """The row of a model; None if the table has none."""
    return next((model for model in models() if model.name == name), None)


def fitting(cards: Sequence[Card]) -> Served | None:
    """The largest model for the memory that the cards have together."""
    room = sum(card.megabytes for card in cards) / 1000
    return next((model for model in reversed(models()) if model.gigabytes <= room), None)


def parsers(name: str) -> Parsers:
    """The parsers of a model's family, by its name."""
    for family in _read()["family"]:
        if re.search(family["pattern"], name.lower()):
            return Parsers(family.get("tools", ""), family.get("reasoning", ""))
    return Parsers()
