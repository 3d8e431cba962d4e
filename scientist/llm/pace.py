"""How many requests at once are worth sending: more while that is quicker, half when refused.

Nothing here knows of servers or threads: it is told when an answer came or a request was refused,
and says how many may be under way.
"""

from __future__ import annotations

WINDOW = 2  # answers for each request under way, before a level is judged
GAIN = 0.2  # a raise must bring this share of what it would bring if nothing stood in its way
REST = 4  # windows without a try, after one that brought nothing


class Pace:
    """The number of requests that one process keeps under way."""

    def __init__(self, start: int, most: int) -> None:
        self.level = max(1, min(start, most))
        self._most = most
        self._before: tuple[int, float] | None = None  # level and rate before the last raise
        self._doubling = True  # until the first raise that brought nothing, or a refusal
        self._rest = 0
        self._cut = float("-inf")  # when the level was last lowered
        self._answers, self._since = 0, 0.0

    def begin(self, now: float) -> None:
        """Count from now on: what was before says nothing about the rate."""
        self._answers, self._since = 0, now

    def answered(self, now: float, wanted: bool) -> None:
        """Count an answer; nothing is learned from it unless the next turn is `wanted`."""
        if not wanted:
            self.begin(now)
            return
        self._answers += 1
        if self._answers < WINDOW * self.level or now <= self._since:
            return
        self._judge(self._answers / (now - self._since))
        self.begin(now)

    def refused(self, began: float, now: float) -> None:
        """Halve, once for all the requests that were under way together."""
        if began < self._cut:
            return
        self.level = max(1, self.level // 2)
        self._cut, self._doubling, self._before, self._rest = now, False, None, 1
        self.begin(now)

    def _judge(self, rate: float) -> None:
        """Take a raise back that brought nothing, else try the next one."""
        if self._before is not None:
            level, earlier = self._before
            if rate < earlier * (1 + GAIN * (self.level / level - 1)):
                self.level, self._before = level, None
                self._doubling, self._rest = False, REST
                return
        if self._rest:
            self._rest -= 1
        elif self.level < self._most:
            self._before = (self.level, rate)
            self.level = min(self._most, self.level * 2 if self._doubling else self.level + 1)
        else:
            self._before = None
