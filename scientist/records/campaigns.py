"""What a campaign may spend, and what a call took."""

from __future__ import annotations

from scientist.records.base import Record


class Usage(Record):
    """Tokens of one model call as the server counted them."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


class Budget(Record):
    """What a campaign may spend; None is no limit."""

    rounds: int
    minutes: float
    tokens: int
    trials: int | None = None
    disk_mb: int | None = None
