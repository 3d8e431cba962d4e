"""What a campaign has spent, counted entry by entry, and what it cost in the end.

Trials are counted where they are launched, a run folder once, however often it was taken up
again. Seconds are those in which somebody drove the campaign; while the model is asked
experiments may run, so what is told of them is the time in which they alone were waited for.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scientist.journal.chain import Entry
from scientist.journal.places import Spell
from scientist.journal.store import Journal
from scientist.records import Budget, Usage, Verdict

MEASURING = "launch_experiment"  # the tool through which every trial goes
Span = tuple[float, float]


@dataclass
class Spent:
    """What the entries of a campaign tell of, one after the other; pauses are no time."""

    budget: Budget = field(default_factory=lambda: Budget(rounds=0, minutes=0, tokens=0))
    rounds: int = 0
    tokens: int = 0
    trials: int = 0
    disk_before: int | None = None
    warned: set[str] = field(default_factory=set)
    _past: float = 0.0
    _began: datetime.datetime | None = None
    _last: datetime.datetime | None = None
    _folders: set[str] = field(default_factory=set)
    _runs: dict[str, str] = field(default_factory=dict)
    _running: dict[str, int] = field(default_factory=dict)
    _unconfirmed: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count one more entry."""
        data = entry.data
        now = datetime.datetime.fromisoformat(entry.time)
        if entry.kind in ("campaign_opened", "campaign_resumed"):
            self._past, self._began = self.seconds, now
        self._last = now
        match entry.kind:
            case "campaign_opened":
                self.budget = Budget.model_validate(data["budget"])
                self.disk_before = data.get("disk_bytes")
            case "campaign_resumed" if data.get("budget"):
                before, self.budget = self.budget, Budget.model_validate(data["budget"])
                self.warned = {
                    name for name in self.warned if getattr(before, name) == data["budget"][name]
                }
            case "budget_warned":
                self.warned.add(data["what"])
            case "phase_started":
                self.rounds = max(self.rounds, data["round"])
            case "model_called":
                self.tokens += data["usage"]["prompt"] + data["usage"]["completion"]
            case _:
                self._test(entry.kind, data)

    def _test(self, kind: str, data: dict[str, Any]) -> None:
        """What a test measured, and what it and its confirmation may still measure."""
        match kind:
            case "tool_called" if data["tool"] == MEASURING and data["outcome"] == "done":
                self._launched(str(data["arguments"]["folder"]), data["arguments"].get("trials"))
            case "experiment_started":
                self._runs[data["run_folder"]] = data["protocol_digest"]
            case "protocol_sealed":
                trials = len(data["protocol"]["arms"]) * len(data["protocol"]["seeds"])
                self._running[data["digest"]] = trials
                if first := data["protocol"].get("confirms"):
                    self._unconfirmed.pop(first, None)
                else:
                    self._unconfirmed[data["digest"]] = trials
            case "experiment_finished":
                self._running.pop(data["protocol_digest"], None)
            case "judged" if data["judgement"]["verdict"] != Verdict.SUPPORTED:
                self._unconfirmed.pop(data["protocol_digest"], None)

    def _launched(self, folder: str, trials: int | None) -> None:
        """A run folder is counted once, however often it was taken up again."""
        if trials is None or folder in self._folders:
            return
        self._folders.add(folder)
        self.trials += trials
        digest = self._runs.get(folder.rpartition("-")[0], "")
        if digest in self._running:
            self._running[digest] -= trials

    @property
    def seconds(self) -> float:
        """Active seconds up to the last entry."""
        if self._began is None or self._last is None:
            return self._past
        return self._past + (self._last - self._began).total_seconds()

    @property
    def seconds_by_now(self) -> float:
        """Active seconds if the campaign has been driven since it was last taken up."""
        if self._began is None:
            return self._past
        since = (datetime.datetime.now(datetime.UTC) - self._began).total_seconds()
        return max(self.seconds, self._past + since)

    @property
    def promised(self) -> int:
        """Trials that sealed tests and their confirmations may still measure."""
        return sum(self._running.values()) + sum(self._unconfirmed.values())


def spent(entries: Iterable[Entry]) -> Spent:
    """What a campaign has spent by its entries."""
    found = Spent()
    for entry in entries:
        found.add(entry)
    return found


