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
    found = spent(entries)
    data = {kind: [e.data for e in entries if e.kind == kind] for kind in _COUNTED}
    usages = [Usage.model_validate(call["usage"]) for call in data["model_called"]]
    active, model, measuring = _spans(entries)
    asked = _length(_within(model, active))
    ends = data["campaign_closed"]
    return Cost(
        rounds=found.rounds,
        proposed=len(data["hypothesis_proposed"]),
        tested=len({sealed["protocol"]["hypothesis"] for sealed in data["protocol_sealed"]}),
        verdicts=dict(
            Counter(str(f["finding"]["judgement"]["verdict"]) for f in data["finding_recorded"])
        ),
        calls=len(usages),
        usage=Usage(
            prompt=sum(usage.prompt for usage in usages),
            cached=sum(usage.cached for usage in usages),
            completion=sum(usage.completion for usage in usages),
        ),
        trials=found.trials,
        grown_bytes=ends[-1].get("grown_bytes") if ends else None,
        seconds=round(found.seconds, 3),
        model_seconds=round(asked, 3),
        experiment_seconds=round(_length(_within([*model, *measuring], active)) - asked, 3),
    )


_COUNTED = (
    *("hypothesis_proposed", "protocol_sealed", "finding_recorded"),
    *("model_called", "campaign_closed"),
)


def _spans(entries: Sequence[Entry]) -> tuple[list[Span], list[Span], list[Span]]:
    """When the campaign was driven, when the model was asked, and when trials ran."""
    active: list[Span] = []
    model: list[Span] = []
    measuring: list[Span] = []
    started: dict[str, float] = {}
    for entry in entries:
        now = datetime.datetime.fromisoformat(entry.time).timestamp()
        if entry.kind in ("campaign_opened", "campaign_resumed") or not active:
            active.append((now, now))
        active[-1] = (active[-1][0], now)
        if entry.kind == "model_called":
            model.append((now - entry.data["seconds"], now))
        elif entry.kind == "tool_called" and entry.data["tool"] == MEASURING:
            measuring.append((now - entry.data["seconds"], now))
        elif entry.kind == "experiment_started":
            started[entry.data["experiment"]] = now
        elif entry.kind == "experiment_finished":
            began = started[entry.data["experiment"]]
            measuring.append((began, min(now, began + entry.data["seconds"])))
    return active, model, measuring


def _within(spans: Iterable[Span], frames: Iterable[Span]) -> list[Span]:
    """The parts of spans that lie in frames which do not overlap."""
    frames = list(frames)
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
