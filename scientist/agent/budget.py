"""What a campaign may spend and has spent, read from its own journal, so that a resume counts on.

A budget is a total. It is checked where something new begins (a round, a call of the model, a
test); what a sealed test and its confirmation may still measure is set aside when it is sealed.
A resume may raise a budget, never lower it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scientist.errors import BudgetError, UsageError
from scientist.events import BudgetWarned
from scientist.journal import Entry, Journal
from scientist.journal.costs import spent
from scientist.records import Budget
from scientist.settings import Resolved

WARN_SHARE = 0.8
LOOK_SECONDS = 2.0  # between two looks at the disk
LOOK_SHARE = 0.02  # of the time, at most, goes into looking
MB = 2**20


def folder_bytes(folder: Path) -> int:
    """How much the files of a folder hold; what vanishes while one looks counts nothing."""
    return sum(_sizes(str(folder)))


def grown(journal: Journal, before: int | None) -> int | None:
    """By how much the workspace is larger than it was; None if nobody looked then."""
    return None if before is None else max(0, folder_bytes(journal.folder.parent) - before)


def _sizes(folder: str) -> Iterator[int]:
    with suppress(OSError), os.scandir(folder) as found:
        for item in found:
            with suppress(OSError):
                if item.is_dir(follow_symlinks=False):
                    yield from _sizes(item.path)
                else:
                    yield item.stat(follow_symlinks=False).st_size


def raised(before: Budget, now: Resolved, given: bool = False) -> Budget | None:
    """The budget of a campaign that is taken up again; None while no flag raises it.

    What was only set elsewhere (a file, the environment) is for new campaigns.
    """
    named = {
        name: getattr(now.values, name)
        for name in Budget.model_fields
        if now.origins[name] == "flag"
    }
    for name, value in named.items():
        had, flag = getattr(before, name), f"--{name.replace('_', '-')}"
        if had is None or value < had:
            limit = "no such limit" if had is None else f"{had:g}"
            raise UsageError(
                f"{flag} {value:g} would lower a budget that a resume can only raise (it has "
                f"{limit})",
                "scientist run --resume",
            )
        if name == "rounds" and given and value > had:
            raise UsageError(
                "a campaign that was given its hypothesis has one round", "scientist run --resume"
            )
    after = before.model_copy(update=named)
    return None if after == before else after


def more(campaign: str, budget: Budget, what: str) -> str:
    """The command that goes on with a campaign whose budget is spent."""
    doubled = 2 * (getattr(budget, what) or 1)
    return f"scientist run --resume {campaign} --{what.replace('_', '-')} {doubled:g}"


class Meter:
    """Counts what a campaign spends against its budget."""

    def __init__(self, journal: Journal, campaign: str) -> None:
        self._campaign = campaign
        self._journal = journal
        self._spent = spent(journal.entries(campaign=campaign))
        self._seconds_before = self._spent.seconds_by_now
        self._began = time.monotonic()
        self._disk, self._look_at = 0, 0.0
        self._mutex = threading.Lock()  # several threads may speak to the model
        journal.listeners.append(self._count)

    def _count(self, entry: Entry) -> None:
        if entry.campaign == self._campaign:
            with self._mutex:
                self._spent.add(entry)
                if entry.kind == "campaign_resumed":  # until then the user was waited for
                    self._seconds_before, self._began = self._spent.seconds, time.monotonic()

    @property
    def budget(self) -> Budget:
        return self._spent.budget

    @property
    def tokens(self) -> int:
        return self._spent.tokens

    @property
    def trials(self) -> int:
        """Trials that were launched, those of smoke runs included."""
        return self._spent.trials

    @property
    def warned(self) -> bool:
        """Whether a budget is nearly spent, by the warnings on record."""
        return bool(self._spent.warned)

    @property
    def trials_left(self) -> int | None:
        """What may still be sealed or tried out; None if there is no limit."""
        if self.budget.trials is None:
            return None
        return max(0, self.budget.trials - self._spent.trials - self._spent.promised)

    @property
    def seconds(self) -> float:
        """Active seconds, those before a resume included."""
        return self._seconds_before + time.monotonic() - self._began

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.budget.minutes * 60 - self.seconds)

    @property
    def disk(self) -> int:
        """Bytes the workspace has grown by since the campaign opened, as of a moment ago."""
        now = time.monotonic()
        if now >= self._look_at:
            self._disk = self.grown or 0
            took = time.monotonic() - now
            self._look_at = now + max(LOOK_SECONDS, took / LOOK_SHARE)
        return self._disk

    @property
    def grown(self) -> int | None:
        """The same as of now; None if it is not known how large the workspace was."""
        return grown(self._journal, self._spent.disk_before)

    def _standing(self) -> Iterator[tuple[str, float, float, str]]:
        """Each budget that counts: its name, what is spent of it, its limit, both in words."""
        budget = self.budget
        yield "tokens", self.tokens, budget.tokens, f"{self.tokens} of {budget.tokens} tokens"
        minutes = self.seconds / 60
        said = f"{min(minutes, budget.minutes):.3g} of {budget.minutes:g} minutes"
        yield "minutes", minutes, budget.minutes, said
        if budget.trials is not None:
            said = f"{self.trials} of {budget.trials} trials"
            yield "trials", self.trials, budget.trials, said
        if budget.disk_mb is not None:
            grown = self.disk / MB
            yield "disk_mb", grown, budget.disk_mb, f"{grown:.3g} of {budget.disk_mb} MB"

    def spent(self) -> str:
        """Which budget is used up, in words; empty while none is."""
        return self._used_up()[1]

    def _used_up(self) -> tuple[str, str]:
        """The first budget that is used up, and that in words; both empty while none is."""
        for name, used, limit, said in self._standing():
            if used >= limit:
                return name, f"{BUDGETS[name]} is spent ({said})"
        return "", ""

    def check(self) -> None:
        """Refuse to start something that costs when a budget is used up."""
        name, reason = self._used_up()
        if name:
            raise BudgetError(reason, more(self._campaign, self.budget, name))

    def afford(self, trials: int, what: str) -> None:
        """Refuse what takes more trials than are left."""
        left = self.trials_left
        if left is not None and trials > left:
            raise BudgetError(
                f"{what} takes {trials} trials, and {left} of the trial budget's "
                f"{self.budget.trials} are left",
                more(self._campaign, self.budget, "trials"),
            )

    def warnings(self) -> list[BudgetWarned]:
        """A warning for each budget that is nearly spent and was not warned of before.

        Rounds count when they are over: the last one is named as such from its first line on.
        """
        done = max(0, self._spent.rounds - 1)
        rounds = ("rounds", float(done), float(self.budget.rounds), "")
        return [
            BudgetWarned(what=name, spent=round(used, 3), limit=limit)
            for name, used, limit, _ in (*self._standing(), rounds)
            if used >= WARN_SHARE * limit and name not in self._spent.warned
        ]


BUDGETS = {
    "tokens": "the token budget",
    "minutes": "the time budget",
    "trials": "the trial budget",
    "disk_mb": "the disk budget",
}
