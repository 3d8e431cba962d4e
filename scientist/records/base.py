"""What every record is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def one_line(text: str) -> str:
    """Text with its white space folded: how a sentence is compared and shown."""
    return " ".join(text.split())


def printable(text: str) -> str:
    """Text without what a terminal would obey: control and escape characters."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def clean(text: str) -> str:
    """Somebody's words on one line, with nothing that a terminal would obey."""
    return printable(one_line(text))


def count(number: int, noun: str) -> str:
    """A number of things, in words: 1 round, 2 rounds."""
    return f"{number} {noun}{'s' * (number != 1)}"


class Record(BaseModel):
    """Frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


JsonObject = dict[str, Any]
