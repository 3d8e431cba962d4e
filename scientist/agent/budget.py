"""What a campaign has spent, read from its own journal, so that a resume counts on."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable

from scientist.errors import BudgetError
from scientist.journal import Entry, Journal
from scientist.records import Budget

WARN_SHARE = 0.8


def spent_before(entries: Iterable[Entry]) -> tuple[int, float]:
    """Tokens and active seconds a campaign's entries tell of; pauses do not count."""
    tokens, seconds = 0, 0.0
    began: datetime.datetime | None = None
    last: datetime.datetime | None = None
    for entry in entries:
        now = datetime.datetime.fromisoformat(entry.time)
        if entry.kind in ("campaign_opened", "campaign_resumed"):
            if began is not None and last is not None:
                seconds += (last - began).total_seconds()
            began = now
        if entry.kind == "model_called":
            usage = entry.data["usage"]
            tokens += usage["prompt"] + usage["completion"]
        last = now
    if began is not None and last is not None:
        seconds += (last - began).total_seconds()
    return tokens, seconds


class Meter:
    """Counts a campaign's tokens and seconds against its budget."""

    def __init__(self, budget: Budget, journal: Journal, campaign: str) -> None:
        self.budget = budget
        self._campaign = campaign
        self.tokens, self._seconds_before = spent_before(journal.entries(campaign=campaign))
        self._began = time.monotonic()
        journal.listeners.append(self._count)

    def _count(self, entry: Entry) -> None:
        if entry.kind == "model_called" and entry.campaign == self._campaign:
            usage = entry.data["usage"]
            self.tokens += usage["prompt"] + usage["completion"]

    @property
    def seconds(self) -> float:
        """Active seconds, those before a resume included."""
        return self._seconds_before + time.monotonic() - self._began

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.budget.minutes * 60 - self.seconds)

    def spent(self) -> str:
        """Which budget is used up, in words; empty while none is."""
        if self.tokens >= self.budget.tokens:
            return f"the token budget is spent ({self.tokens} of {self.budget.tokens})"
        if self.seconds_left <= 0:
            return f"the time budget is spent ({self.budget.minutes:g} minutes)"
        return ""

    def check(self) -> None:
        """Refuse to start something that costs when a budget is used up."""
        if reason := self.spent():
            raise BudgetError(
                reason, "scientist run --minutes M --tokens N (larger), or scientist finding list"
            )