@dataclass(frozen=True)
class Cost:
    """What a campaign took and what came of it."""

    rounds: int
    proposed: int
    tested: int
    verdicts: dict[str, int]
    calls: int
    usage: Usage
    trials: int
    grown_bytes: int | None  # None as long as it goes on
    seconds: float
    model_seconds: float
    experiment_seconds: float  # in which no model was asked

    @property
    def cached_share(self) -> float | None:
        """The share of prompt tokens that the server had ready; None if none were read."""
        return self.usage.cached / self.usage.prompt if self.usage.prompt else None

    @property
    def rest_seconds(self) -> float:
        """Seconds outside model calls and experiments."""
        return max(0.0, self.seconds - self.model_seconds - self.experiment_seconds)

    def plain(self) -> dict[str, Any]:
        """Everything, for JSON."""
        share = self.cached_share
        return {
            **asdict(self),
            "usage": self.usage.model_dump(),
            "cached_share": None if share is None else round(share, 4),
            "rest_seconds": round(self.rest_seconds, 3),
        }


def cost(journal: Journal, campaign: str) -> Cost:
    """What a campaign took, up to its last entry."""
    return cost_of(list(journal.entries(campaign=campaign)))


def cost_of(entries: Sequence[Entry]) -> Cost:
    """What the entries of a campaign tell that it took."""
    tally, active = Tally(), list[Span]()
    for entry in entries:
        tally.add(entry)
        if entry.kind in ("campaign_opened", "campaign_resumed") or not active:
            active.append((_moment(entry.time), 0.0))
        active[-1] = (active[-1][0], _moment(entry.time))
    return tally.cost(spent(entries).seconds, active)


@dataclass
class Tally:
    """What the entries of a campaign add up to; all but those of `TOLD` may be left out."""

    spent: Spent = field(default_factory=Spent)
    counts: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    _prompt: int = 0
    _cached: int = 0
    _completion: int = 0
    _tested: set[str] = field(default_factory=set)
    _grown: int | None = None
    _model: list[Span] = field(default_factory=list)
    _measuring: list[Span] = field(default_factory=list)
    _started: dict[str, float] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count one more entry."""
        data = entry.data
        self.spent.add(entry)
        self.counts[entry.kind] += 1
        match entry.kind:
            case "model_called":
                usage = Usage.model_validate(data["usage"])
                self._prompt += usage.prompt
                self._cached += usage.cached
                self._completion += usage.completion
                self._took(self._model, entry)
            case "tool_called" if data["tool"] == MEASURING:
                self._took(self._measuring, entry)
            case "experiment_started":
                self._started[data["experiment"]] = _moment(entry.time)
            case "experiment_finished":
                began = self._started[data["experiment"]]
                self._measuring.append((began, min(_moment(entry.time), began + data["seconds"])))
            case "protocol_sealed":
                self._tested.add(data["protocol"]["hypothesis"])
            case "finding_recorded":
                self.verdicts[str(data["finding"]["judgement"]["verdict"])] += 1
            case "campaign_closed":
                self._grown = data.get("grown_bytes")

    @staticmethod
    def _took(spans: list[Span], entry: Entry) -> None:
        now = _moment(entry.time)
        spans.append((now - entry.data["seconds"], now))

    def cost(self, seconds: float, active: Sequence[Span]) -> Cost:
        """What the campaign took that was driven for so long, at these times."""
        asked = _length(_within(self._model, active))
        waited = _length(_within([*self._model, *self._measuring], active))
        return Cost(
            rounds=self.spent.rounds,
            proposed=self.counts["hypothesis_proposed"],
            tested=len(self._tested),
            verdicts=dict(self.verdicts),
            calls=self.counts["model_called"],
            usage=Usage(prompt=self._prompt, cached=self._cached, completion=self._completion),
            trials=self.spent.trials,
            grown_bytes=self._grown,
            seconds=round(seconds, 3),
            model_seconds=round(asked, 3),
            experiment_seconds=round(waited - asked, 3),
        )

    def cost_over(self, spells: Sequence[Spell]) -> Cost:
        """What it took, by the times in which it was driven."""
        active = [(_moment(one.began), _moment(one.ended)) for one in spells]
        seconds = sum(
            (_parsed(one.ended) - _parsed(one.began)).total_seconds() for one in spells
        )  # as `Spent` adds them up
        return self.cost(seconds, active)


TOLD = (
    *("campaign_opened", "campaign_resumed", "campaign_closed", "budget_warned"),
    *("phase_started", "model_called", "tool_called", "hypothesis_proposed"),
    *("protocol_sealed", "experiment_started", "experiment_finished", "judged"),
    "finding_recorded",
)


def _parsed(time: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(time)


def _moment(time: str) -> float:
    return _parsed(time).timestamp()


def _within(spans: Iterable[Span], frames: Sequence[Span]) -> list[Span]:
    """The parts of spans that lie in frames which do not overlap."""
    return [
        (max(begin, start), min(end, stop))
        for begin, end in spans
        for start, stop in frames
        if min(end, stop) > max(begin, start)
    ]


def _length(spans: Iterable[Span]) -> float:
    """How long spans are together, what they share counted once."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
