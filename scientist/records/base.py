"""What every record is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def one_line(text: str) -> str:
    """Text with its white space folded: how a sentence is compared and shown."""
    return " ".join(text.split())


class Record(BaseModel):
    """Frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


JsonObject = dict[str, Any]
